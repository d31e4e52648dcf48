"""The auditor: works out from the files what must have been posted, row by row, and shares no code with the product.

It knows what was agreed, as figures; of the product it reads the posted lines and the journal, with plain SQL.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from io import StringIO

import psycopg

CENT = Decimal("0.01")
LAWS = {"45A04": "Jeugdwet", "44A09": "Jeugdwet", "02A16": "Wmo"}
PROVIDERS = ("41000001", "41000002", "41000003")
MUNICIPALITIES = ("GM0502", "GM0597")

# Per provider the contract, the products it is about, and whether these are paid.
AGREED = {
    "41000001": ("A", ("45A04",), "shadow"),
    "41000002": ("B", ("45A04", "44A09", "02A16"), "payable"),
    "41000003": ("C", ("45A04", "02A16"), "payable"),
}
PER_INHABITANT = Decimal("117.35")
DEAD_BAND = Fraction(1, 100)

# contract, municipality, month, product or 'instalment', payable or shadow
Where = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Journal:
    """What the journal of one run says about one contract."""

    cost: Decimal
    payable: Decimal
    advance: Decimal


def entitled(known: Mapping[str, list[str]], month: str, *, posts_monthly: bool = True) -> dict[Where, Decimal]:
    """What every contract is entitled to up to a month, by what is known; nil is left out.

    `posts_monthly`: each month was posted before the files of the next one came.
    """
    amounts: dict[Where, Decimal] = defaultdict(Decimal)
    prices = rows_of(known["prices"])
    minutes: dict[tuple[str, ...], int] = defaultdict(int)
    for row in counting(known["deliveries"], posts_monthly=posts_monthly):
        contract, products, treatment = AGREED[row["provider"]]
        product, of_month = row["product"], row["start"][:7]
        if product not in products:
            continue
        where = (contract, row["municipality"], of_month, product, treatment)
        price = price_on(prices, product, row["start"])
        if product == "45A04":
            amounts[where] += (price * int(row["quantity"]) / 60).quantize(CENT, ROUND_HALF_UP)
        elif product == "44A09":
            amounts[where] += (price * int(row["quantity"])).quantize(CENT, ROUND_HALF_UP)
        else:
            minutes[(*where, row["client"], str(price))] += int(row["quantity"])
    for (*of_group, _, price), total in minutes.items():
        hours, rest = divmod(total, 60)
        hours = max(1, hours + (rest >= 30))
        amounts[Where(of_group)] += (Decimal(price) * hours).quantize(CENT, ROUND_HALF_UP)
    for of_month in (f"2026-{number:02}" for number in range(1, int(month[5:]) + 1)):
        amounts["A", "GM0502", of_month, "instalment", "payable"] += instalment(rows_of(known["counts"]))
    return {where: amount for where, amount in amounts.items() if amount}


def counting(files: Iterable[str], *, posts_monthly: bool) -> list[dict[str, str]]:
    """The debits that count: read well, contradicted by nothing before they were posted, and not credited.

    Of every month there are two files.
    """
    received: dict[tuple[str, ...], dict[str, str]] = {}
    contradicted = set()
    credits = []
    posted: dict[tuple[str, ...], dict[str, str]] = {}
    for number, content in enumerate(files):
        if posts_monthly and number and number % 2 == 0:
            posted = {key: row for key, row in received.items() if key not in contradicted and is_settled(row, number)}
        for row in rows_of([content]):
            if not is_valid(row):
                continue
            key = (row["municipality"], row["provider"], LAWS[row["product"]], row["reference"])
            if posted.get(key, row) != row:
                continue
            if received.setdefault(key, row) != row:
                contradicted.add(key)
            if row["d/c"] == "C":
                credits.append((key, row))
    credited = set()
    for key, credit in credits:
        of = (*key[:3], credit["previous"])
        debit = received.get(of)
        if debit and not {key, of} & contradicted and debit["d/c"] == "D":
            same = ("municipality", "provider", "client", "product", "start", "end", "quantity")
            if all(debit[name] == credit[name] for name in same):
                credited.add(of)
    return [
        row for key, row in received.items() if row["d/c"] == "D" and key not in contradicted and key not in credited
    ]


def is_settled(row: Mapping[str, str], files: int) -> bool:
    """Whether a contract pays or counts a debit in the month of which these files are the last."""
    agreed = row["product"] in AGREED[row["provider"]][1]
    return agreed and row["d/c"] == "D" and row["start"][:7] <= f"2026-{files // 2:02}"


def is_valid(row: Mapping[str, str]) -> bool:
    try:
        date.fromisoformat(row["start"])
        date.fromisoformat(row["end"])
    except ValueError:
        return False
    known = row["product"] in LAWS and row["provider"] in PROVIDERS and row["municipality"] in MUNICIPALITIES
    return known and int(row["quantity"]) > 0


def price_on(prices: Iterable[Mapping[str, str]], product: str, day: str) -> Decimal:
    [price] = [
        row["prijs"]
        for row in prices
        if row["product"] == product and row["vanaf"] <= day and (not row["tot"] or day < row["tot"])
    ]
    return Decimal(price.replace(",", "."))


def instalment(counts: Sequence[Mapping[str, str]]) -> Decimal:
    persons = {row["status"]: int(row["count"]) for row in counts}
    budget = PER_INHABITANT * persons["provisional"]
    if "final" in persons:
        growth = Fraction(persons["final"], persons["provisional"]) - 1
        factor = 1 + (growth - DEAD_BAND if growth > DEAD_BAND else 0)
        exact = Fraction(budget) * factor
        budget = (Decimal(exact.numerator) / exact.denominator).quantize(CENT, ROUND_HALF_UP)
    return (budget / 12).quantize(CENT, ROUND_DOWN)


def rows_of(files: Iterable[str]) -> list[dict[str, str]]:
    return [row for content in files for row in csv.DictReader(StringIO(content), delimiter=";")]


def journals(
    known: Sequence[tuple[str, Mapping[str, list[str]]]], *, posts_monthly: bool = True
) -> dict[tuple[int, str], Journal]:
    """What the journal must say of every run and contract, by month and what was known when it was settled."""
    said: dict[tuple[int, str], Journal] = {}
    before: dict[Where, Decimal] = {}
    outstanding = {
        row["contract"]: Decimal(row["amount"].replace(",", ".")) for row in rows_of(known[0][1]["advances"])
    }
    for run, (month, files) in enumerate(known, start=1):
        now = entitled(files, month, posts_monthly=posts_monthly)
        for contract in "ABC":
            cost = sum((_paid(now, contract), -_paid(before, contract)), Decimal())
            left = outstanding.get(contract, Decimal())
            used = left if contract == "B" else min(left, max(cost, Decimal()))
            outstanding[contract] = left - used
            said[run, contract] = Journal(cost, used - cost, -used)
        before = now
    return said


def _paid(amounts: Mapping[Where, Decimal], contract: str) -> Decimal:
    return sum(
        (amount for where, amount in amounts.items() if (where[0], where[4]) == (contract, "payable")), Decimal()
    )


# --- what the product says --------------------------------------------------------------------------------------------


def posted(connection: psycopg.Connection[tuple[object, ...]], through_run: int) -> dict[Where, Decimal]:
    """What all posted runs up to one say together; nil is left out."""
    rows = connection.execute(
        """
        SELECT n.number, m.code, to_char(l.service_month, 'YYYY-MM'), l.label, l.treatment, sum(l.amount_eur)
        FROM run_lines l JOIN runs r ON r.id = l.run_id
        JOIN contracts n ON n.id = l.contract_id JOIN municipalities m ON m.id = l.municipality_id
        WHERE r.state = 'posted' AND r.id <= %s GROUP BY 1, 2, 3, 4, 5
        """,
        (through_run,),
    ).fetchall()
    return {row[:5]: row[5] for row in rows if row[5]}  # type: ignore[misc]


def booked(connection: psycopg.Connection[tuple[object, ...]]) -> dict[tuple[int, str], Journal]:
    """What the journal says of every run and contract."""
    rows = connection.execute(
        """
        SELECT e.run_id, n.number,
            coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'cost'), 0),
            coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'payable'), 0),
            coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'advance'), 0)
        FROM journal_entries e JOIN journal_lines l ON l.entry = e.entry JOIN contracts n ON n.id = e.contract_id
        GROUP BY 1, 2
        """
    ).fetchall()
    return {(run, contract): Journal(*amounts) for run, contract, *amounts in rows}  # type: ignore[arg-type, misc]
