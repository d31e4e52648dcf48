"""What a kind of fact is, and the columns and rules that several kinds share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import TableClause

from kernel.findings import Finding
from kernel.identifiers import agb_code, client_number, municipality_code
from kernel.notation import parse_date, parse_number
from kernel.tabular import Column, Row, own_name, row_finding
from kernel.workbooks.cells import Holds
from tariffs.products import word_of

F = TypeVar("F")
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact as a row of a file states it, or, without a row, as it was known from a recording."""

    values: Values
    row: int | None = None

    @property
    def place(self) -> str:
        return f"rij {self.row}" if self.row else f"vastlegging {self.values['recording']}"


def nothing_wrong(_: object) -> Iterable[Finding]:
    return ()


@dataclass(frozen=True, slots=True)
class FactKind(Generic[F]):
    """A kind of fact: `fact` is the class in which it is read back, `key` what makes two rows the same fact.

    Columns of the layout have the names of columns of the table. `judge` finds what is wrong with the cells of one row
    together, `judge_all` what cannot be true together of all facts that hold after the import.
    """

    name: str
    one: str
    many: str
    fact: type[F]
    layout: tuple[Column, ...]
    table: TableClause
    key: tuple[str, ...]
    judge: Callable[[Row], Iterable[Finding]] = nothing_wrong
    judge_all: Callable[[Sequence[Stated]], Iterable[Finding]] = nothing_wrong


def _parse_municipality(text: str) -> str:
    if (code := municipality_code(text)) is None:
        raise ValueError(f'"{text}" is geen gemeente; vul een CBS-code in, zoals GM0502')
    return code


def parse_provider(text: str) -> str:
    """Read an AGB code."""
    if (code := agb_code(text)) is None:
        raise ValueError(f'"{text}" is geen aanbieder; vul een AGB-code van acht cijfers in')
    return code


def _parse_bsn(text: str) -> str:
    if (number := client_number(text)) is None:  # what stands there is not shown: it may be a number with a slip in it
        raise ValueError("dit is geen geldig BSN (elfproef); controleer het nummer bij de cliënt")
    return number


def _parse_year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 2000 <= int(text) <= 2100):
        raise ValueError(f'"{text}" is geen jaar; schrijf een jaar zoals 2026')
    return int(text)


_MOST_DIGITS = 12


def parse_exact(text: str, *, read: Callable[[str], Decimal] = parse_number) -> Decimal:
    """Read a number that is no amount of money; `read` says what it may look like."""
    number = read(text)
    if number.adjusted() >= _MOST_DIGITS or -int(number.as_tuple().exponent) > _MOST_DIGITS:
        raise ValueError(f'"{text}" heeft te veel cijfers; schrijf er hooguit {_MOST_DIGITS} voor en na de komma')
    return number


CONTRACT = Column("contract_id", ("contract",))
MUNICIPALITY = Column("municipality_id", ("gemeente", "municipality"), _parse_municipality)
PRODUCT_OR_CATEGORY = (
    Column("product_id", ("product",), required=False),
    Column("category", ("categorie", "category"), required=False),
)
REFERENCE = Column("reference", ("referentie", "reference"), own_name)
# What stands under `bsn` must be one; under `cliënt` another number may stand too, as in a delivery file.
CLIENT = (
    Column("bsn", ("bsn",), _parse_bsn, required=False),
    Column("client", ("cliënt", "cliëntnummer", "client"), lambda text: client_number(text) or text, required=False),
)
YEAR = Column("year", ("jaar", "year"), _parse_year, holds=Holds.NUMBER)
PERIOD = (
    Column("period_from", ("vanaf", "from"), parse_date),
    Column("period_until", ("tot", "until"), parse_date, required=False),
    Column("period_through", ("tot en met", "t/m", "through"), parse_date, required=False),
)
YES_NO = {"ja": True, "nee": False, "yes": True, "no": False}
WITHDRAWN = Column("withdrawn", ("ingetrokken", "withdrawn"), word_of(YES_NO), required=False)


def until_of(row: Row) -> date | None:
    """The first day after the period of a row; None when it is open."""
    through: date | None = row["period_through"]
    until: date | None = row["period_until"]
    return through + timedelta(days=1) if through and through < date.max else until


def judge_period(row: Row, *, may_be_open: bool = False) -> Iterator[Finding]:
    """What is wrong with the days of a row."""
    if row["period_until"] and row["period_through"]:
        hint = '"tot" is de eerste dag erna, "tot en met" de laatste dag; vul er een in'
        yield row_finding("V05", row.number, "twee einddatums", hint)
    elif until := until_of(row):
        if until <= row["period_from"]:
            hint = '"tot" is de eerste dag erna, "tot en met" de laatste dag'
            yield row_finding("V05", row.number, "de einddatum ligt niet na de begindatum", hint)
    elif not may_be_open:
        hint = 'vul "tot" (de eerste dag erna) of "tot en met" in'
        yield row_finding("V05", row.number, "er is geen einddatum", hint)


def judge_one_of(row: Row, columns: Mapping[str, str], what: str) -> Iterator[Finding]:
    """Exactly one of the columns must be filled in; `columns` gives the header of each."""
    filled = sum(row[name] is not None for name in columns)
    if filled != 1:
        choice = " of ".join(f'"{header}"' for header in columns.values())
        found = "ontbreekt" if not filled else "staat er meer dan eens"
        yield row_finding("V05", row.number, f"{what} {found}", f"vul precies een van {choice} in")


def overlap(one: Stated, other: Stated) -> bool:
    """Whether the periods of two facts share a day."""
    return bool(one.values["period_from"] < _end(other) and other.values["period_from"] < _end(one))


def overlaps(facts: Sequence[Stated]) -> Iterator[tuple[Stated, Stated]]:
    """Each fact that shares a day with one that began before it, with the one of those that ends last."""
    ends_last: Stated | None = None
    for fact in sorted(facts, key=lambda fact: fact.values["period_from"]):
        if ends_last and overlap(ends_last, fact):
            yield ends_last, fact
        if not ends_last or _end(fact) > _end(ends_last):
            ends_last = fact


def _end(fact: Stated) -> date:
    end: date = fact.values["period_until"] or date.max
    return end


def clash(one: Stated, other: Stated, message: str, hint: str) -> Finding:
    """Two facts that cannot both be true: told at the later row of the file, with the place of the other."""
    first, last = sorted((one, other), key=lambda fact: fact.row or 0)
    assert last.row, "facts that were known before did not clash"
    return row_finding("V06", last.row, f"{message} ({first.place})", hint)
