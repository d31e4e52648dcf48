"""Make the delivery files of the example region: one per provider and month, as providers send them.

    python generate.py --out deliveries [--rows 120000] [--seed 2026]

The same seed and number of rows give the same bytes on every platform and Python version: chance comes from
`random.Random(seed).random()` alone, the one method whose sequence Python promises to keep. No person stands behind a
row; the client numbers are test numbers that begin with 9999.

Besides the rows of the month the files hold what real files hold: late rows, rows of last year, full credits with and
without a replacement, rows sent twice, credits that come before their debit, and a small share of errors. What was put
where is listed in `anomalies.csv`, so that the findings of an import can be laid beside it.
"""

import argparse
import calendar
import csv
import itertools
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

HERE = Path(__file__).parent
MONTHS = ((2026, 1), (2026, 2), (2026, 3))
HOLIDAY = (date(2026, 2, 16), date(2026, 2, 20))
NEW_YEAR = date(2026, 1, 1)

LATE_SHARE = 0.04
LATE_BY_TWO_MONTHS = 0.2  # of the late rows
CREDIT_FIRST_SHARE = 0.05  # of the late rows: their credit arrives a month before them
CREDITED_SHARE = 0.015  # of the rows of the month before
REPLACED_SHARE = 0.7  # of the credits
REPEATED_SHARE = 0.003
CASE_ENDS = 0.05  # of the cases, each month
ABSENCE = 0.1
ERRORS_PER_10000_ROWS = 4  # of each kind

REGION = (
    "GM0489", "GM0502", "GM0542", "GM0556", "GM0597", "GM0599", "GM0606",
    "GM0613", "GM0622", "GM1621", "GM1924", "GM1930", "GM1992",
)  # fmt: skip
DISSOLVED = ("GM0501", "GM0530", "GM0614")  # Brielle, Hellevoetsluis and Westvoorne, Voorne aan Zee since 2023


class Chance:
    """Draws from one seeded sequence."""

    def __init__(self, seed: int) -> None:
        self.position = random.Random(seed).random

    def happens(self, probability: float) -> bool:
        return self.position() < probability

    def below(self, limit: int) -> int:
        return int(self.position() * limit)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result


class Row(NamedTuple):
    """A row of a delivery file. `end` is the last day, as text when no such day exists."""

    reference: str
    municipality: str
    provider: str
    client: str
    product: str
    start: date
    end: date | str
    quantity: int
    unit: str
    debit_credit: str
    previous: str
    assignment: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Case:
    """Care for one client: who, where, and how often and how much as a rule."""

    client: str
    municipality: str
    assignment: str
    weekday: int
    usual: int


@dataclass(frozen=True, slots=True)
class Shape:
    """How a provider's software writes a delivery file: the headers in their order, and the notation."""

    headers: tuple[tuple[str, str], ...]  # (field of Row, header)
    delimiter: str
    encoding: str
    newline: str
    dutch: bool
    code_prefix: bool = True  # GM0599, or 0599
    writes_debit: bool = True  # D, or left empty


@dataclass(frozen=True, slots=True)
class Line:
    """A product that a provider delivers: its share of all rows, in per mille, and how it is delivered."""

    product: str
    share: int
    pattern: Callable[[Chance, Case, date, date], Iterator[tuple[date, date, int]]]
    usual: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider, the municipalities and lines it works for, and since when it has its contract."""

    code: str
    mark: str  # how its references begin
    since: int
    municipalities: tuple[str, ...]
    lines: tuple[Line, ...]
    shape: Shape
    began_early: bool = False  # with care before its contract


def visits(chance: Chance, case: Case, first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """A row for each weekly visit, in minutes or hours; some are cancelled, more in the school holiday."""
    day = first + timedelta(days=(case.weekday - first.weekday()) % 7)
    while day <= last:
        away = 0.45 if HOLIDAY[0] <= day <= HOLIDAY[1] else ABSENCE
        if day != NEW_YEAR and not chance.happens(away):
            step = 15 if case.usual >= 60 else 5 if case.usual > 10 else 1
            yield day, day, max(step, case.usual + step * (chance.below(5) - 2))
        day += timedelta(days=7)


def weeks(chance: Chance, case: Case, first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """A row for each week, Monday to Friday and within the month, in day parts: at most two on a day."""
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        start, end = max(first, monday), min(last, monday + timedelta(days=4))
        if start <= end and not chance.happens(ABSENCE):
            yield start, end, min(case.usual, 2 * ((end - start).days + 1))
        monday += timedelta(days=7)


def weekends(chance: Chance, case: Case, first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """A row for each stay: about every other weekend, Friday or Saturday to Sunday, in days."""
    sunday = first + timedelta(days=6 - first.weekday())
    while sunday <= last:
        start = max(first, sunday - timedelta(days=case.usual - 1))
        if chance.happens(0.45):
            yield start, sunday, (sunday - start).days + 1
        sunday += timedelta(days=7)


def whole_months(chance: Chance, case: Case, first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """A row for the days of the month; one in ten begins or ends within it."""
    start, end = first, last
    if chance.happens(0.1):
        middle = first + timedelta(days=5 + chance.below(18))
        start, end = (middle, last) if chance.happens(0.5) else (first, middle)
    yield start, end, (end - start).days + 1


def once(chance: Chance, case: Case, first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """One row for one result, reached in the second half of the month."""
    yield first + timedelta(days=chance.below(10)), last - timedelta(days=chance.below(10)), case.usual


DUTCH = (
    ("reference", "Referentie"), ("municipality", "Gemeente"), ("provider", "Aanbieder"), ("client", "BSN"),
    ("assignment", "Toewijzing"), ("product", "Product"), ("start", "Begindatum"), ("end", "Einddatum"),
    ("quantity", "Aantal"), ("unit", "Eenheid"), ("debit_credit", "DC"), ("previous", "Vorige referentie"),
)  # fmt: skip
ENGLISH = (
    ("provider", "provider"), ("municipality", "municipality"), ("reference", "reference"), ("client", "client"),
    ("product", "product"), ("start", "start"), ("end", "end"), ("quantity", "quantity"), ("unit", "unit"),
    ("debit_credit", "debit_credit"), ("previous", "previous"),
)  # fmt: skip

EXCEL = Shape(DUTCH, ";", "utf-8-sig", "\r\n", dutch=True)
EXCEL_WITH_AMOUNT = Shape((*DUTCH, ("amount_cents", "Bedrag")), ";", "utf-8", "\r\n", dutch=True)
OLD_WINDOWS = Shape(DUTCH, ";", "cp1252", "\r\n", dutch=True, code_prefix=False, writes_debit=False)
ENGLISH_COMMA = Shape(ENGLISH, ",", "utf-8", "\n", dutch=False)
ENGLISH_TAB = Shape(ENGLISH, "\t", "utf-8", "\n", dutch=False, writes_debit=False)
ENGLISH_WITH_AMOUNT = Shape((*ENGLISH, ("amount_cents", "claimed amount")), ",", "utf-8", "\n", dutch=False)

CONTACT = (20, 30, 45, 60)
TREATMENT = (45, 60, 75, 90)
HOUSEHOLD = (90, 120, 150, 180)
GROUP = (1, 1, 1, 2)


def _team(contact: int, support: int, group: int) -> tuple[Line, ...]:
    return (
        Line("45A63", contact, visits, CONTACT),
        Line("02A03", support, visits, CONTACT),
        Line("09A00", group, weeks, GROUP),
    )


PROVIDERS = (
    Provider("41000001", "WK", 2026, ("GM0502",), _team(35, 30, 15), EXCEL),
    Provider("41000002", "Coöp/", 2026, ("GM0606", "GM0622"), _team(50, 40, 20), OLD_WINDOWS),
    Provider("41000003", "BG", 2026, ("GM0599",), _team(70, 50, 20), ENGLISH_COMMA),
    Provider("41000004", "MK-", 2026, ("GM0599",), _team(70, 50, 20), EXCEL),
    Provider(
        "41000005", "ES", 2026, ("GM1930",),
        (
            Line("45A63", 25, visits, CONTACT), Line("02A03", 20, visits, CONTACT),
            Line("45A04", 25, visits, TREATMENT), Line("04A04", 5, weekends, (2, 3)),
        ),
        ENGLISH_TAB,
    ),
    Provider(
        "41000006", "ZR", 2025, REGION,
        (
            Line("45A05", 80, visits, TREATMENT), Line("45A06", 10, visits, (2, 3, 4)),
            Line("45A03", 5, once, (1,)), Line("41A04", 30, weeks, (3, 4, 6, 8)),
        ),
        EXCEL_WITH_AMOUNT,
    ),
    Provider(
        "41000007", "JK.", 2025, REGION,
        (Line("43A07", 10, whole_months, (1,)), Line("44A07", 15, whole_months, (1,))),
        ENGLISH_WITH_AMOUNT,
    ),
    Provider(
        "41000008", "SE", 2026, ("GM0606", "GM0622", "GM0556"),
        (Line("45A04", 50, visits, TREATMENT), Line("44A09", 7, weekends, (2, 3))),
        EXCEL,
        began_early=True,
    ),
    Provider(
        "41000009", "RZ", 2026, ("GM0502", "GM0542", "GM1621"),
        (Line("45A04", 45, visits, TREATMENT), Line("44A09", 6, weekends, (2, 3))),
        ENGLISH_COMMA,
    ),
    Provider("41000010", "TG", 2025, ("GM0599",), (Line("01A04", 80, visits, HOUSEHOLD),), OLD_WINDOWS),
    Provider(
        "41000011", "RD", 2025, ("GM0599", "GM0606", "GM0622", "GM0556"),
        (Line("02A16", 60, visits, TREATMENT), Line("07A03", 50, weeks, (2, 4, 6, 8))),
        EXCEL,
    ),
    Provider(
        "41000012", "LL", 2026, ("GM1992", "GM1924", "GM1930"),
        (Line("01A04", 40, visits, HOUSEHOLD), Line("02A16", 25, visits, TREATMENT)),
        ENGLISH_TAB,
    ),
    Provider(
        "41000013", "WH-", 2026, ("GM0489", "GM0613", "GM0597"),
        (Line("04A04", 6, weekends, (2, 3)), Line("07A03", 21, weeks, (2, 4, 6))),
        EXCEL,
    ),
)  # fmt: skip


@dataclass(slots=True)
class Book:
    """What a provider has under way: its cases, its rows so far, and what is still to come."""

    provider: Provider
    clients: Iterator[str]
    cases: dict[str, list[Case]] = field(default_factory=dict)
    references: int = 0
    sent: list[Row] = field(default_factory=list)  # good debits that have arrived, in the order of their months
    credited: set[str] = field(default_factory=set)
    late: dict[tuple[int, int], list[Row]] = field(default_factory=dict)  # by the month in which they arrive
    fresh: list[Row] = field(default_factory=list)  # of the month in hand
    file: list[tuple[float, Row]] = field(default_factory=list)  # with the place in the file, 0 to 1

    def new_reference(self, month: tuple[int, int]) -> str:
        """Unique within the provider, and without a run of digits long enough to be taken for a client number."""
        self.references += 1
        return f"{self.provider.mark}{month[0] % 100}{month[1]:02d}-{self.references:06d}"


class Anomaly(NamedTuple):
    """What was put in on purpose: the file, the reference of the row and the kind."""

    file: str
    reference: str
    kind: str


class Region:
    """Makes the rows of one month after another."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows = rows
        self.chance = Chance(seed)
        self.units = {row["product"]: (row["eenheid"], row["prijs per"]) for row in _table("products.csv")}
        self.prices = _prices()
        self.inhabitants = {
            row["area"]: int(row["count"])
            for row in _table("population_2024_final.csv")
            if row["measure"] == "inhabitants"
        }
        clients = _test_numbers()
        self.books = [Book(provider, itertools.cycle(self.chance.shuffled(clients))) for provider in PROVIDERS]
        self.anomalies: list[Anomaly] = []

    def make(self, month: tuple[int, int]) -> None:
        """Fill the file of every provider for a month."""
        for book in self.books:
            book.file = []
            book.fresh = [row for line in book.provider.lines for row in self._deliver(book, line, month)]
            self._credit(book, month)
            self._send(book, month)
            self._credit_beforehand(book, month)
            self._repeat(book, month)
        self._add_errors(month)
        for book in self.books:
            book.file.sort(key=lambda placed: placed[0])

    def _deliver(self, book: Book, line: Line, month: tuple[int, int]) -> Iterator[Row]:
        """The rows of a line in a month: those of its running cases, and of new ones up to its share of the rows."""
        first, last = date(*month, 1), date(*month, calendar.monthrange(*month)[1])
        shares = sum(other.share for provider in PROVIDERS for other in provider.lines)
        wanted = -(-self.rows * line.share // (shares * len(MONTHS)))
        running = [case for case in book.cases.get(line.product, []) if not self.chance.happens(CASE_ENDS)]
        kept, count = [], 0
        while count < wanted or running:
            case = running.pop() if running else self._new_case(book, line)
            if line.pattern is not once:
                kept.append(case)
            for start, end, quantity in line.pattern(self.chance, case, first, last):
                count += 1
                yield self._row(book, month, case, line.product, start, end, quantity)
        book.cases[line.product] = kept[::-1]

    def _new_case(self, book: Book, line: Line) -> Case:
        return Case(
            client=next(book.clients),
            municipality=self._municipality(book.provider),
            assignment=f"{100_000 + self.chance.below(900_000)}",
            weekday=self.chance.below(5),
            usual=self.chance.pick(line.usual),
        )

    def _municipality(self, provider: Provider) -> str:
        place = self.chance.below(sum(self.inhabitants[code] for code in provider.municipalities))
        for code in provider.municipalities:
            place -= self.inhabitants[code]
            if place < 0:
                return code
        raise AssertionError("the place lies within the sum")

    def _row(
        self, book: Book, month: tuple[int, int], case: Case, product: str, start: date, end: date, quantity: int
    ) -> Row:
        return Row(
            reference=book.new_reference(month),
            municipality=case.municipality,
            provider=book.provider.code,
            client=case.client,
            product=product,
            start=start,
            end=end,
            quantity=quantity,
            unit=self.units[product][0],
            debit_credit="D",
            previous="",
            assignment=case.assignment,
            amount_cents=self._amount_cents(product, start, quantity),
        )

    def _amount_cents(self, product: str, day: date, quantity: int) -> int:
        """Price x quantity, half up to the cent; minutes on an hourly price are divided by 60."""
        price = next(cents for start, end, cents in self.prices[product] if start <= day < end)
        unit, price_per = self.units[product]
        parts = 60 if (unit, price_per) == ("minuut", "uur") else 1
        return (2 * price * quantity + parts) // (2 * parts)

    def _send(self, book: Book, month: tuple[int, int]) -> None:
        """Put the fresh rows in the file, but keep some for later; add those kept before, and some of last year."""
        later = [other for other in MONTHS if other > month]
        for place, row in enumerate(book.fresh):
            if later and self.chance.happens(LATE_SHARE):
                arrives = later[-1] if self.chance.happens(LATE_BY_TWO_MONTHS) else later[0]
                book.late.setdefault(arrives, []).append(row)
            else:
                book.file.append((place / len(book.fresh), row))
                book.sent.append(row)
        for row in book.late.pop(month, []):
            self._place(book, month, row, "late")
            book.sent.append(row)
        if book.provider.since < MONTHS[0][0]:
            for _ in range(1 + len(book.fresh) // 1000):
                self._place(book, month, self._last_year(book, month), "prior_year")

    def _last_year(self, book: Book, month: tuple[int, int]) -> Row:
        row = self.chance.pick(book.fresh)
        days = (row.end - row.start).days if isinstance(row.end, date) else 0
        start = date(2025, 12, 1 + self.chance.below(31 - days))
        return row._replace(
            reference=book.new_reference(month),
            start=start,
            end=start + timedelta(days=days),
            amount_cents=self._amount_cents(row.product, start, row.quantity),
        )

    def _credit(self, book: Book, month: tuple[int, int]) -> None:
        """Take back rows of earlier months, most of them with a better row instead."""
        for _ in range(int(len(book.fresh) * CREDITED_SHARE) if book.sent else 0):
            debit = self.chance.pick(book.sent)
            if debit.reference in book.credited:
                continue
            book.credited.add(debit.reference)
            self._place(book, month, self._credit_of(book, month, debit), "credit")
            if debit.quantity > 1 and self.chance.happens(REPLACED_SHARE):
                self._place(book, month, self._better(book, month, debit), "replacement")

    def _credit_beforehand(self, book: Book, month: tuple[int, int]) -> None:
        """Take back rows that are still to come; in the last month also one that never comes."""
        for arrives, rows in sorted(book.late.items()):
            for debit in rows:
                if debit.reference not in book.credited and self.chance.happens(CREDIT_FIRST_SHARE):
                    book.credited.add(debit.reference)
                    self._place(book, month, self._credit_of(book, month, debit), f"credit_before_{_name(arrives)}")
        if month == MONTHS[-1]:
            never_sent = self.chance.pick(book.fresh)._replace(reference=book.new_reference(month))
            self._place(book, month, self._credit_of(book, month, never_sent), "credit_alone")

    def _credit_of(self, book: Book, month: tuple[int, int], debit: Row) -> Row:
        return debit._replace(reference=book.new_reference(month), debit_credit="C", previous=debit.reference)

    def _better(self, book: Book, month: tuple[int, int], debit: Row) -> Row:
        """The row that replaces a credited one: less than it said, never nothing."""
        less = max(1, debit.quantity - (15 if debit.quantity > 30 else 1))
        return debit._replace(
            reference=book.new_reference(month),
            quantity=less,
            amount_cents=self._amount_cents(debit.product, debit.start, less),
        )

    def _repeat(self, book: Book, month: tuple[int, int]) -> None:
        """Send rows a second time, letter for letter: of this file and of earlier ones."""
        for _ in range(max(1, int(len(book.fresh) * REPEATED_SHARE))):
            self._place(book, month, self.chance.pick(book.sent), "repeated")

    def _add_errors(self, month: tuple[int, int]) -> None:
        """Add rows that are wrong in one way each, spread over the providers whose files can be wrong in that way."""
        fresh = sum(len(book.fresh) for book in self.books)
        for kind in ERRORS:
            able = [book for book in self.books if kind_fits(kind, book.provider)]
            for _ in range(max(1, fresh * ERRORS_PER_10000_ROWS // 10_000)):
                book = self.chance.pick(able)
                good = self.chance.pick(book.fresh)._replace(reference=book.new_reference(month))
                for row in ERRORS[kind](self.chance, good):
                    self._place(book, month, row, kind)

    def _place(self, book: Book, month: tuple[int, int], row: Row, kind: str) -> None:
        book.file.append((self.chance.position(), row))
        self.anomalies.append(Anomaly(file_name(month, book.provider), row.reference, kind))


def _unknown_product(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(product=chance.pick(("99X99", "45Z99", "07A3"))),)


def _impossible_date(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(end="30-02-2026"),)


def _negative_volume(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(quantity=-row.quantity, amount_cents=-row.amount_cents),)


def _invalid_client_number(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(client=row.client[:-1] + str((int(row.client[-1]) + 1) % 10)),)


def _wrong_unit(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(unit="dag" if row.unit != "dag" else "uur"),)


def _unknown_municipality(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(municipality=chance.pick(DISSOLVED)),)


def _before_contract(chance: Chance, row: Row) -> tuple[Row, ...]:
    days = (row.end - row.start).days if isinstance(row.end, date) else 0
    start = date(2025, 12, 1 + chance.below(31 - days))
    return (row._replace(start=start, end=start + timedelta(days=days)),)


def _contradictory_rows(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row, row._replace(quantity=row.quantity + 1))


def _missing_reference(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(reference=""),)


def _differing_amount(chance: Chance, row: Row) -> tuple[Row, ...]:
    return (row._replace(amount_cents=row.amount_cents + 100 + chance.below(900)),)


# Each kind of error, and the rows that show it, made from a good one.
ERRORS: dict[str, Callable[[Chance, Row], tuple[Row, ...]]] = {
    "unknown_product": _unknown_product,
    "impossible_date": _impossible_date,
    "negative_volume": _negative_volume,
    "invalid_client_number": _invalid_client_number,
    "wrong_unit": _wrong_unit,
    "unknown_municipality": _unknown_municipality,
    "before_contract": _before_contract,
    "contradictory_rows": _contradictory_rows,
    "missing_reference": _missing_reference,
    "differing_amount": _differing_amount,
}


def kind_fits(kind: str, provider: Provider) -> bool:
    """Whether a provider's files can show a kind of error."""
    match kind:
        case "before_contract":
            return provider.began_early
        case "invalid_client_number":  # a column named client may hold any number of the provider's own
            return ("client", "BSN") in provider.shape.headers
        case "differing_amount":
            return any(name == "amount_cents" for name, _ in provider.shape.headers)
    return True


def file_name(month: tuple[int, int], provider: Provider) -> str:
    return f"leveringen_{_name(month)}_{provider.code}.csv"


def write_file(path: Path, shape: Shape, rows: Sequence[Row]) -> None:
    """Write a delivery file in the shape of its sender."""
    fields = [name for name, _ in shape.headers]
    dates: dict[date, str] = {}  # the same few days come back all the time

    def day(value: date | str) -> str:
        if isinstance(value, str):
            return value if shape.dutch else "-".join(reversed(value.split("-")))
        if value not in dates:
            dates[value] = value.strftime("%d-%m-%Y") if shape.dutch else value.isoformat()
        return dates[value]

    def cell(row: Row, name: str) -> str:
        if name == "start" or name == "end":
            return day(row.start if name == "start" else row.end)
        if name == "quantity":
            return str(row.quantity)
        if name == "municipality":
            return row.municipality if shape.code_prefix else row.municipality[2:]
        if name == "debit_credit":
            return "" if row.debit_credit == "D" and not shape.writes_debit else row.debit_credit
        if name == "amount_cents":
            euros, cents = divmod(abs(row.amount_cents), 100)
            return f"{'-' if row.amount_cents < 0 else ''}{euros}{',' if shape.dutch else '.'}{cents:02d}"
        return str(getattr(row, name))

    lines = [shape.delimiter.join(header for _, header in shape.headers)]
    lines += (shape.delimiter.join([cell(row, name) for name in fields]) for row in rows)
    path.write_bytes((shape.newline.join(lines) + shape.newline).encode(shape.encoding))


def generate(out: Path, rows: int, seed: int) -> int:
    """Write every file below `out`, in a folder for each month, and return the number of rows."""
    region = Region(rows, seed)
    written = 0
    for month in MONTHS:
        region.make(month)
        folder = out / _name(month)
        folder.mkdir(parents=True, exist_ok=True)
        for book in region.books:
            write_file(folder / file_name(month, book.provider), book.provider.shape, [row for _, row in book.file])
            written += len(book.file)
    listed = ["file,reference,kind", *(",".join(anomaly) for anomaly in region.anomalies)]
    (out / "anomalies.csv").write_bytes(("\n".join(listed) + "\n").encode("utf-8"))
    return written


def _name(month: tuple[int, int]) -> str:
    return f"{month[0]}-{month[1]:02d}"


def _table(name: str) -> list[dict[str, str]]:
    content = (HERE / name).read_text(encoding="utf-8")
    return list(csv.DictReader(content.splitlines(), delimiter=";" if ";" in content else ","))


def _prices() -> dict[str, list[tuple[date, date, int]]]:
    """By product: from, until and the price in cents, as known when the files are made."""
    prices: dict[str, list[tuple[date, date, int]]] = {}
    for row in _table("prices_v1.csv"):
        until = _date(row["tot"]) if row["tot"] else date.max
        cents = int(row["prijs"].replace(",", ""))
        prices.setdefault(row["product"], []).append((_date(row["vanaf"]), until, cents))
    return prices


def _date(text: str) -> date:
    day, month, year = text.split("-")
    return date(int(year), int(month), int(day))


def _test_numbers() -> list[str]:
    """The numbers 9999xxxxx that pass the elfproef: a range that is given to nobody."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return [
        text
        for text in map(str, range(999_900_000, 1_000_000_000))
        if sum(weight * int(digit) for weight, digit in zip(weights, text, strict=True)) % 11 == 0
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Maakt de leveringsbestanden van de voorbeeldregio Rijnmond.")
    parser.add_argument("--out", type=Path, required=True, help="map waarin de bestanden komen")
    parser.add_argument("--rows", type=int, default=120_000, help="ten minste zoveel regels (standaard 120000)")
    parser.add_argument("--seed", type=int, default=2026, help="begin van de toevalsreeks (standaard 2026)")
    arguments = parser.parse_args()
    if arguments.rows < 1:
        parser.error("--rows moet 1 of meer zijn")
    started = time.perf_counter()
    written = generate(arguments.out, arguments.rows, arguments.seed)
    files = len(MONTHS) * len(PROVIDERS)
    print(f"{written} regels in {files} bestanden onder {arguments.out} ({time.perf_counter() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
