"""The sheet Jaarverloop: what is paid over each month of the year, added up, against the budget; with a chart.

What is paid from a budget and what is paid by quantity x price stand apart: only the first has a budget to hold it to.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import LineKey
from settlement.invariants import BrokenInvariant
from settlement.statements import formulas
from settlement.statements.book import Page, Series
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell
from settlement.statements.volumes import Amounts

WIDTHS = (34, 17, 19, 17, 17, 10, 17)
_NAMES = ("month", "posted_before", "said", "together", "cumulative", "months", "budget")
_CUMULATIVE, _MONTHS, _BUDGET = 4, 5, 6
_CHART_ROWS = 16


def write(
    page: Page, statement: Statement, sheets: Sequence[Amounts], budgets: Mapping[tuple[str, str, int], Cell]
) -> None:
    """Fill the sheet. `sheets` are the amounts of the run over months of its year; `budgets` are cells of the sheet
    Populatie by component, municipality and year.

    Raises `BrokenInvariant` when the months do not add up to what the run says.
    """
    say = statement.language.say
    page.line(say("year", year=statement.year), "heading")
    page.line(say("year.note"), "note")
    keys = [key for sheet in sheets for key in sheet.keys]
    series: list[Series] = []
    months: list[Cell] = []
    shown: list[Fraction] = []
    for of_budget in (True, False):
        posted = any(budget is of_budget for _, budget in statement.posted_by_month)
        if posted or (of_budget and statement.budgets) or any(_is_of_budget(key) is of_budget for key in keys):
            page.row += 1
            months, lines, amounts = _write_table(page, statement, sheets, budgets, of_budget)
            series += lines
            shown += amounts
    if any(shown):
        title = say("year.chart", year=statement.year)
        page.row += 1
        page.line_chart(title, months, series, _CHART_ROWS, from_nil=min(shown) >= 0)


def _is_of_budget(key: LineKey) -> bool:
    return key.of_contract


def _write_table(
    page: Page,
    statement: Statement,
    sheets: Sequence[Amounts],
    budgets: Mapping[tuple[str, str, int], Cell],
    of_budget: bool,
) -> tuple[list[Cell], list[Series], list[Fraction]]:
    """The twelve months of one kind of funding; returns the cells of the months, the lines of the chart and the amounts
    on them."""
    name = Cell(page.name, f"A{page.row + 1}", Fraction(0))
    page.line(statement.language.say("year.budget" if of_budget else "year.effort"), "subheading")
    budget = _write_budgets(page, statement, budgets) if of_budget and statement.budgets else None
    names = _NAMES if budget else _NAMES[:_MONTHS]
    page.columns(statement.language, names, names[1:])
    header = page.row
    in_force = set(statement.settled.contract.in_force.period.months())
    months: list[Cell] = []
    cumulative: list[Cell] = []
    to_date: list[Cell] = []
    sums = [sheet.sums(lambda key: (key.month, _is_of_budget(key))) for sheet in sheets]
    elapsed = 0
    for month in [Month(statement.year, number) for number in range(1, 13)]:
        months.append(Cell(page.name, f"A{page.row + 1}", Fraction(0)))
        page.text(0, statement.language.month(month.first_day))
        page.fill(1, len(names) - 1, "text")
        if month <= _last_month(statement):
            cumulative.append(_write_month(page, statement, sheets, sums, month, of_budget, cumulative))
        if budget:
            elapsed += month in in_force
            cell = page.number(_MONTHS, elapsed, "count")
            whole = sum(1 for month in in_force if month.year == statement.year)
            to_date.append(page.formula(_BUDGET, formulas.part_of_budget(budget, cell, whole), "eur"))
        page.row += 1
    lines = [Series(name, _column(page.name, "E", header + 1))]
    if budget:
        lines.append(Series(Cell(page.name, f"G{header}", Fraction(0)), to_date, dashed=True))
    _check(statement, sums, of_budget, cumulative)
    return months, lines, [cell.exact for cell in (*cumulative, *to_date)]


def _column(sheet: str, letter: str, first: int) -> list[Cell]:
    """The cells of twelve months, also those that are still empty."""
    return [Cell(sheet, f"{letter}{row}", Fraction(0)) for row in range(first, first + 12)]


def _last_month(statement: Statement) -> Month:
    return max([statement.run.period, *(month for month, _ in statement.posted_by_month)])


def _write_budgets(page: Page, statement: Statement, budgets: Mapping[tuple[str, str, int], Cell]) -> Cell:
    """The budget of the year of every component that has one, and their sum."""
    say = statement.language.say
    cells = []
    for budget in statement.budgets:
        municipality = statement.municipality(budget.municipality)
        page.fill(0, _CUMULATIVE, "text")
        page.text(0, say("year.budget_of", component=budget.component, municipality=municipality))
        on_sheet = budgets.get((budget.component, budget.municipality, statement.year))
        if on_sheet is None:
            cells.append(page.number(_CUMULATIVE, budget.amount.exact, "eur"))
        elif on_sheet.exact != budget.amount.exact:
            raise BrokenInvariant(f"{budget.component}: budget {on_sheet.exact} in the run, {budget.amount} again")
        else:
            cells.append(page.formula(_CUMULATIVE, formulas.same_as(on_sheet), "eur"))
        page.row += 1
    page.fill(0, _CUMULATIVE, "total_text")
    page.text(0, say("year.budget_total"), "total_text")
    cell = page.formula(_CUMULATIVE, formulas.sum_of(cells), "total_eur")
    page.row += 2
    return cell


def _write_month(
    page: Page,
    statement: Statement,
    sheets: Sequence[Amounts],
    sums: Sequence[Mapping[tuple[Month, bool], Fraction]],
    month: Month,
    of_budget: bool,
    cumulative: Sequence[Cell],
) -> Cell:
    posted = statement.posted_by_month.get((month, of_budget), Eur.zero())
    before = page.number(1, posted.exact, "eur")
    # An instalment has no product.
    conditions = (("B", f"=A{page.row + 1}"), ("E", '=""' if of_budget else '<>""'))
    parts = [
        formulas.sum_where(sheet.cells, of_sheet.get((month, of_budget), Fraction(0)), conditions)
        for sheet, of_sheet in zip(sheets, sums, strict=True)
    ]
    said = page.formula(2, formulas.both(*parts), "eur")
    together = page.formula(3, formulas.plus(before, said), "eur")
    formula = formulas.plus(cumulative[-1], together) if cumulative else formulas.value_of(together)
    return page.formula(_CUMULATIVE, formula, "eur")


def _check(
    statement: Statement,
    sums: Sequence[Mapping[tuple[Month, bool], Fraction]],
    of_budget: bool,
    cumulative: Sequence[Cell],
) -> None:
    posted = {key: amount.exact for key, amount in statement.posted_by_month.items()}
    parts = [part for amounts in (posted, *sums) for (_, budget), part in amounts.items() if budget is of_budget]
    if cumulative[-1].exact != sum(parts):
        number = statement.settled.contract.number
        raise BrokenInvariant(f"contract {number}: months come to {cumulative[-1].exact}, not to {sum(parts)}")
