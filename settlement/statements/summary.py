"""The sheet Samenvatting: who, what, which run, and the amounts as formulas over the other sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from textwrap import wrap

from kernel.money import Eur
from settlement.entitlement import Treatment
from settlement.statements import changes
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


def write(page: Page, statement: Statement, sheets: Sheets) -> Eur:
    """Fill the sheet; returns what it says is to be paid, negative when the provider has to pay back."""
    say = statement.language.say
    page.line(say("title", month=statement.month_name), "title")
    page.line(statement.settled.provider.name, "subtitle")
    if not statement.is_final:
        page.line(say("draft.warning"), "alarm")
    page.row += 1
    _write_facts(page, statement)
    page.row += 1
    this_month, corrections, owed, paid = _write_amounts(page, statement, sheets)
    page.row += 1
    _write_year(page, statement, this_month, corrections)
    page.row += 1
    changes.write(page, statement, this_month, owed)
    _write_split(page, statement, sheets)
    return eur_of(paid.exact)


def _write_facts(page: Page, statement: Statement) -> None:
    run, settled, language = statement.run, statement.settled, statement.language
    contract = settled.contract
    first, last = language.day(contract.in_force.start), language.day(contract.in_force.period.last_day)
    facts = (
        ("provider", f"{settled.provider.name} (AGB {contract.provider})"),
        ("contract", f"{contract.number}, {contract.title}"),
        ("in_force", language.say("summary.from_until", first=first, last=last)),
        ("municipalities", ", ".join(statement.municipality(code) for code in contract.municipalities)),
        ("period", statement.month_name),
        ("run", f"{run.id}, {_state(statement)}"),
        ("known", language.say("summary.known_until", recording=statement.recorded_on(run.cutoff))),
    )
    for label, value in facts:
        page.text(0, language.say(f"summary.{label}"), "label")
        for part in wrap(value, _WRITTEN_OUT) or [""]:
            page.text(1, part, "plain")
            page.row += 1


def _state(statement: Statement) -> str:
    run, language = statement.run, statement.language
    if run.posting is not None:
        day = language.day(day_of(run.states["posted"][0]))
        return language.say("summary.posted", day=day, recording=statement.recorded_on(run.posting))
    if run.state == "approved":
        return language.say("summary.approved")
    return language.say("summary.drafted", day=language.day(day_of(run.states["draft"][0])))


def _write_amounts(page: Page, statement: Statement, sheets: Sheets) -> tuple[Cell, Cell, Cell, Formula]:
    """Up to what is paid; returns the cells of this month, of the corrections within the year and of all that is owed,
    and what is paid."""
    say = statement.language.say
    page.line(say("summary.amounts"), "heading")
    this_month = _row(page, say("summary.this_month", month=statement.month_name), same_as(sheets.month.total))
    corrections = _row(
        page, say("summary.corrections", year=statement.year), same_as(sheets.corrections.this_year.total)
    )
    prior = _row(page, say("summary.earlier_years"), same_as(sheets.corrections.prior_years.total))
    owed = _row(page, say("total"), sum_of([this_month, corrections, prior]), "total")
    set_offs = [
        _stated(page, say("summary.set_off", reference=set_off.advance_reference), -set_off.amount)
        for set_off in statement.settled.set_offs
    ]
    paid = sum_of([owed, *set_offs])
    if paid.exact < 0:
        _row(page, say("summary.to_pay_back"), Formula(f"-{paid.text}", -paid.exact), "outcome")
    else:
        _row(page, say("summary.to_pay"), paid, "outcome")
    return this_month, corrections, owed, paid


def _write_year(page: Page, statement: Statement, this_month: Cell, corrections: Cell) -> None:
    year, say = statement.year, statement.language.say
    page.line(say("summary.year", year=year, month=statement.month_name), "heading")
    before = _stated(page, say("summary.posted_before", year=year), statement.posted_in_year)
    now = _row(page, say("summary.said", year=year), plus(this_month, corrections))
    _row(page, say("summary.together", year=year), sum_of([before, now]), "total")
    if statement.set_off_in_year:
        _stated(page, say("summary.set_off_in_year", year=year), -statement.set_off_in_year)
    _stated(page, say("summary.advance_left"), statement.outstanding_advances)
    for treatment in (Treatment.SHADOW, Treatment.UNFUNDED, Treatment.PASSED_ON):
        if treatment in statement.beside_in_year:
            _stated(page, say(f"summary.{treatment}", year=year), statement.beside_in_year[treatment])


def _write_split(page: Page, statement: Statement, sheets: Sheets) -> None:
    """The amounts by component and municipality, where there is more than one."""
    columns = (sheets.month, sheets.corrections.this_year, sheets.corrections.prior_years)
    sums = [column.sums(lambda key: (key.component, statement.municipality(key.municipality))) for column in columns]
    pairs = sorted({pair for of_column in sums for pair in of_column})
    if len(pairs) < 2:
        return
    page.row += 1
    page.line(statement.language.say("summary.split"), "heading")
    names = ("this_month", "corrections", "earlier_years", "total")
    page.columns(statement.language, ("component", "municipality", *names), names)
    rows = [_write_pair(page, pair, columns, sums) for pair in pairs]
    page.fill(0, 1, "total_text")
    page.text(0, statement.language.say("total"), "total_text")
    for place in range(len(names)):
        page.formula(2 + place, sum_of([row[place] for row in rows]), "total_eur")
    page.row += 1


def _write_pair(
    page: Page,
    pair: tuple[str, str],
    columns: Sequence[Amounts],
    sums: Sequence[Mapping[tuple[str, str], Fraction]],
) -> list[Cell]:
    component, municipality = pair
    page.text(0, component)
    page.text(1, municipality, "wrapped")
    conditions = (("C", f"=A{page.row + 1}"), ("D", f"=B{page.row + 1}"))
    cells = []
    for place, (column, of_column) in enumerate(zip(columns, sums, strict=True), start=2):
        exact = of_column.get(pair, Fraction(0))
        cells.append(page.formula(place, sum_where(column.cells, exact, conditions), "eur"))
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
