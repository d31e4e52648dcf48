"""The sheet Populatie: the budget of population funding step by step, and the instalments that follow from it.

Every number a step uses stands in a cell above its result, so the result is a formula over cells in sight. A step this
sheet has no formula for is shown with its sentence and its result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from contracts.components.population import PopulationComponent
from contracts.model import Contract
from kernel.explanations import Step
from kernel.money import Eur
from settlement.entitlement import INSTALMENT, Timing, Treatment
from settlement.invariants import BrokenInvariant
from settlement.languages.language import Language
from settlement.phrases import step_sentence
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


@dataclass(frozen=True, slots=True)
class Written:
    """The cells of the sheet: instalments by line number, budgets by component, municipality and year."""

    instalments: Mapping[int, Cell] = field(default_factory=dict)
    budgets: Mapping[tuple[str, str, int], Cell] = field(default_factory=dict)


def write(page: Page, statement: Statement) -> Written:
    """Fill the sheet."""
    language = statement.language
    page.line(language.say("population"), "heading")
    page.line(language.say("population.note"), "note")
    page.columns(language, ("step", "given", "amount", "source"), ("given", "amount"))
    groups: dict[tuple[str, str, int], list[NumberedLine]] = {}
    for numbered in lines_of(statement):
        key = numbered.line.key
        groups.setdefault((key.component, key.municipality, key.month.year), []).append(numbered)
    instalments: dict[int, Cell] = {}
    budgets: dict[tuple[str, str, int], Cell] = {}
    for (component, municipality, year), lines in groups.items():
        page.row += 1
        name = statement.municipality(municipality)
        page.line(language.say("population.budget", component=component, municipality=name, year=year), "subheading")
        steps = _Steps(page, language)
        paid = lines[0].line.explanation.steps[0]
        whole = steps.write(paid.steps[0]) if paid.code == "less_withheld" else None
        budget = steps.write_less_withheld(paid, whole) if whole else steps.write(paid)
        if not _is_reopened(statement.settled.contract, component, year):
            budgets[(component, municipality, year)] = whole or budget
        instalments |= steps.write_instalments(budget, lines)
    return Written(instalments, budgets)


def _is_reopened(contract: Contract, key: str, year: int) -> bool:
    """Whether the budget of a year is more than what this sheet makes it: what it was reopened for stands apart."""
    return any(
        reopening.start.year == year
        for component in contract.component
        if isinstance(component, PopulationComponent) and component.key == key
        for reopening in component.reopenings
    )


class _Steps:
    """Writes steps with their numbers, each in a row of its own."""

    def __init__(self, page: Page, language: Language) -> None:
        self._page = page
        self._language = language

    def write_instalments(self, budget: Cell, lines: list[NumberedLine]) -> dict[int, Cell]:
        """The instalments, each with its months beside it; the last one of a year takes what the earlier ones left."""
        page, language = self._page, self._language
        first = lines[0].line.explanation.values
        label = language.say("population.year_months", year=first["year"])
        year_months = self._input(label, int(first["year_months"]), "count")
        cells: dict[int, Cell] = {}
        for numbered in lines:
            step = numbered.line.explanation
            earlier = self._write_earlier(budget, step) if step.code == "last_instalment" else None
            months = page.number(_VALUE, int(step.values["months"]), "count")
            formula = formulas.minus(budget, earlier) if earlier else formulas.instalment(budget, months, year_months)
            sentence = f"{language.month(numbered.line.key.month.first_day)}: {step_sentence(step, language)}"
            cells[numbered.number] = self._write_result(sentence, formula, step, "strong")
        return cells

    def _write_earlier(self, budget: Cell, last: Step) -> Cell:
        """What the earlier instalments come to: by formula where they are alike, else as the run has them."""
        count = int(last.values["of"])
        earlier = budget.exact - Eur(last.result).exact
        formula = formulas.earlier_instalments(budget, count)
        label = self._language.say("population.earlier", count=count - 1)
        if formula.exact == earlier:
            return self._computed(label, formula, "eur")
        return self._input(label, earlier, "eur")

    def write(self, step: Step) -> Cell:
        """Write the steps that `step` used, then its own numbers, then its result."""
        values, say = step.values, self._language.say
        formula: Formula | None = None
        match step.code:
            case "per_person":
                day = self._language.day(date.fromisoformat(values["count_date"]))
                measure = self._measure(values["measure"])
                label = say("population.persons", measure=measure, areas=values["areas"], day=day)
                persons = self._input(label, int(values["persons"]), "count")
                amount = self._input(say("population.per_person"), Fraction(values["amount_eur"]), "eur")
                formula = formulas.persons_times_amount(persons, amount)
            case "sum_of_segments":
                formula = formulas.sum_of_cells([self.write(child) for child in step.steps])
            case "division":
                whole = self.write(step.steps[0])
                formula = formulas.sum_of_cells([self._write_share(whole, share) for share in step.steps[1:]])
            case "index":
                before = self.write(step.steps[0])
                for figures in step.steps[1:]:
                    self._write_figures(figures)
                percent = self._input(
                    say("population.index", year=values["year"]), Fraction(values["percent"]), "percent"
                )
                formula = formulas.indexed(before, percent)
            case "indexed_apart":
                self.write(step.steps[0])
                formula = formulas.sum_of_cells([self.write(part) for part in step.steps[1:]])
            case "objective":
                whole = self._input(say("population.macro_budget"), Fraction(values["macro_eur"]), "eur")
                percent = self._input(say("population.objective"), Fraction(values["percent"]), "percent")
                formula = formulas.percent_of(whole, percent)
            case "catchment":
                whole = self.write(step.steps[0])
                percent = self._input(say("population.catchment"), Fraction(values["percent"]), "percent")
                formula = formulas.percent_of(whole, percent)
            case "recount":
                formula = self._write_recount(step)
            case "part_of_year":
                year = self.write(step.steps[0])
                months = self._input(say("population.months"), int(values["months"]), "count")
                formula = formulas.part_of_year(year, months)
            case _:
                for child in step.steps:
                    self.write(child)
        return self._write_result(step_sentence(step, self._language), formula, step)

    def write_less_withheld(self, step: Step, whole: Cell) -> Cell:
        """What is paid in instalments of the budget in `whole`."""
        percent = self._input(self._language.say("population.withheld"), Fraction(step.values["percent"]), "percent")
        return self._write_result(step_sentence(step, self._language), formulas.less_percent(whole, percent), step)

    def _write_figures(self, step: Step) -> None:
        """What the percentage of an index was made of, in percentages."""
        for child in step.steps:
            self._write_figures(child)
        self._input(step_sentence(step, self._language), Fraction(step.result), "percent")

    def _write_recount(self, step: Step) -> Formula:
        values, say = step.values, self._language.say
        budget = self.write(step.steps[0])
        counted, recounted = Fraction(values["counted"]), Fraction(values["recounted"])
        groups = [self.write(group) for group in step.steps[1:]]
        if groups:
            before = self._input(say("population.counted_eur"), counted, "eur")
            after = self._computed(say("population.recounted_eur"), formulas.sum_of_cells(groups), "eur")
        else:
            style = "count" if counted.denominator == recounted.denominator == 1 else "decimals"
            before = self._input(say("population.counted"), counted, style)
            after = self._input(say("population.recounted"), recounted, style)
        band = self._input(say("population.dead_band"), Fraction(values["dead_band_percent"]), "percent")
        growth = self._computed(say("population.growth"), formulas.growth_percent(before, after), "percent")
        paid_formula = formulas.paid_percent(before, after, growth, band, values["pays"])
        paid = self._computed(say("population.paid"), paid_formula, "percent")
        return formulas.raised(budget, paid)

    def _write_share(self, whole: Cell, step: Step) -> Cell:
        say, area = self._language.say, step.values["area"]
        parts = []
        for part in step.steps:
            measure = self._measure(part.values["measure"])
            weight = Fraction(part.values["weight"]) * 100
            weight_cell = self._input(say("population.weight", measure=measure), weight, "percent")
            label = say("population.in_area", measure=measure, area=area)
            persons = self._input(label, int(part.values["persons"]), "count")
            everyone = self._input(say("population.in_all", measure=measure), int(part.values["persons_all"]), "count")
            parts.append((weight_cell, persons, everyone))
        share = self._computed(say("population.share", area=area), formulas.share_percent(parts), "share")
        exact = formulas.share_of(whole, share, Cell(self._page.name, "", Fraction(0))).exact
        remainder = self._input(say("population.remainder"), Eur(step.result).exact - exact, "eur")
        formula = formulas.share_of(whole, share, remainder)
        return self._write_result(step_sentence(step, self._language), formula, step)

    def _measure(self, measure: str) -> str:
        return self._language.measures.get(measure, measure)

    def _input(self, label: str, number: Fraction | int, style: str) -> Cell:
        return self._given(label, lambda: self._page.number(_VALUE, number, style))

    def _computed(self, label: str, formula: Formula, style: str) -> Cell:
        return self._given(label, lambda: self._page.formula(_VALUE, formula, style))

    def _given(self, label: str, write_value: Callable[[], Cell]) -> Cell:
        """A row with a number that a step uses."""
        page = self._page
        page.text(0, label, "input")
        cell = write_value()
        page.fill(_AMOUNT, _SOURCE, "text")
        page.row += 1
        return cell

    def _write_result(self, sentence: str, formula: Formula | None, step: Step, style: str = "wrapped") -> Cell:
        """The row of a step's result. Raises `BrokenInvariant` when the formula comes to something else."""
        page, result = self._page, Eur(step.result).exact
        if formula is not None and formula.exact != result:
            raise BrokenInvariant(
                f"{step.code} {dict(step.values)}: {formula.exact} on paper, {step.result} in the run"
            )
        page.text(0, sentence, style)
        if style != "strong":
            page.fill(_VALUE, _VALUE, "text")
        eur = "strong_eur" if style == "strong" else "eur"
        cell = page.number(_AMOUNT, result, eur) if formula is None else page.formula(_AMOUNT, formula, eur)
        page.text(_SOURCE, step.source, "wrapped")
        page.row += 1
        return cell
