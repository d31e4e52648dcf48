"""The sheet Leveringen: every delivery of the statement's lines under the provider's own reference.

Deliveries of a line stand together, with their sum and the amount of the line below them. A delivery is priced in its
own row; where hours are rounded per client and month the first of a group holds the minutes, hours and amount of all.
A cell without content is not written: there would be as many of those as of the others.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from settlement.entitlement import LineKey, Timing
from settlement.invariants import BrokenInvariant
from settlement.pricing.rows import DeliveryRow, PricingGroup
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import (
    Cell,
    hours,
    minutes_together,
    same_as,
    sum_of,
    sum_of_elsewhere,
    volume_times_price,
)
from tariffs.units import Rounding

_COLUMNS = (
    "line", "reference", "debit", "first_day", "last_day", "product", "quantity", "unit", "group", "group_quantity",
    "hours", "price", "per", "amount", "on_line", "remark",
)  # fmt: skip
_OF_GROUPS = ("group", "group_quantity", "hours")
_NUMERIC = ("quantity", "group_quantity", "hours", "price", "amount", "on_line")
_WIDTHS = {
    "line": 7, "reference": 24, "debit": 24, "first_day": 13, "last_day": 13, "product": 10, "quantity": 11, "unit": 10,
    "group": 8, "group_quantity": 12, "hours": 9, "price": 11, "per": 9, "amount": 14, "on_line": 14, "remark": 38,
}  # fmt: skip

_Groups = Mapping[LineKey, Sequence[PricingGroup]]


def widths(groups: _Groups) -> list[int]:
    """The widths of the columns; those of groups are there when deliveries are rounded together."""
    return [_WIDTHS[name] for name in _columns(groups)]


def _columns(groups: _Groups) -> list[str]:
    grouped = any(group.rule.rounding is Rounding.CLIENT_MONTH for of_key in groups.values() for group in of_key)
    return [name for name in _COLUMNS if grouped or name not in _OF_GROUPS]


def write(
    page: Page,
    statement: Statement,
    groups: _Groups,
    by_line: Mapping[int, Sequence[Cell]],
    without_line: Mapping[LineKey, Sequence[Cell]],
) -> None:
    """Fill the sheet; `by_line` and `without_line` are the cells of other sheets that the deliveries add up to.

    Raises `BrokenInvariant` when they do not.
    """
    _Rows(page, statement, groups).write(by_line, without_line)


class _Rows:
    """Writes the deliveries line by line."""

    def __init__(self, page: Page, statement: Statement, groups: _Groups) -> None:
        self._page = page
        self._statement = statement
        self._groups = groups
        names = _columns(groups)
        self._names = names
        self._prices: dict[Decimal, Fraction] = {}
        self._place = {name: column for column, name in enumerate(names)}

    def write(self, by_line: Mapping[int, Sequence[Cell]], without_line: Mapping[LineKey, Sequence[Cell]]) -> None:
        page, say = self._page, self._statement.language.say
        page.line(say("deliveries"), "heading")
        page.line(say("deliveries.note"), "note")
        if "group" in self._place:
            page.line(say("deliveries.groups"), "note")
        page.columns(self._statement.language, self._names, _NUMERIC)
        for numbered in self._statement.settled.lines:
            if numbered.line.key in self._groups:
                is_correction = numbered.line.timing is not Timing.CURRENT
                self._write_line(numbered.number, numbered.line.key, by_line.get(numbered.number, ()), is_correction)
        for key, cells in without_line.items():
            self._write_line(None, key, cells, is_correction=False)

    def _write_line(self, number: int | None, key: LineKey, said: Sequence[Cell], is_correction: bool) -> None:
        cells = [self._write_group(number, key, group, is_correction) for group in self._groups[key]]
        self._write_sum(number, key, [cell for cell in cells if cell is not None], said)

    def _write_group(self, number: int | None, key: LineKey, group: PricingGroup, is_correction: bool) -> Cell | None:
        """The rows of a group; returns the cell of its amount, if it has a price."""
        quantities: list[Cell] = []
        top = self._page.row
        for row in group.rows:
            quantities.append(self._write_row(number, key, group, row, is_correction))
            self._page.row += 1
        bottom, self._page.row = self._page.row, top
        cell = self._write_amount(group, quantities)
        self._page.row = bottom
        return cell

    def _write_row(
        self, number: int | None, key: LineKey, group: PricingGroup, row: DeliveryRow, is_correction: bool
    ) -> Cell:
        page, place, language = self._page, self._place, self._statement.language
        if number is not None:
            page.number(0, number, "order")
        page.text(1, row.reference, "wrapped")
        if row.previous_reference:
            page.text(2, row.previous_reference, "wrapped")
        page.date(3, row.service.start)
        page.date(4, row.service.end - timedelta(days=1))
        page.text(5, key.label)
        quantity = page.number(6, row.quantity, "count")
        page.text(7, language.say(f"unit.{group.rule.unit}"))
        if remark := self._remark(group, row, is_correction):
            page.text(place["remark"], remark, "wrapped")
        if "group" in place and group.rule.rounding is Rounding.CLIENT_MONTH:
            page.number(place["group"], group.number, "order")
        return quantity

    def _remark(self, group: PricingGroup, row: DeliveryRow, is_correction: bool) -> str:
        say, previous = self._statement.language.say, self._statement.settled.previous_cutoff
        remarks = []
        if row.is_withdrawal:
            remarks.append(say("deliveries.withdrawn"))
        elif is_correction and 0 < previous < row.recording:
            remarks.append(say("deliveries.late"))
        if group.price is None:
            remarks.append(say("deliveries.no_price"))
        return "; ".join(remarks)

    def _write_amount(self, group: PricingGroup, quantities: Sequence[Cell]) -> Cell | None:
        """Price and amount in the first row of a group, by formula. Raises `BrokenInvariant` when it differs."""
        page, place = self._page, self._place
        if group.price is None or group.amount is None:
            return None
        billed = quantities[0]
        if group.rule.rounding is Rounding.CLIENT_MONTH:
            minutes = page.formula(place["group_quantity"], minutes_together(quantities), "count")
            billed = page.formula(place["hours"], hours(minutes), "count")
        price = page.number(place["price"], self._price(group.price), "price")
        page.text(place["per"], self._statement.language.one(group.rule.price_per))
        formula = volume_times_price(billed, price, group.rule.units_per_price)
        if formula.exact != group.amount.exact:
            raise BrokenInvariant(f"group {group.number}: {formula.exact} on paper, {group.amount} when priced again")
        return page.formula(place["amount"], formula, "eur")

    def _price(self, price: Decimal) -> Fraction:
        """The price as an exact number, made once."""
        if price not in self._prices:
            self._prices[price] = Fraction(price)
        return self._prices[price]

    def _write_sum(self, number: int | None, key: LineKey, cells: Sequence[Cell], said: Sequence[Cell]) -> None:
        """The sum of the rows above, beside the amount of the line on its own sheet."""
        page, place, statement = self._page, self._place, self._statement
        together = sum_of(cells)
        on_line = same_as(said[0]) if len(said) == 1 else sum_of_elsewhere(said)
        if together.exact != on_line.exact:
            contract = statement.settled.contract.number
            raise BrokenInvariant(f"contract {contract}, {key}: deliveries {together.exact}, line {on_line.exact}")
        month = statement.language.month(key.month.first_day)
        product = f"{key.label} {statement.product(key.label, key.month)}"
        page.fill(0, place["remark"], "total_text")
        if number is not None:
            page.number(0, number, "total_order")
        label = ", ".join((product, statement.municipality(key.municipality), month))
        page.text(1, f"{statement.language.say('total')} {label}", "total_text")
        page.formula(place["amount"], together, "total_eur")
        page.formula(place["on_line"], on_line, "total_eur")
        page.row += 1
