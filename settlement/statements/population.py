"""The sheet Populatie: the budget of population funding step by step, and the instalments that follow from it.

Every number a step uses stands in a cell above its result, so the result is a formula over cells in sight. A step this
sheet has no formula for is shown with its sentence and its result.
"""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from contracts.model import INSTALMENT
from kernel.explanations import Step
from kernel.money import Eur
from kernel.notation import format_date, format_month
from settlement.entitlement import Timing, Treatment
from settlement.invariants import BrokenInvariant
from settlement.phrases import MEASURES, step_sentence
from settlement.reading import NumberedLine
from settlement.statements import formulas
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell, Formula

WIDTHS = (86, 16, 17, 26)
_VALUE, _AMOUNT, _SOURCE = 1, 2, 3
_INSTALMENTS = ("instalment", "last_instalment")


def lines_of(statement: Statement) -> list[NumberedLine]:
    """The instalments that the run says something about, with their explanation."""
    return [
        numbered
        for numbered in statement.lines(Treatment.PAYABLE, *Timing)
        if numbered.line.key.label == INSTALMENT and numbered.line.explanation.code in _INSTALMENTS
    ]


def write(page: Page, statement: Statement) -> dict[int, Cell]:
    """Fill the sheet; returns the cell of each instalment by line number."""
    page.line("Populatiebekostiging", "heading")
    page.line("Het jaarbudget stap voor stap en de termijnen die eruit volgen.", "note")
    page.headers(("Stap", "Gegeven", "Bedrag", "Bron"), ("Gegeven", "Bedrag"))
    groups: dict[tuple[str, str, int], list[NumberedLine]] = {}
    for numbered in lines_of(statement):
        key = numbered.line.key
        groups.setdefault((key.component, key.municipality, key.month.year), []).append(numbered)
    cells: dict[int, Cell] = {}
    for (component, municipality, year), lines in groups.items():
        page.row += 1
        page.line(f"{component}, {statement.municipality(municipality)}: budget {year}", "subheading")
        budget = _write_step(page, lines[0].line.explanation.steps[0])
        cells |= _write_instalments(page, budget, lines)
    return cells


def _write_instalments(page: Page, budget: Cell, lines: list[NumberedLine]) -> dict[int, Cell]:
    """The instalments, each with its months beside it; the last one of a year takes what the earlier ones left."""
    first = lines[0].line.explanation.values
    year_months = _input(page, f"maanden van kracht in {first['year']}", int(first["year_months"]), "count")
    cells: dict[int, Cell] = {}
    for numbered in lines:
        step = numbered.line.explanation
        earlier = _write_earlier(page, budget, step) if step.code == "last_instalment" else None
        months = page.number(_VALUE, int(step.values["months"]), "count")
        formula = formulas.minus(budget, earlier) if earlier else formulas.instalment(budget, months, year_months)
        sentence = f"{format_month(numbered.line.key.month.first_day)}: {step_sentence(step)}"
        cells[numbered.number] = _write_result(page, sentence, formula, step, "strong")
    return cells


def _write_earlier(page: Page, budget: Cell, last: Step) -> Cell:
    """What the earlier instalments of the year come to: by formula where they are alike, else as the run has them."""
    count = int(last.values["of"])
    earlier = budget.exact - Eur(last.result).exact
    formula = formulas.earlier_instalments(budget, count)
    label = f"eerdere termijnen van het jaar ({count - 1})"
    if formula.exact == earlier:
        return _computed(page, label, formula, "eur")
    return _input(page, label, earlier, "eur")


def _write_step(page: Page, step: Step) -> Cell:
    """Write the steps that `step` used, then its own numbers, then its result."""
    values = step.values
    formula: Formula | None = None
    match step.code:
        case "per_person":
            day = format_date(date.fromisoformat(values["count_date"]))
            measure = MEASURES.get(values["measure"], values["measure"])
            persons = _input(page, f"{measure} van {values['areas']} op {day}", int(values["persons"]), "count")
            amount = _input(page, "bedrag per persoon", Fraction(values["amount_eur"]), "eur")
            formula = formulas.persons_times_amount(persons, amount)
        case "sum_of_segments":
            formula = formulas.sum_of_cells([_write_step(page, child) for child in step.steps])
        case "division":
            whole = _write_step(page, step.steps[0])
            formula = formulas.sum_of_cells([_write_share(page, whole, share) for share in step.steps[1:]])
        case "index":
            before = _write_step(page, step.steps[0])
            percent = _input(page, f"index {values['year']}", Fraction(values["percent"]), "percent")
            formula = formulas.indexed(before, percent)
        case "recount":
            formula = _write_recount(page, step)
        case "part_of_year":
            year = _write_step(page, step.steps[0])
            months = _input(page, "maanden van kracht", int(values["months"]), "count")
            formula = formulas.part_of_year(year, months)
        case _:
            for child in step.steps:
                _write_step(page, child)
    return _write_result(page, step_sentence(step), formula, step)


def _write_recount(page: Page, step: Step) -> Formula:
    values = step.values
    budget = _write_step(page, step.steps[0])
    counted, recounted = Fraction(values["counted"]), Fraction(values["recounted"])
    groups = [_write_step(page, group) for group in step.steps[1:]]
    if groups:
        before = _input(page, "telling waarop het budget rust, in euro", counted, "eur")
        after = _computed(page, "hertelling, in euro", formulas.sum_of_cells(groups), "eur")
    else:
        style = "count" if counted.denominator == recounted.denominator == 1 else "decimals"
        before = _input(page, "telling waarop het budget rust", counted, style)
        after = _input(page, "hertelling", recounted, style)
    band = _input(page, "dode band", Fraction(values["dead_band_percent"]), "percent")
    growth = _computed(page, "groei", formulas.growth_percent(before, after), "percent")
    paid_formula = formulas.paid_percent(before, after, growth, band, values["pays"])
    paid = _computed(page, "betaald deel van de groei", paid_formula, "percent")
    return formulas.raised(budget, paid)


def _write_share(page: Page, whole: Cell, step: Step) -> Cell:
    parts = []
    for part in step.steps:
        measure = MEASURES.get(part.values["measure"], part.values["measure"])
        weight = _input(page, f"gewicht van {measure}", Fraction(part.values["weight"]) * 100, "percent")
        persons = _input(page, f"{measure} in {step.values['area']}", int(part.values["persons"]), "count")
        everyone = _input(page, f"{measure} in alle gebieden samen", int(part.values["persons_all"]), "count")
        parts.append((weight, persons, everyone))
    share = _computed(page, f"aandeel van {step.values['area']}", formulas.share_percent(parts), "share")
    exact = formulas.share_of(whole, share, Cell(page.name, "", Fraction(0))).exact
    remainder = _input(page, "verdeling van de restcenten", Eur(step.result).exact - exact, "eur")
    return _write_result(page, step_sentence(step), formulas.share_of(whole, share, remainder), step)


def _input(page: Page, label: str, number: Fraction | int, style: str) -> Cell:
    return _given(page, label, lambda: page.number(_VALUE, number, style))


def _computed(page: Page, label: str, formula: Formula, style: str) -> Cell:
    return _given(page, label, lambda: page.formula(_VALUE, formula, style))


def _given(page: Page, label: str, write_value: Callable[[], Cell]) -> Cell:
    """A row with a number that a step uses."""
    page.text(0, label, "input")
    cell = write_value()
    page.fill(_AMOUNT, _SOURCE, "text")
    page.row += 1
    return cell


def _write_result(page: Page, sentence: str, formula: Formula | None, step: Step, style: str = "wrapped") -> Cell:
    """The row of a step's result. Raises `BrokenInvariant` when the formula comes to something else."""
    result = Eur(step.result).exact
    if formula is not None and formula.exact != result:
        raise BrokenInvariant(f"{step.code} {dict(step.values)}: {formula.exact} on paper, {step.result} in the run")
    page.text(0, sentence, style)
    if style != "strong":
        page.fill(_VALUE, _VALUE, "text")
    eur = "strong_eur" if style == "strong" else "eur"
    cell = page.number(_AMOUNT, result, eur) if formula is None else page.formula(_AMOUNT, formula, eur)
    page.text(_SOURCE, step.source, "wrapped")
    page.row += 1
    return cell
