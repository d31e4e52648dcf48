"""The sheet Samenvatting: who, what, which run, and the amounts as formulas over the other sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from kernel.money import Eur
from kernel.notation import format_date, format_month
from settlement.statements.book import Page
from settlement.statements.corrections import Corrections
from settlement.statements.facts import Statement, day_of
from settlement.statements.formulas import Cell, Formula, eur_of, plus, same_as, sum_of, sum_where
from settlement.statements.volumes import Amounts

WIDTHS = (24, 30, 17, 17, 17, 18)
_AMOUNT = 5
_WRITTEN_OUT = 92  # characters that fit beside a label


@dataclass(frozen=True, slots=True)
class Sheets:
    """The amounts of the other sheets that come together here."""

    month: Amounts
    corrections: Corrections
    shadow: Amounts | None


def write(page: Page, statement: Statement, sheets: Sheets) -> Eur:
    """Fill the sheet; returns what it says is to be paid, negative when the provider has to pay back."""
    month = format_month(statement.run.period.first_day)
    page.line(f"Afrekening {month}", "title")
    page.line(statement.settled.provider.name, "subtitle")
    if not statement.is_final:
        page.line("CONCEPT: deze afrekening is nog niet geboekt en kan nog veranderen", "alarm")
    page.row += 1
    _write_facts(page, statement)
    page.row += 1
    this_month, corrections, paid = _write_amounts(page, statement, sheets)
    page.row += 1
    _write_year(page, statement, this_month, corrections)
    if sheets.shadow is not None:
        _row(page, "Ter informatie: schaduw deze maand, wordt niet betaald", same_as(sheets.shadow.total))
    _write_split(page, sheets)
    return eur_of(paid.exact)


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
        for part in wrap(value, _WRITTEN_OUT) or [""]:
            page.text(1, part, "plain")
            page.row += 1


def _state(statement: Statement) -> str:
    run = statement.run
    if run.posting is not None:
        return f"geboekt op {format_date(day_of(run.states['posted'][0]))} ({statement.recorded_on(run.posting)})"
    if run.state == "approved":
        return "goedgekeurd, nog niet geboekt"
    return f"concept van {format_date(day_of(run.states['draft'][0]))}, nog niet goedgekeurd"


def _write_amounts(page: Page, statement: Statement, sheets: Sheets) -> tuple[Cell, Cell, Formula]:
    """Up to what is paid; returns the cells of this month and of the corrections within the year, and what is paid."""
    page.line("Bedragen in euro", "heading")
    this_month = _row(page, f"Deze maand ({format_month(statement.run.period.first_day)})", same_as(sheets.month.total))
    corrections = _row(
        page, f"Correcties over maanden van {statement.year}", same_as(sheets.corrections.this_year.total)
    )
    prior = _row(page, "Correcties over eerdere jaren", same_as(sheets.corrections.prior_years.total))
    owed = _row(page, "Totaal", sum_of([this_month, corrections, prior]), "total")
    set_offs = [
        _stated(page, f"Verrekend voorschot {set_off.advance_reference}", -set_off.amount)
        for set_off in statement.settled.set_offs
    ]
    paid = sum_of([owed, *set_offs])
    if paid.exact < 0:
        _row(page, "Terug te betalen", Formula(f"-{paid.text}", -paid.exact), "outcome")
    else:
        _row(page, "Te betalen", paid, "outcome")
    return this_month, corrections, paid


def _write_year(page: Page, statement: Statement, this_month: Cell, corrections: Cell) -> None:
    year = statement.year
    page.line(f"{year} tot en met {format_month(statement.run.period.first_day)}", "heading")
    before = _stated(page, f"Eerder geboekt over maanden van {year}", statement.posted_in_year)
    now = _row(page, f"In deze afrekening over maanden van {year}", plus(this_month, corrections))
    _row(page, f"Samen over {year}", sum_of([before, now]), "total")
    _stated(page, "Voorschot dat nog verrekend wordt", statement.outstanding_advances)


def _write_split(page: Page, sheets: Sheets) -> None:
    """The amounts by component and municipality, where there is more than one."""
    columns = (sheets.month, sheets.corrections.this_year, sheets.corrections.prior_years)
    pairs = sorted({pair for column in columns for pair in column.belong_to})
    if len(pairs) < 2:
        return
    page.row += 1
    page.line("Per onderdeel en gemeente", "heading")
    names = ("Deze maand", "Correcties", "Eerdere jaren", "Totaal")
    page.headers(("Onderdeel", "Gemeente", *names), names)
    rows = [_write_pair(page, pair, columns) for pair in pairs]
    page.fill(0, 1, "total_text")
    page.text(0, "Totaal", "total_text")
    for place in range(len(names)):
        page.formula(2 + place, sum_of([row[place] for row in rows]), "total_eur")
    page.row += 1


def _write_pair(page: Page, pair: tuple[str, str], columns: Sequence[Amounts]) -> list[Cell]:
    component, municipality = pair
    page.text(0, component)
    page.text(1, municipality, "wrapped")
    conditions = (("C", f"A{page.row + 1}"), ("D", f"B{page.row + 1}"))
    cells = []
    for place, column in enumerate(columns, start=2):
        matches = [other == pair for other in column.belong_to]
        cells.append(page.formula(place, sum_where(column.cells, matches, conditions), "eur"))
    cells.append(page.formula(_AMOUNT, sum_of(cells), "eur"))
    page.row += 1
    return cells


def _stated(page: Page, label: str, amount: Eur) -> Cell:
    _label(page, label, "text")
    cell = page.number(_AMOUNT, amount.exact, "eur")
    page.row += 1
    return cell


def _row(page: Page, label: str, formula: Formula, kind: str = "") -> Cell:
    _label(page, label, f"{kind}_text" if kind else "text")
    cell = page.formula(_AMOUNT, formula, f"{kind}_eur" if kind else "eur")
    page.row += 1
    return cell


def _label(page: Page, label: str, style: str) -> None:
    page.fill(0, _AMOUNT - 1, style)
    page.text(0, label, style)
