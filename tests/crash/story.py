"""A story to be disturbed: the files of three months, and the commands that settle them.

In the files is what goes wrong in real ones: late rows, credits that come before their debit, rows that come twice,
that contradict each other, that cannot be read. What they come to, `auditor` works out for itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from tests.settlement.books import (
    CARE,
    DELIVERIES_HEADER,
    MUNICIPALITY,
    OTHER,
    PARTIES,
    PRODUCTS,
    PRODUCTS_HEADER,
    TEAM,
    effort_contract,
    population_contract,
)

MONTHS = ("2026-01", "2026-02", "2026-03")
OTHER_MUNICIPALITY = "GM0597"
_ROWS = 60
_UNKNOWN = "99X99"

_POPULATION = """amount_per_inhabitant_eur = "117.35"
count_date = 2026-01-01
recount = { dead_band_percent = "1" }"""

# Products, and what is agreed; of the contracts the auditor holds the figures that matter to an amount.
REGISTER = {
    "partijen.csv": PARTIES,
    "producten.csv": "\n".join((PRODUCTS_HEADER, *PRODUCTS, "")),
    "A.toml": population_contract(base=_POPULATION),
    "B.toml": effort_contract(municipalities=(MUNICIPALITY, OTHER_MUNICIPALITY)),
    "C.toml": effort_contract(
        "C",
        provider=OTHER,
        products=("45A04", "02A16"),
        set_off="up_to_payable",
        municipalities=(MUNICIPALITY, OTHER_MUNICIPALITY),
    ),
}

_PRICES = """product;vanaf;tot;prijs
45A04;2025-01-01;2026-01-01;58,03
45A04;2026-01-01;;60,07
44A09;2026-01-01;;212,35
02A16;2026-01-01;;58,41
"""
# In March the prices of February turn out to be others.
_PRICES_OF_MARCH = """product;vanaf;tot;prijs
45A04;2025-01-01;2026-01-01;58,03
45A04;2026-01-01;2026-02-01;60,07
45A04;2026-02-01;;61,79
44A09;2026-01-01;;212,35
02A16;2026-01-01;2026-02-01;58,41
02A16;2026-02-01;;57,93
"""
_COUNTS = "area;measure;date;count;status\nGM0502;inhabitants;2026-01-01;10007;provisional\n"
_RECOUNT = "area;measure;date;count;status\nGM0502;inhabitants;2026-01-01;10211;final\n"
_ADVANCES = "contract;date;amount;reference\nB;2026-01-10;8000,00;V1\nC;2026-01-12;9999,99;V1\n"


@dataclass(frozen=True, slots=True)
class Step:
    """A command. `done` is a query whether it was done, for one that must not or cannot be done twice."""

    name: str
    arguments: tuple[str, ...]
    done: str = ""
    only_once: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    reference: str
    municipality: str
    provider: str
    client: str
    product: str
    start: date
    days: int
    quantity: int
    credits: str = ""
    claimed: str = ""

    def text(self) -> str:
        last = self.start + timedelta(days=self.days - 1)
        kind = "C" if self.credits else "D"
        cells = (self.reference, self.municipality, self.provider, self.client, self.product, self.start, last)
        return ";".join(map(str, (*cells, self.quantity, kind, self.credits, "", self.claimed)))


@cache
def delivery_files() -> Mapping[str, str]:
    """Two files for every month, by name: always the same ones."""
    chance = random.Random(7)
    sent: list[_Row] = []
    promised: list[_Row] = []
    files: dict[str, str] = {}
    for number, month in enumerate(MONTHS):
        for part in ("a", "b"):
            lines = list(_lines(chance, f"{number}{part}", date.fromisoformat(f"{month}-01"), sent, promised))
            files[f"leveringen-{month}-{part}.csv"] = "\n".join((DELIVERIES_HEADER, *lines, ""))
    return files


def _lines(chance: random.Random, name: str, month: date, sent: list[_Row], promised: list[_Row]) -> Iterator[str]:
    """The rows of one file. A debit that was promised is one whose credit was sent before it."""
    for debit in promised:
        sent.append(debit)
        yield debit.text()
    promised.clear()
    contradictions = 0
    for number in range(_ROWS):
        row = _debit(chance, f"r{name}{number}", month)
        match chance.random():
            case draw if draw < 0.10 and sent:  # a credit, also of what was credited before
                other = chance.choice(sent)
                row = replace(other, reference=row.reference, credits=other.reference, claimed="")
            case draw if draw < 0.13:  # a credit of what is still to come
                promised.append(replace(row, reference=f"{row.reference}-later"))
                row = replace(row, credits=f"{row.reference}-later")
            case draw if draw < 0.17 and sent:  # a row that was sent before
                row = chance.choice(sent)
            case draw if draw < 0.20 and sent and contradictions < 4:
                contradictions += 1
                other = chance.choice(sent)
                row = replace(other, quantity=other.quantity + 1)
            case draw if draw < 0.22 and sent:  # a credit that is no copy
                other = chance.choice(sent)
                row = replace(other, reference=row.reference, quantity=other.quantity + 1, credits=other.reference)
            case draw if draw < 0.25:
                row = replace(row, product=_UNKNOWN)
            case draw if draw < 0.27:
                row = replace(row, quantity=0)
            case draw if draw < 0.29:
                yield row.text().replace(str(row.start), f"{month:%Y-%m}-32", 1)
                continue
            case _:
                sent.append(row)
        yield row.text()


def _debit(chance: random.Random, reference: str, month: date) -> _Row:
    provider = chance.choice((TEAM, CARE, CARE, OTHER, OTHER))
    product = "45A04" if provider == TEAM else chance.choice(("45A04", "44A09", "02A16", "02A16"))
    start = month + timedelta(days=chance.randrange(25))
    if chance.random() < 0.2 and (month > date(2026, 1, 31) or (product == "45A04" and provider != TEAM)):
        start -= timedelta(days=start.day + chance.randrange(20))  # late: of the month before
    days = chance.randint(1, 3) if product == "44A09" and start.day < 26 else 1
    return _Row(
        reference,
        MUNICIPALITY if provider == TEAM else chance.choice((MUNICIPALITY, OTHER_MUNICIPALITY)),
        provider,
        f"c{chance.randrange(12)}",
        product,
        start,
        days,
        days if product == "44A09" else chance.randint(1, 400),
        claimed=f"{chance.randrange(1, 500)},{chance.randrange(100):02}" if chance.random() < 0.3 else "",
    )


def files() -> dict[str, str]:
    """Every file of the story by name, in the order in which they come."""
    facts = {
        "prijzen-1.csv": _PRICES,
        "prijzen-2.csv": _PRICES_OF_MARCH,
        "telling-1.csv": _COUNTS,
        "telling-2.csv": _RECOUNT,
        "voorschotten.csv": _ADVANCES,
    }
    return {**REGISTER, **facts, **delivery_files()}


def write_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in files().items():
        (folder / name).write_text(content, encoding="utf-8")


def known_at(month: str) -> Mapping[str, list[str]]:
    """The contents of the files that are known when a month is settled, by what they hold."""
    all_files = files()
    late = month == MONTHS[-1]
    return {
        "prices": [all_files["prijzen-2.csv" if late else "prijzen-1.csv"]],
        "counts": [all_files["telling-1.csv"], *([all_files["telling-2.csv"]] if late else [])],
        "advances": [all_files["voorschotten.csv"]],
        "deliveries": [text for name, text in delivery_files().items() if name[11:18] <= month],
    }


def register_steps(folder: Path) -> list[Step]:
    """What is recorded before the first delivery."""
    return [
        Step("parties", ("contract", "parties", f"{folder}/partijen.csv")),
        Step("products", ("tariff", "products", f"{folder}/producten.csv")),
        Step("contracts", ("contract", "add", *(f"{folder}/{name}.toml" for name in "ABC"))),
        Step("prices", ("tariff", "import", f"{folder}/prijzen-1.csv")),
        Step("population", ("import", "population", f"{folder}/telling-1.csv")),
        Step("advances", ("import", "advances", f"{folder}/voorschotten.csv")),
    ]


def month_steps(month: str, folder: Path, out: Path) -> list[Step]:
    """A month from its files to its papers. Months are settled in order, so the run of a month has its number."""
    run = str(MONTHS.index(month) + 1)
    state = f"SELECT EXISTS (SELECT FROM runs WHERE id = {run} AND state = ANY('{{%s}}'))"
    late = [
        Step("prices", ("tariff", "import", f"{folder}/prijzen-2.csv")),
        Step("population", ("import", "population", f"{folder}/telling-2.csv")),
    ]
    deliveries = [
        Step(
            f"deliveries-{part}",
            ("import", "deliveries", f"{folder}/leveringen-{month}-{part}.csv", "--rejected", f"{out}/geweigerd"),
        )
        for part in ("a", "b")
    ]
    return [
        *(late if month == MONTHS[-1] else []),
        *deliveries,
        Step("run", ("settle", "run", "--period", month), state % "draft,approved,posted", only_once=True),
        Step("approve", ("settle", "approve", run), state % "approved,posted"),
        Step("post", ("settle", "post", run), state % "posted"),
        Step("statements", ("statement", "export", run, "--out", f"{out}/afrekeningen")),
        Step("ledger", ("ledger", "export", "--all", "--out", f"{out}/journaal.csv", "--replace")),
        Step("backup", ("db", "backup", f"{out}/reservekopie.zip", "--replace")),
    ]
