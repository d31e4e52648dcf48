"""The sheet Samenvatting: who, what, which run, and the amounts as formulas over the other sheets."""

from dataclasses import dataclass

from kernel.notation import format_date, format_month
from settlement.statements.book import Page
from settlement.statements.corrections import Corrections
from settlement.statements.facts import Statement, day_of
from settlement.statements.formulas import Cell, Formula, minus, plus, same_as, sum_of, sum_where
from settlement.statements.volumes import Amounts

WIDTHS = (24, 30, 17, 17, 17, 18)
_LAST = 5
_COMPONENT_COLUMN, _MUNICIPALITY_COLUMN = "$C$", "$D$"


@dataclass(frozen=True, slots=True)
class Sheets:
    """The amounts of the other sheets that come together here."""

    month: Amounts
    corrections: Corrections
    shadow: Amounts | None


def write(page: Page, statement: Statement, sheets: Sheets) -> None:
    """Fill the sheet."""
    month = format_month(statement.run.period.first_day)
    page.line(f"Afrekening {month}", "title")
    page.line(f"{statement.settled.provider.name}, {statement.settled.contract.title}", "subtitle")
    if not statement.is_final:
        page.line("CONCEPT: deze afrekening is nog niet geboekt en kan nog veranderen", "alarm")
    page.row += 1
    _write_facts(page, statement)
    page.row += 1
    this_month, corrections = _write_amounts(page, statement, sheets)
    page.row += 1
    _write_year(page, statement, this_month, corrections)
    _write_split(page, sheets)


def _write_facts(page: Page, statement: Statement) -> None:
    run, settled = statement.run, statement.settled
    contract = settled.contract
    in_force = contract.in_force
    facts = (
        ("Aanbieder", f"{settled.provider.name} (AGB {contract.provider})"),
        ("Contract", f"{contract.number}, {contract.title}"),
        ("Looptijd", f"{format_date(in_force.start)} tot en met {format_date(in_force.period.last_day)}"),
        ("Gemeenten", ", ".join(statement.municipality(code) for code in contract.municipalities)),
        ("Periode", format_month(run.period.first_day)),
        ("Run", f"{run.id}, {_state(statement)}"),
        ("Stand van de gegevens", f"alles tot en met {statement.recorded_on(run.cutoff)}"),
    )
    for label, value in facts:
        page.text(0, label, "label")
        page.worksheet.merge_range(page.row, 1, page.row, _LAST, None)
        page.text(1, value, "paragraph")
        page.row += 1


def _state(statement: Statement) -> str:
    run = statement.run
    if run.posting is not None:
        return f"geboekt op {format_date(day_of(run.states['posted'][0]))} ({statement.recorded_on(run.posting)})"
    if run.state == "approved":
        return "goedgekeurd, nog niet geboekt"
    return f"concept van {format_date(day_of(run.states['draft'][0]))}, nog niet goedgekeurd"


def _write_amounts(page: Page, statement: Statement, sheets: Sheets) -> tuple[Cell, Cell]:
    """Up to what is paid; returns the cells of this month and of the corrections within the year."""
    page.line("Bedragen in euro", "heading")
    this_month = _row(page, f"Deze maand ({format_month(statement.run.period.first_day)})", same_as(sheets.month.total))
    corrections = _row(
        page, f"Correcties over maanden van {statement.year}", same_as(sheets.corrections.this_year.total)
    )
    prior = _row(page, "Correcties over eerdere jaren", same_as(sheets.corrections.prior_years.total))
    owed = _row(page, "Totaal", sum_of([this_month, corrections, prior]), "total")
    set_offs = [_stated(page, f"Verrekend voorschot {s.advance_reference}", -s.amount) for s in statement.settled.set_offs]
    paid = sum_of([owed, *set_offs])
    if paid.exact < 0:
        _row(page, "Terug te betalen", Formula(f"-{paid.text}", -paid.exact), "outcome")
    else:
        _row(page, "Te betalen", paid, "outcome")
    return this_month, corrections


def _write_year(page: Page, statement: Statement, this_month: Cell, corrections: Cell) -> None:
    year = statement.year
    page.line(f"{year} tot en met {format_month(statement.run.period.first_day)}", "heading")
    before = _stated(page, f"Eerder geboekt over maanden van {year}", statement.posted_in_year)
    now = _row(page, f"In deze afrekening over maanden van {year}", plus(this_month, corrections))
    _row(page, f"Samen over {year}", sum_of([before, now]), "total")
    _stated(page, "Voorschot dat nog verrekend wordt", statement.outstanding_advances)
