"""Price lists in whole versions.

A version holds every price of its list and is never changed: a new price, also one that changes back in time, is a new
version. At a cut-off the highest version number recorded by then holds, so the order in which versions were recorded
makes no difference.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert

from database.recordings import latest, lock_recordings, record
from kernel.findings import Finding, Refusal, Severity
from kernel.money import CENT
from kernel.notation import counted, format_date, format_number, parse_date, parse_number, without_euro_sign
from kernel.periods import Period, overlapping
from kernel.tabular import Column, Row, given_name, read_table, row_finding, unread_columns
from kernel.texts import cleaned
from kernel.workbooks.cells import Holds
from tariffs.ends import on_a_last_day, told
from tariffs.products import Product, catalogue
from tariffs.tables import price_lists, price_versions, prices, products
from tariffs.units import Rounding

# Prices times volumes are computed in 64-bit whole numbers of 1/10,000 euro: 99,999,999 units at this price still fit.
_HIGHEST_PRICE = 1_000_000
_SMALLEST_STEP = Decimal("0.0001")

# A price that becomes more than so many times what it was, or less than that part of it, has likely lost its comma.
UNLIKELY_FACTOR = Decimal(3)


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """A version of a price list, known from `recording`."""

    id: int
    list_name: str
    version: int
    recording: int


@dataclass(frozen=True, slots=True)
class Price:
    """The price in euros of one unit (`price_per`) of a product from `valid_from` up to `valid_until`; None is open."""

    version_id: int
    product_id: int
    product: str
    valid_from: date
    valid_until: date | None
    price: Decimal

    @property
    def period(self) -> Period:
        return Period(self.valid_from, self.valid_until or date.max)


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What one version says otherwise than the version before it; None is no price."""

    product: str
    valid_from: date
    valid_until: date | None
    old: Decimal | None
    new: Decimal | None


@dataclass(frozen=True, slots=True)
class PriceImport:
    """What became of a file. `recording` is None when the version was known, `previous` the number before.

    `is_new_list`: the list is new, beside others.
    """

    list_name: str
    is_new_list: bool
    version: int
    recording: int | None
    previous: int | None
    changes: tuple[PriceChange, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """Deliveries of a product that a price list values."""

    product: str
    rows: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class PriceUse:
    """Who uses price lists: contracts and deliveries, which stand in packages above this one.

    `lists_read` gives the lists that contracts read; `delivered` what a list values among deliveries on the days of
    some changes.
    """

    lists_read: Callable[[Connection], frozenset[str]]
    delivered: Callable[[Connection, str, Sequence[PriceChange]], Sequence[Delivered]]


NOT_USED = PriceUse(lambda _: frozenset(), lambda *_: ())


@dataclass(frozen=True, slots=True)
class _FilePrice:
    row_number: int
    product: str
    valid_from: date
    valid_until: date | None
    price: Decimal

    @property
    def period(self) -> Period:
        return Period(self.valid_from, self.valid_until or date.max)


def _parse_price(text: str) -> Decimal:
    price = parse_number(without_euro_sign(text))
    if price < 0:
        raise ValueError(f'"{text}" is negatief; schrijf een prijs van 0 of meer')
    if price > _HIGHEST_PRICE:
        highest = format_number(_HIGHEST_PRICE)
        raise ValueError(f'"{text}" is hoger dan de hoogste prijs, {highest} euro; controleer de komma')
    if price != price.quantize(_SMALLEST_STEP):
        raise ValueError(f'"{text}" heeft meer dan vier decimalen; rond de prijs af')
    return price.quantize(CENT if price == price.quantize(CENT) else _SMALLEST_STEP)


LAYOUT = (
    Column("product", ("product", "code")),
    Column("valid_from", ("vanaf", "from"), parse_date),
    Column("valid_until", ("tot", "until"), parse_date, required=False),
    Column("valid_through", ("tot en met", "t/m", "through"), parse_date, required=False),
    Column("price", ("prijs", "price"), _parse_price, holds=Holds.NUMBER),
)


def import_prices(
    connection: Connection,
    path: Path,
    by: str,
    list_name: str = "standaard",
    version: int | None = None,
    *,
    new: bool = False,
    replace: bool = False,
    factor: Decimal = UNLIKELY_FACTOR,
    use: PriceUse = NOT_USED,
) -> PriceImport:
    """Record a file as a whole version of a price list; without `version` as the next one.

    Raises `Refusal` with every finding of the file, when the version exists with other prices, when there are other
    lists and not this one, unless it is `new`, and when prices of what was delivered are gone, unless `replace` says
    so.
    """
    list_name = given_name(list_name)
    if version is not None and version < 1:
        raise Refusal(f"versie {version} bestaat niet", "tel versies vanaf 1")
    lock_recordings(connection)
    cutoff = latest(connection)
    known_products = catalogue(connection, cutoff)
    table = read_table(path, LAYOUT, lambda rows: _row_findings(rows, known_products))
    read, _ = _read_prices(table.rows)
    content = {(known_products[p.product].id, p.valid_from, p.valid_until, p.price) for p in read}
    versions = versions_known(connection, list_name, cutoff)
    lists_before = _lists_known(connection, cutoff)
    is_new_list = bool(lists_before) and not versions
    if is_new_list and not new:
        raise _no_such_list(list_name, lists_before)
    number = version or _next_version(connection, versions, content)
    previous = next((v for v in reversed(versions) if v.version < number), None)
    same = next((v for v in versions if v.version == number), None)
    if same is not None and _content(connection, same) != content:
        raise Refusal(
            f"versie {number} van prijslijst {list_name} bestaat al met andere prijzen",
            f"leg de gewijzigde prijzen vast als versie {versions[-1].version + 1}",
        )
    warnings = [*unread_columns(table), *_warnings(table.file_name, read, known_products)]
    if versions and number < versions[-1].version:
        message = f"versie {versions[-1].version} blijft gelden, want die heeft een hoger nummer"
        hint = "leg de prijzen vast onder een hoger nummer als ze moeten gelden"
        warnings.append(Finding("T07", Severity.WARNING, table.file_name, message, hint))
    before = prices_of(connection, [previous.id]) if previous else []
    changes = tuple(_changes(before, read)) if previous else ()
    if same is None and previous is not None and previous == versions[-1] and not replace:
        _refuse_gone(table.file_name, use.delivered(connection, list_name, [c for c in changes if c.new is None]))
    warnings += on_a_last_day(
        table.file_name, "T12", {product: periods[-1].valid_until for product, periods in _by_product(read).items()}
    )
    warnings += _unlikely(table.file_name, changes, before, read, factor)
    warnings += _unread(table.file_name, list_name, use.lists_read(connection))
    recording = None
    if same is None:
        what = f"prijslijst {list_name}, versie {number} (aantal prijzen: {len(read)})"
        recording = record(connection, "prices", what, by, table.file_name, table.sha256)
        _store(connection, list_name, number, recording, content)
    return PriceImport(
        list_name, is_new_list, number, recording, previous.version if previous else None, changes, tuple(warnings)
    )


def _lists_known(connection: Connection, cutoff: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(version.list_name for version in all_versions_known(connection, cutoff)))


def _no_such_list(name: str, known: Sequence[str]) -> Refusal:
    near = get_close_matches(name, known, n=len(known), cutoff=0)
    meant = get_close_matches(name, known, n=1)
    hint = f"bedoelt u --list {meant[0]}? " if meant else "noem de lijst met --list; "
    return Refusal(
        f"prijslijst {name} bestaat niet; er zijn: {', '.join(near)}", f"{hint}is het een nieuwe lijst, geef dan --new"
    )


def _refuse_gone(file_name: str, delivered: Sequence[Delivered]) -> None:
    """Refuse a version without prices that what was delivered had."""
    findings = [
        Finding(
            "T09",
            Severity.ERROR,
            f"{file_name}, product {one.product}",
            f"geen prijs meer voor {counted(one.rows, 'levering', 'leveringen')} van {format_date(one.first_day)} tot "
            f"en met {format_date(one.last_day)}",
            "neem de prijs van die dagen op",
        )
        for one in delivered
    ]
    if findings:
        hint = "een bestand is de hele lijst: vul het aan; moeten de prijzen echt vervallen, geef dan --replace"
        raise Refusal(f"{file_name} laat prijzen weg van wat geleverd is", hint, findings)


def _unlikely(
    file_name: str, changes: Sequence[PriceChange], before: Sequence[Price], read: Sequence[_FilePrice], factor: Decimal
) -> Iterator[Finding]:
    """Prices that are many times those of the version before, or of the period before, or a small part of them."""
    known = {(price.product, price.valid_from, price.price) for price in before}
    periods = [
        PriceChange(product, later.valid_from, later.valid_until, earlier.price, later.price)
        for product, of_product in _by_product(read).items()
        for earlier, later in pairwise(of_product)
        if (product, later.valid_from, later.price) not in known
    ]
    found: dict[tuple[str, date, Decimal | None], PriceChange] = {}
    for change in (*changes, *periods):
        if change.old is not None and change.new is not None and _is_unlikely(change.old, change.new, factor):
            found.setdefault((change.product, change.valid_from, change.new), change)
    if found:
        unlikely = [describe_change(change) for change in found.values()]
        message = f"meer dan {format_number(factor)} keer zo hoog of zo laag: {told(unlikely, '; ')}"
        hint = "controleer de komma; is het zo bedoeld, dan hoeft er niets te gebeuren"
        yield Finding("T10", Severity.WARNING, file_name, message, hint)


def _is_unlikely(old: Decimal, new: Decimal, factor: Decimal) -> bool:
    low, high = sorted((old, new))
    return high > low * factor


def _unread(file_name: str, list_name: str, lists_read: Collection[str]) -> Iterator[Finding]:
    """A price list that no contract reads, while contracts read others."""
    if lists_read and list_name not in lists_read:
        message = f"geen contract leest prijslijst {list_name}; contracten lezen {', '.join(sorted(lists_read))}"
        hint = "is het de goede lijst? geef anders --list, of noem haar als price_list in een contract"
        yield Finding("T11", Severity.WARNING, file_name, message, hint)


def versions_known(connection: Connection, list_name: str, cutoff: int) -> list[PriceVersion]:
    """The versions of a price list recorded up to `cutoff`, by version number."""
    rows = connection.execute(
        select(price_versions.c.id, price_lists.c.name, price_versions.c.version, price_versions.c.recording)
        .join(price_lists, price_lists.c.id == price_versions.c.price_list_id)
        .where(price_lists.c.name == cleaned(list_name), price_versions.c.recording <= cutoff)
        .order_by(price_versions.c.version)
    )
    return [PriceVersion(*row) for row in rows]


def all_versions_known(connection: Connection, cutoff: int) -> list[PriceVersion]:
    """The versions of every price list recorded up to `cutoff`, by list and version number."""
    names = connection.execute(select(price_lists.c.name)).scalars()
    return [version for name in sorted(names) for version in versions_known(connection, name, cutoff)]


def price_version_known(connection: Connection, list_name: str, cutoff: int) -> PriceVersion | None:
    """The version of a price list that holds at `cutoff`: the highest number recorded by then."""
    versions = versions_known(connection, list_name, cutoff)
    return versions[-1] if versions else None


def priced_periods(connection: Connection, names: Collection[str], cutoff: int) -> dict[str, dict[str, list[Period]]]:
    """By price list that there is, and by product, the periods in which it has a price; of the lists named."""
    held = {name: version for name in names if (version := price_version_known(connection, name, cutoff))}
    of_version = {version.id: name for name, version in held.items()}
    found: dict[str, dict[str, list[Period]]] = {name: {} for name in held}
    for price in prices_of(connection, list(of_version)):
        found[of_version[price.version_id]].setdefault(price.product, []).append(price.period)
    return found


def prices_of(connection: Connection, version_ids: Sequence[int]) -> list[Price]:
    """Every price of some versions, by version, product code and date."""
    rows = connection.execute(
        select(prices, products.c.code)
        .join(products, products.c.id == prices.c.product_id)
        .where(prices.c.price_version_id.in_(version_ids))
    )
    found = [
        Price(row.price_version_id, row.product_id, row.code, row.valid.lower, row.valid.upper, row.price)
        for row in rows
    ]
    return sorted(found, key=lambda price: (price.version_id, price.product, price.valid_from))


_Content = set[tuple[int, date, date | None, Decimal]]


def _content(connection: Connection, version: PriceVersion) -> _Content:
    return {(p.product_id, p.valid_from, p.valid_until, p.price) for p in prices_of(connection, [version.id])}


def _next_version(connection: Connection, versions: Sequence[PriceVersion], content: _Content) -> int:
    """The number after the highest, or the highest itself when it says the same: importing twice changes nothing."""
    if not versions:
        return 1
    newest = versions[-1]
    return newest.version if _content(connection, newest) == content else newest.version + 1


def _row_findings(rows: Sequence[Row], known: Mapping[str, Product]) -> list[Finding]:
    """What is wrong with rows of which every cell can be read."""
    _, findings = _read_prices(rows)
    hint = 'lees het product eerst in met "bekostiging tariff products"'
    unknown = (row for row in rows if row["product"] not in known)
    return findings + [row_finding("T04", r.number, f"product {r['product']} is onbekend", hint) for r in unknown]


def _read_prices(rows: Sequence[Row]) -> tuple[list[_FilePrice], list[Finding]]:
    """The prices of rows, and what is wrong with their dates."""
    findings: list[Finding] = []
    read: list[_FilePrice] = []
    for row in rows:
        valid_until, through = row["valid_until"], row["valid_through"]
        if valid_until and through:
            hint = '"tot" is de eerste dag erna, "tot en met" de laatste dag; vul er een in'
            findings.append(row_finding("T01", row.number, "twee einddatums", hint))
            continue
        if through and through < date.max:
            valid_until = through + timedelta(days=1)
        if (valid_until or date.max) <= row["valid_from"]:
            hint = '"tot" is de eerste dag erna; laat leeg voor open'
            findings.append(row_finding("T02", row.number, "de einddatum ligt niet na de begindatum", hint))
            continue
        read.append(_FilePrice(row.number, row["product"], row["valid_from"], valid_until, row["price"]))
    for periods in _by_product(read).values():
        for first, second in overlapping((price.row_number, price.period) for price in periods):
            message = f"product {periods[0].product} heeft op dezelfde dagen ook een prijs in rij {first}"
            findings.append(row_finding("T03", second, message, "sluit de ene prijs af voor de andere begint"))
    return read, findings


def _by_product(read: Sequence[_FilePrice]) -> dict[str, list[_FilePrice]]:
    """The prices of each product in order of date."""
    found: dict[str, list[_FilePrice]] = {}
    for price in sorted(read, key=lambda price: (price.product, price.valid_from)):
        found.setdefault(price.product, []).append(price)
    return found


def _warnings(file_name: str, read: Sequence[_FilePrice], known: Mapping[str, Product]) -> Iterator[Finding]:
    for code, periods in _by_product(read).items():
        for earlier, later in pairwise(periods):
            place = f"{file_name}, rij {later.row_number}"
            if earlier.valid_until is not None and earlier.valid_until < later.valid_from:
                message = (
                    f"product {code} heeft geen prijs van {format_date(earlier.valid_until)} "
                    f"tot {format_date(later.valid_from)}"
                )
                hint = "vul een prijs in als er in die tijd geleverd is"
                yield Finding("T05", Severity.WARNING, place, message, hint)
            elif later.valid_from.day != 1 and earlier.price != later.price:
                product = known[code].on(later.valid_from)
                if product is not None and product.rounding is Rounding.CLIENT_MONTH:
                    message = f"de prijs van {code} wijzigt midden in een maand, op {format_date(later.valid_from)}"
                    hint = "dit product telt uren per maand; laat de prijs op de eerste van de maand ingaan"
                    yield Finding("T06", Severity.WARNING, place, message, hint)


def _changes(before: Sequence[Price], after: Sequence[_FilePrice]) -> Iterator[PriceChange]:
    """What differs, product by product, in periods that are as long as possible."""
    for code in sorted({p.product for p in before} | {p.product for p in after}):
        old = [p for p in before if p.product == code]
        new = [p for p in after if p.product == code]
        periods = [*(p.period for p in old), *(p.period for p in new)]
        edges = sorted({p.start for p in periods} | {p.end for p in periods})
        changes: list[PriceChange] = []
        for start, end in pairwise(edges):
            old_price = next((p.price for p in old if start in p.period), None)
            new_price = next((p.price for p in new if start in p.period), None)
            if old_price == new_price:
                continue
            until = None if end == date.max else end
            last = changes[-1] if changes else None
            if last is not None and (last.valid_until, last.old, last.new) == (start, old_price, new_price):
                start = changes.pop().valid_from
            changes.append(PriceChange(code, start, until, old_price, new_price))
        yield from changes


def describe_change(change: PriceChange) -> str:
    """'45A04 vanaf 01-02-2026: 60,00 wordt 61,75'."""
    until = f" tot {format_date(change.valid_until)}" if change.valid_until else ""
    old = "geen prijs" if change.old is None else format_number(change.old)
    new = "geen prijs" if change.new is None else format_number(change.new)
    return f"{change.product} vanaf {format_date(change.valid_from)}{until}: {old} wordt {new}"


def _store(connection: Connection, list_name: str, version: int, recording: int, content: _Content) -> None:
    connection.execute(upsert(price_lists).values(name=list_name).on_conflict_do_nothing())
    list_id = connection.execute(select(price_lists.c.id).where(price_lists.c.name == list_name)).scalar_one()
    version_id = connection.execute(
        insert(price_versions)
        .values(price_list_id=list_id, version=version, recording=recording)
        .returning(price_versions.c.id)
    ).scalar_one()
    connection.execute(
        insert(prices),
        [
            {"price_version_id": version_id, "product_id": product_id, "valid": Range(start, until), "price": price}
            for product_id, start, until, price in content
        ],
    )
