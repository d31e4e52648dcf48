"""Lines as volume x price, row by row: the table that the sheets Regels, Herrekening and Schaduw have in common."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from settlement.entitlement import Line, LineKey, PricedVolume
from settlement.invariants import BrokenInvariant
from settlement.phrases import counted
from settlement.reading import NumberedLine
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell, plus, same_as, sum_of, volume_times_price
from tariffs.units import Rounding

_HEADERS = (
    "line", "month", "component", "municipality", "product", "description", "deliveries", "quantity", "unit", "price",
    "per", "computed", "rounding", "amount",
)  # fmt: skip
_NUMERIC = ("deliveries", "quantity", "price", "computed", "rounding", "amount")
Group = TypeVar("Group", bound=Hashable)

WIDTHS = (7, 16, 16, 24, 10, 40, 13, 11, 10, 11, 10, 14, 14, 15)
_AMOUNT = 13


@dataclass(frozen=True, slots=True)
class Amounts:
    """A column of amounts on a sheet, what each is for, and the cells of each line and of what has no line."""

    total: Cell
    cells: Sequence[Cell] = ()
    keys: Sequence[LineKey] = ()
    by_line: Mapping[int, Sequence[Cell]] = field(default_factory=dict)
    without_line: Mapping[LineKey, Sequence[Cell]] = field(default_factory=dict)

    def sums(self, of: Callable[[LineKey], Group]) -> dict[Group, Fraction]:
        """The amounts added up by what each is for."""
        found: dict[Group, Fraction] = {}
        for key, cell in zip(self.keys, self.cells, strict=True):
            group = of(key)
            found[group] = found.get(group, Fraction(0)) + cell.exact
        return found


def write_volumes(
    page: Page,
    statement: Statement,
    lines: Sequence[NumberedLine],
    computed: Mapping[int, Cell],
    without_line: Sequence[PricedVolume] = (),
) -> Amounts:
    """A header, a row for every volume or clause of `lines`, and the total; without any one row that says so.

    `computed` are the cells of the sheets Populatie and Berekening by line number; volumes `without_line` come last.
    Raises `BrokenInvariant` when the rows of a line do not add up to its entitlement.
    """
    if lines or without_line:
        page.columns(statement.language, _HEADERS, _NUMERIC)
    by_line: dict[int, list[Cell]] = {}
    nil: dict[LineKey, list[Cell]] = {}
    cells: list[Cell] = []
    keys: list[LineKey] = []
    for numbered in lines:
        by_line[numbered.number] = of_line = _write_line(page, statement, numbered, computed)
        check(statement, numbered.line, of_line)
        cells += of_line
        keys += [numbered.line.key] * len(of_line)
    for volume in without_line:
        cell = _write_volume(page, statement, volume)
        nil.setdefault(volume.key, []).append(cell)
        cells.append(cell)
        keys.append(volume.key)
    page.fill(0, _AMOUNT - 1, "total_text")
    page.text(0, statement.language.say("total" if cells else "lines.none"), "total_text")
    total = page.formula(_AMOUNT, sum_of(cells), "total_eur")
    page.row += 1
    return Amounts(total, cells, keys, by_line, nil)


def check(statement: Statement, line: Line, cells: Sequence[Cell]) -> None:
    """Raises `BrokenInvariant` when the cells of a line do not add up to its entitlement."""
    written = sum((cell.exact for cell in cells), Fraction(0))
    if written != line.entitled.exact:
        contract = statement.settled.contract.number
        raise BrokenInvariant(f"contract {contract}, {line.key}: {written} on paper, {line.entitled} in the run")


def _write_line(page: Page, statement: Statement, numbered: NumberedLine, computed: Mapping[int, Cell]) -> list[Cell]:
    if numbered.number not in computed:
        volumes = statement.volumes_of(numbered.line)
        return [_write_volume(page, statement, volume, numbered.number) for volume in volumes]
    _write_labels(page, statement, numbered.line.key, statement.subject(numbered.line), numbered.number)
    page.fill(6, _AMOUNT - 1, "text")
    cell = page.formula(_AMOUNT, same_as(computed[numbered.number]), "eur")
    page.row += 1
    return [cell]


def _write_volume(page: Page, statement: Statement, volume: PricedVolume, number: int | None = None) -> Cell:
    rule, language = volume.rule, statement.language
    what = statement.product(volume.product, volume.month)
    if rule.rounding is Rounding.CLIENT_MONTH:
        what = f"{what} ({counted(volume.quantity, language.units[rule.unit], language)})"
    _write_labels(page, statement, volume.key, what, number)
    page.number(6, volume.rows, "count")
    quantity = page.number(7, volume.billed_quantity, "count")
    page.text(8, language.say(f"unit.{rule.billed_unit}"))
    price = page.number(9, volume.price, "price")
    page.text(10, language.one(rule.price_per))
    by_volume = page.formula(11, volume_times_price(quantity, price, rule.units_per_price), "eur")
    rounding = page.number(12, volume.amount.exact - by_volume.exact, "eur")
    cell = page.formula(_AMOUNT, plus(by_volume, rounding), "eur")
    page.row += 1
    return cell


def _write_labels(page: Page, statement: Statement, key: LineKey, what: str, number: int | None) -> None:
    page.text(0, "")
    if number is not None:
        page.number(0, number, "order")
    page.text(1, statement.language.month(key.month.first_day))
    page.text(2, key.component)
    page.text(3, statement.municipality(key.municipality), "wrapped")
    page.text(4, key.label if key.label in statement.register.products else "")
    page.text(5, what, "wrapped")
