"""The product catalogue: what can be delivered, how it is counted, and where it is booked.

A product comes in versions: all rows of one product in one file, known from one recording. Within a version the rows
are dated, so a product may change its name or task field on a day.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, and_, column, func, insert, or_, select
from sqlalchemy import table as named_table
from sqlalchemy.dialects.postgresql import insert as upsert

from database.recordings import latest, lock_recordings, record
from kernel.findings import Finding
from kernel.notation import format_number, parse_date
from kernel.periods import Month, Period, overlapping
from kernel.tabular import Column, Row, own_name, read_table, refuse_table, row_finding, unread_columns
from tariffs.ends import on_a_last_day
from tariffs.rule_words import IS_A_RULE_WORD, begins_with_rule_word
from tariffs.tables import product_versions, products
from tariffs.task_fields import TASK_FIELDS
from tariffs.units import PRICE_RULES, UNIT_NAMES, UNIT_WORDS, PriceRule, Rounding, Unit

Value = TypeVar("Value")


class CareLine(StrEnum):
    """How far a service is from daily life: open to all, near by, or specialised."""

    ZERO = "zero"
    FIRST = "first"
    SECOND = "second"


class Scope(StrEnum):
    """Who contracts a service: the municipality, the region, or all municipalities together."""

    LOCAL = "local"
    REGIONAL = "regional"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class ProductVersion:
    """What a product is from `valid_from` up to `valid_until`; None is open."""

    valid_from: date
    valid_until: date | None
    law: str
    category: str
    name: str
    unit: Unit
    price_per: Unit
    rounding: Rounding
    care_line: CareLine
    scope: Scope
    task_field: str

    @property
    def period(self) -> Period:
        return Period(self.valid_from, self.valid_until or date.max)

    @property
    def rule(self) -> PriceRule:
        return PRICE_RULES[(self.unit, self.price_per, self.rounding)]


@dataclass(frozen=True, slots=True)
class Product:
    """A product with the dated rows of its latest version, in order of date."""

    id: int
    code: str
    versions: tuple[ProductVersion, ...]
    recording: int

    def on(self, day: date) -> ProductVersion | None:
        """What the product is on `day`; None when it is not defined then."""
        return next((version for version in self.versions if day in version.period), None)


def delivered_by_day(products: Iterable[Product]) -> frozenset[int]:
    """The ids of products that are delivered by the day: of these a client has one at a time."""
    return frozenset(
        product.id for product in products if any(version.unit is Unit.DAY for version in product.versions)
    )


@dataclass(frozen=True, slots=True)
class ProductImport:
    """What became of a file. `recording` is None when all of it was known."""

    recording: int | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    known: tuple[str, ...]
    warnings: tuple[Finding, ...]


def word_of(words: dict[str, Value]) -> Callable[[str], Value]:
    """A reader of cells that hold one of `words`; upper and lower case are alike."""
    first_words = {value: word for word, value in reversed(words.items())}

    def read(text: str) -> Value:
        try:
            return words[text.lower()]
        except KeyError:
            choice = ", ".join(reversed(first_words.values()))
            raise ValueError(f'"{text}" staat niet in de lijst; kies uit {choice}') from None

    return read


def _task_field(text: str) -> str:
    number = text.replace(",", ".")  # a cell with the number 6.751 reads as 6,7510
    for code in (text, number, number.removesuffix("0")):
        if code in TASK_FIELDS:
            return code
    raise ValueError(f'"{text}" is geen taakveld van Iv3 2025; kies bijvoorbeeld 6.712 of 6.751')


_LAWS = {"wmo": "Wmo", "jeugdwet": "Jeugdwet", "participatiewet": "Participatiewet"}
_ROUNDINGS = {
    "regel": Rounding.ROW, "row": Rounding.ROW,
    "client en maand": Rounding.CLIENT_MONTH, "cliënt en maand": Rounding.CLIENT_MONTH,
    "client month": Rounding.CLIENT_MONTH, "client_month": Rounding.CLIENT_MONTH,
}  # fmt: skip
_CARE_LINES = {
    "nulde": CareLine.ZERO, "eerste": CareLine.FIRST, "tweede": CareLine.SECOND,
    "zero": CareLine.ZERO, "first": CareLine.FIRST, "second": CareLine.SECOND,
}  # fmt: skip
_SCOPES = {
    "lokaal": Scope.LOCAL, "regionaal": Scope.REGIONAL, "landelijk": Scope.NATIONAL,
    "local": Scope.LOCAL, "regional": Scope.REGIONAL, "national": Scope.NATIONAL,
}  # fmt: skip


def _product_code(text: str) -> str:
    if begins_with_rule_word(text):
        raise ValueError(IS_A_RULE_WORD.format(product=text))
    return own_name(text)


LAYOUT = (
    Column("law", ("wet", "law"), word_of(_LAWS)),
    Column("category", ("categorie", "category")),
    Column("code", ("product", "code"), _product_code),
    Column("name", ("naam", "name")),
    Column("unit", ("eenheid", "unit"), word_of(UNIT_WORDS)),
    Column("price_per", ("prijs per", "price per"), word_of(UNIT_WORDS)),
    Column("rounding", ("afronding", "rounding"), word_of(_ROUNDINGS)),
    Column("care_line", ("lijn", "care line"), word_of(_CARE_LINES)),
    Column("scope", ("schaal", "scope"), word_of(_SCOPES)),
    Column("task_field", ("taakveld", "task field"), _task_field),
    Column("valid_from", ("vanaf", "from"), parse_date),
    Column("valid_until", ("tot", "until"), parse_date, required=False),
)


def import_products(connection: Connection, path: Path, by: str) -> ProductImport:
    """Record the products of a file that are new or changed. Raises `Refusal` with every finding of the file."""
    lock_recordings(connection)
    known = catalogue(connection, latest(connection))
    table = read_table(path, LAYOUT, lambda rows: [*_row_findings(rows), *_other_units(rows, known)])
    read = _versions_by_code(table.rows)
    if lost := list(_lost_days(connection, table.rows, read, known)):
        raise refuse_table(table.file_name, lost)
    added = [code for code in read if code not in known]
    changed = [code for code in read if code in known and known[code].versions != read[code]]
    recording = None
    if added or changed:
        what = f"producten: {len(added)} nieuw, {len(changed)} gewijzigd"
        recording = record(connection, "products", what, by, table.file_name, table.sha256)
        _store(connection, {code: read[code] for code in added + changed}, recording)
    return ProductImport(
        recording,
        tuple(sorted(added)),
        tuple(sorted(changed)),
        tuple(sorted(read.keys() - {*added, *changed})),
        (
            *unread_columns(table),
            *on_a_last_day(table.file_name, "K06", {code: of[-1].valid_until for code, of in read.items()}),
        ),
    )


def _other_units(rows: Sequence[Row], known: Mapping[str, Product]) -> Iterator[Finding]:
    """What was delivered in minutes would be hours from then on: in another unit it is another product."""
    units = {code: product.versions[0].unit for code, product in known.items()}
    for row in rows:
        unit = units.setdefault(row["code"], row["unit"])
        if row["unit"] != unit:
            message = f"product {row['code']} wordt geleverd in {UNIT_NAMES[unit]}"
            hint = "geef het product in de andere eenheid een eigen code"
            yield row_finding("K04", row.number, message, hint)


# The rows that count. Their table belongs to a package above this one, so it goes by its name.
_deliveries = named_table(
    "deliveries", column("product_id"), column("service_month"), column("service_start"), column("sign")
)


def _lost_days(
    connection: Connection,
    rows: Sequence[Row],
    read: Mapping[str, tuple[ProductVersion, ...]],
    known: Mapping[str, Product],
) -> Iterator[Finding]:
    """What was delivered on a day on which the product no longer exists would be taken back by the next run."""
    for code in sorted(read.keys() & known.keys()):
        delivered = _delivered(connection, known[code].id, _no_longer_held(known[code].versions, read[code]))
        if delivered:
            number = next(row.number for row in rows if row["code"] == code)
            count = sum(delivered.values())
            said = "is 1 levering" if count == 1 else f"zijn {format_number(count)} leveringen"
            months = ", ".join(map(str, delivered))
            message = f"van product {code} {said} op dagen die de rijen niet meer dekken (in {months})"
            hint = "houd de oude rij en voeg een rij toe vanaf de dag van de wijziging"
            yield row_finding("K05", number, message, hint)


def _no_longer_held(old: Sequence[ProductVersion], new: Sequence[ProductVersion]) -> list[Period]:
    periods = [version.period for version in (*old, *new)]
    edges = sorted({period.start for period in periods} | {period.end for period in periods})
    return [
        Period(start, end)
        for start, end in pairwise(edges)
        if any(start in version.period for version in old) and not any(start in version.period for version in new)
    ]


def _delivered(connection: Connection, product_id: int, periods: Sequence[Period]) -> dict[Month, int]:
    """How many rows count whose first day is in one of `periods`, by service month."""
    if not periods:
        return {}
    row = _deliveries.c
    within = (
        and_(
            row.service_month >= period.start.replace(day=1),
            row.service_month < period.end,
            row.service_start >= period.start,
            row.service_start < period.end,
        )
        for period in periods
    )
    found = connection.execute(
        select(row.service_month, func.sum(row.sign).label("rows"))
        .where(row.product_id == product_id, or_(*within))
        .group_by(row.service_month)
        .having(func.sum(row.sign) > 0)
        .order_by(row.service_month)
    )
    return {Month.of(month.service_month): month.rows for month in found}


def catalogue(connection: Connection, cutoff: int) -> Mapping[str, Product]:
    """Every product by its code, in the latest version recorded up to `cutoff`."""
    newest = (
        select(product_versions.c.product_id, func.max(product_versions.c.recording).label("recording"))
        .where(product_versions.c.recording <= cutoff)
        .group_by(product_versions.c.product_id)
        .subquery()
    )
    rows = connection.execute(
        select(products.c.code, product_versions)
        .join(products, products.c.id == product_versions.c.product_id)
        .join(
            newest,
            (newest.c.product_id == product_versions.c.product_id)
            & (newest.c.recording == product_versions.c.recording),
        )
        .order_by(product_versions.c.product_id, product_versions.c.valid_from)
    ).mappings()
    found: dict[str, Product] = {}
    for row in rows:
        earlier = found[row["code"]].versions if row["code"] in found else ()
        version = ProductVersion(
            valid_from=row["valid_from"],
            valid_until=row["valid_until"],
            law=row["law"],
            category=row["category"],
            name=row["name"],
            unit=Unit(row["unit"]),
            price_per=Unit(row["price_per"]),
            rounding=Rounding(row["rounding"]),
            care_line=CareLine(row["care_line"]),
            scope=Scope(row["scope"]),
            task_field=row["task_field"],
        )
        found[row["code"]] = Product(row["product_id"], row["code"], (*earlier, version), row["recording"])
    return found


def _row_findings(rows: Sequence[Row]) -> Iterator[Finding]:
    """What is wrong with rows in themselves and beside other rows of their product."""
    by_code: dict[str, list[tuple[int, Period]]] = {}
    for row in rows:
        if (row["unit"], row["price_per"], row["rounding"]) not in PRICE_RULES:
            message = "deze eenheid, prijs per en afronding gaan niet samen"
            yield row_finding("K01", row.number, message, "kies een combinatie uit docs/file_layouts.md")
        until = row["valid_until"] or date.max
        if until <= row["valid_from"]:
            message = "de einddatum ligt niet na de begindatum"
            yield row_finding("K02", row.number, message, '"tot" is de eerste dag erna; laat leeg voor open')
        else:
            by_code.setdefault(row["code"], []).append((row.number, Period(row["valid_from"], until)))
    for code, periods in by_code.items():
        for first, second in overlapping(periods):
            message = f"product {code} overlapt met rij {first}"
            yield row_finding("K03", second, message, "sluit de eerdere rij af met een einddatum")


def _versions_by_code(rows: Sequence[Row]) -> dict[str, tuple[ProductVersion, ...]]:
    """The versions of each product in order of date."""
    by_code: dict[str, tuple[ProductVersion, ...]] = {}
    for row in sorted(rows, key=lambda row: row["valid_from"]):
        version = ProductVersion(**{name: value for name, value in row.values.items() if name != "code"})
        by_code[row["code"]] = (*by_code.get(row["code"], ()), version)
    return by_code


def _store(connection: Connection, changed: Mapping[str, tuple[ProductVersion, ...]], recording: int) -> None:
    connection.execute(upsert(products).on_conflict_do_nothing(), [{"code": code} for code in sorted(changed)])
    ids = {
        row.code: row.id
        for row in connection.execute(select(products.c.code, products.c.id).where(products.c.code.in_(changed)))
    }
    connection.execute(
        insert(product_versions),
        [
            {
                "product_id": ids[code],
                "recording": recording,
                "valid_from": version.valid_from,
                "valid_until": version.valid_until,
                "law": version.law,
                "category": version.category,
                "name": version.name,
                "unit": version.unit.value,
                "price_per": version.price_per.value,
                "rounding": version.rounding.value,
                "care_line": version.care_line.value,
                "scope": version.scope.value,
                "task_field": version.task_field,
            }
            for code, versions in changed.items()
            for version in versions
        ],
    )
