"""One contract that mixes five kinds of funding and four modifiers, settled over a year.

Deliveries come late, are credited, and the population is counted again; what the months say adds up to one run over the
year, and to what the contract yields on the same facts written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from contracts.documents import contract_of, parse
from contracts.facts import FactsPart
from importers.facts.assignments import ASSIGNMENTS
from importers.facts.importing import import_facts
from importers.facts.kind import FactKind
from importers.facts.outcomes import OUTCOMES
from importers.facts.trajectories import TRAJECTORIES
from kernel.money import Eur, total
from settlement.entitlement import Treatment
from settlement.reading import Run
from settlement.simulation import simulate
from settlement.statements.export import export_statements
from tests.settlement.books import CARE, WHO, Books, delivery, to_date

CONTRACT = f"""contract = "MIX"
title = "Vijf soorten en vier regels"
provider = "{CARE}"
municipalities = ["GM0502", "GM0597"]
laws = ["Jeugdwet", "Wmo"]
in_force = {{ from = 2025-01-01, until = 2026-01-01 }}

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 2"
task_field = "6.23"
municipality = "GM0502"
amount_per_inhabitant_eur = "31.07"
count_date = 2025-01-01
recount = {{ dead_band_percent = "1" }}
covers = ["44A09"]

[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 3"
products = ["45A04"]
adjustments = [{{ label = "avond", percent = "3.5" }}]

[[component]]
key = "traject"
kind = "output"
clause = "artikel 4"
[component.trajectories]
products = ["50T01"]
instalments = [{{ on = "start", percent = "70" }}, {{ on = "end", percent = "30" }}]
early_stop = "pro_rata"

[[component]]
key = "plan"
kind = "arrangement"
clause = "artikel 5"
prices = [{{ profile = "3", intensity = "zwaar", product = "54A07" }}]
partial_month = "days"
funding_sources = [
    {{ law = "Jeugdwet", percent = "65", task_field = "6.751" }},
    {{ law = "Wmo", percent = "35", task_field = "6.712" }},
]

[[component]]
key = "preventie"
kind = "lump_sum"
clause = "artikel 6"
task_field = "6.23"
municipality = "GM0597"
amount_eur = "25000.01"

[[component]]
key = "plafond"
kind = "ceiling"
clause = "artikel 7"
applies_to = ["ambulant", "traject"]
amount_eur = "24000.00"
soft_band_percent = "5"
soft_band_rate = "0.60"

[[component]]
key = "korting"
kind = "reduction"
clause = "artikel 8"
applies_to = ["ambulant", "plan", "plafond"]
percent = "2.5"
from = "2025-04"
until = "2025-10"

[[component]]
key = "bonus"
kind = "outcome"
clause = "artikel 9"
task_field = "6.23"
budget = {{ of = ["wijkteam"] }}
at_stake_percent = "2"
indicators = [{{ name = "wachttijd", weight = "0.6" }}, {{ name = "tevredenheid", weight = "0.4" }}]

[[component]]
key = "bandbreedte"
kind = "risk_sharing"
clause = "artikel 10"
task_field = "6.23"
budget = {{ of = ["wijkteam"] }}
cost = {{ of = ["wijkteam"] }}
[component.both]
bands = [{{ up_to_percent = "5", share = "0" }}, {{ share = "0.50" }}]
"""
PRODUCTS = (
    "Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;2025-01-01;",
    "Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.762;2025-01-01;",
    "Jeugdwet;50;50T01;Traject;stuk;stuk;regel;tweede;lokaal;6.751;2025-01-01;",
    "Jeugdwet;54;54A07;Plan;stuk;stuk;regel;tweede;lokaal;6.751;2025-01-01;",
)
PRICES = (
    "45A04;2025-01-01;2025-07-01;61,75",
    "45A04;2025-07-01;;63,21",
    "44A09;2025-01-01;;212,35",
    "50T01;2025-01-01;;9875,55",
    "54A07;2025-01-01;;1249,99",
)
ASSIGNMENT = "gemeente;toewijzing;aanbieder;product;cliënt;vanaf;tot en met"
TRAJECTORY = "gemeente;traject;aanbieder;product;cliënt;vanaf;tot en met;gedaan;resultaat"
SCORE = "contract;indicator;vanaf;tot;status;score"


def ambulant(month: int, minutes: int, municipality: str, client: str) -> str:
    day = f"2025-{month:02}-{3 + month:02}"
    reference = f"a{month}-{municipality}-{client}"
    return delivery(reference, "45A04", day, minutes, client=client, municipality=municipality)


def stay(month: int, days: int) -> str:
    return delivery(f"s{month}", "44A09", f"2025-{month:02}-01", days, end=f"2025-{month:02}-{days:02}")


# What comes in during a month, before it is settled; what is late belongs to an earlier month.
DELIVERIES: Mapping[int, Sequence[str]] = {
    month: [
        ambulant(month, 613 + 37 * month, "GM0502", "c1"),
        ambulant(month, 407 + 11 * month, "GM0597", "c2"),
        stay(month, 20 + month % 5),
        *([ambulant(month - 2, 95, "GM0502", "late")] if month in (5, 9) else ()),
        *([delivery("back", "45A04", "2025-02-05", 687, client="c1", credits="a2-GM0502-c1")] if month == 6 else ()),
    ]
    for month in range(1, 13)
}
ASSIGNMENTS_IN = {
    2: ["GM0502;p1;41000002;54A07;k1;2025-02-10;", "GM0597;p2;41000002;54A07;k2;2025-01-20;2025-06-12"],
    8: ["GM0502;p1;41000002;54A07;k1;2025-02-10;2025-08-19"],
}
TRAJECTORIES_IN = {
    3: ["GM0502;t1;41000002;50T01;k3;2025-03-02;;;nee"],
    5: ["GM0597;t2;41000002;50T01;k4;2025-04-28;;;nee"],
    9: [
        "GM0502;t1;41000002;50T01;k3;2025-03-02;2025-08-30;;ja",
        "GM0597;t2;41000002;50T01;k4;2025-04-28;2025-08-11;40;nee",
    ],
}
COUNTS_IN = {1: (10_007, "provisional"), 7: (10_251, "final")}
SCORES_IN = {
    12: ["MIX;wachttijd;2025-01-01;2026-01-01;final;0,5", "MIX;tevredenheid;2025-01-01;2026-01-01;final;-0,25"]
}


def take(books: Books, kind: FactKind[object], header: str, rows: Sequence[str]) -> None:
    if rows:
        with books.transaction() as connection:
            import_facts(connection, kind, books.table(header, rows), Path(books.folder) / "config", WHO)  # type: ignore[arg-type]


def come_in(books: Books, month: int) -> None:
    """All that comes in during a month."""
    books.deliver(*DELIVERIES[month])
    take(books, ASSIGNMENTS, ASSIGNMENT, ASSIGNMENTS_IN.get(month, ()))  # type: ignore[arg-type]
    take(books, TRAJECTORIES, TRAJECTORY, TRAJECTORIES_IN.get(month, ()))  # type: ignore[arg-type]
    take(books, OUTCOMES, SCORE, SCORES_IN.get(month, ()))  # type: ignore[arg-type]
    if month in COUNTS_IN:
        books.count(*COUNTS_IN[month], day="2025-01-01")


def opened(books: Books) -> Books:
    books.open(products=PRODUCTS)
    books.prices(*PRICES)
    books.contracts(CONTRACT)
    return books


def settled_by_month(books: Books) -> list[Run]:
    done = []
    for month in range(1, 13):
        come_in(books, month)
        done.append(books.month(f"2025-{month:02}"))
    return done


BY_HAND = """through = "2025-12"
counts = [
    ["GM0502", "inhabitants", 2025-01-01, "provisional", 10007],
    ["GM0502", "inhabitants", 2025-01-01, "final", 10251],
]
products.45A04 = { unit = "minute", price_per = "hour" }
products.44A09 = { unit = "day", price_per = "day" }
figures = { wachttijd = "0.5", tevredenheid = "-0.25" }
assignments = [
    { product = "54A07", client = "k1", start = 2025-02-10, end = 2025-08-19, municipality = "GM0502" },
    { product = "54A07", client = "k2", start = 2025-01-20, end = 2025-06-12, municipality = "GM0597" },
]

[[trajectories]]
product = "50T01"
client = "k3"
start = 2025-03-02
end = 2025-08-30
result = true

[[trajectories]]
product = "50T01"
client = "k4"
start = 2025-04-28
end = 2025-08-11
done_percent = "40"
municipality = "GM0597"
"""


def by_hand() -> FactsPart:
    """The same facts as they would stand in a document: what was credited is left out."""
    facts = parse(BY_HAND)
    facts["prices"] = [
        [product, date.fromisoformat(start), date.fromisoformat(until) if until else "open", price.replace(",", ".")]
        for product, start, until, price in (row.split(";") for row in PRICES)
    ]
    facts["deliveries"] = [
        {
            "product": product,
            "client": client,
            "start": date.fromisoformat(start),
            "end": date.fromisoformat(end),
            "quantity": int(quantity),
            "municipality": municipality,
        }
        for reference, municipality, _, client, product, start, end, quantity, *_ in (
            row.split(";") for month in range(1, 13) for row in DELIVERIES[month]
        )
        if reference not in ("a2-GM0502-c1", "back")
    ]
    return FactsPart.model_validate(facts)


@pytest.fixture
def months(books: Books) -> list[Run]:
    return settled_by_month(opened(books))


def test_the_months_of_a_mixed_contract_add_up_to_the_year_and_to_the_same_facts_by_hand(
    books: Books, months: list[Run], tmp_path: Path
) -> None:
    assert not any(contract.parked for run in months for contract in run.contracts)
    by_month = to_date(months)
    labels = {key[4].split(" ")[0] for key in by_month}
    assert {
        "instalment",
        "45A04",
        "44A09",
        "plan",
        "ceiling",
        "unfunded",
        "reduction",
        "outcome",
        "risk_sharing",
    } <= labels
    # Who pays the budget of the area team shares in what is settled on it, and no other.
    assert {key[2] for key in by_month if key[1] in ("bonus", "bandbreedte")} == {"GM0502"}
    under_ceiling = ("ambulant", "traject", "plafond")
    paid = total(amount for key, amount in by_month.items() if key[1] in under_ceiling and key[5] == Treatment.PAYABLE)
    assert paid <= Eur("24720.00")  # 24.000,00 and 60% of the soft band of 1.200,00
    with books.transaction() as connection:
        for run in months:
            export_statements(connection, run.id, tmp_path / str(run.id))
    books.forget()
    opened(books)
    for month in range(1, 13):
        come_in(books, month)
    year = to_date([books.month("2025-12")])
    assert year == by_month
    entitlements, findings = simulate(contract_of(CONTRACT), by_hand())
    assert [finding for finding in findings if finding.code not in ("F05",)] == []
    hand: dict[tuple[str, ...], list[Eur]] = {}
    for one in entitlements:
        key = one.key
        where = ("MIX", key.component, key.municipality, str(key.month), key.label, str(key.treatment))
        hand.setdefault(where, []).append(one.amount)
    assert {where: total(parts) for where, parts in hand.items() if total(parts)} == by_month
