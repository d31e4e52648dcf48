"""The sheet Berekening: amounts that follow from clauses of the contract, step by step.

What a budget pays in instalments stands on the sheet Populatie, what volume times price pays on the sheet Regels; here
stands all else: what is paid otherwise, what was delivered above a maximum, and what is passed on.
"""

from collections.abc import Mapping
from fractions import Fraction

from kernel.explanations import Step
from kernel.money import Eur
from settlement.entitlement import Treatment
from settlement.languages.language import Language
from settlement.phrases import step_sentence
from settlement.reading import NumberedLine
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell

WIDTHS = (7, 86, 17, 26)
_AMOUNT, _SOURCE = 2, 3


def lines_of(statement: Statement, elsewhere: Mapping[int, Cell]) -> list[NumberedLine]:
    """The lines that follow from a clause and stand on no other sheet, in the order of the run as on all sheets.

    `elsewhere` are cells by line number.
    """
    return [
        numbered
        for numbered in statement.settled.lines
        if numbered.line.key.of_contract and numbered.number not in elsewhere
    ]


def write(page: Page, statement: Statement, elsewhere: Mapping[int, Cell]) -> dict[int, Cell]:
    """Fill the sheet; returns the cell of what each line is entitled to, by its number."""
    language = statement.language
    page.line(language.say("calculation"), "heading")
    page.line(language.say("calculation.note"), "note")
    page.columns(language, ("line", "step", "amount", "source"), ("line", "amount"))
    cells: dict[int, Cell] = {}
    for numbered in lines_of(statement, elsewhere):
        line = numbered.line
        key = line.key
        page.number(0, numbered.number, "order")
        about = (key.component, statement.subject(line), statement.municipality(key.municipality))
        said = [*about, language.month(key.month.first_day)]
        if key.treatment is Treatment.UNFUNDED and line.entitled < Eur.zero():
            said.append(language.say("calculation.unfunded.given_back"))
        elif key.treatment is not Treatment.PAYABLE:
            said.append(language.say(f"calculation.{key.treatment}"))
        page.text(1, ", ".join(said), "strong")
        cells[numbered.number] = page.number(_AMOUNT, line.entitled.exact, "strong_eur")
        page.text(_SOURCE, line.explanation.source, "wrapped")
        page.row += 1
        _write_steps(page, line.explanation, language)
    return cells


def _write_steps(page: Page, step: Step, language: Language, depth: int = 0) -> None:
    """A row for a step, and below it those that it used, further to the right."""
    page.text(0, "")
    page.text(1, "    " * depth + step_sentence(step, language), "wrapped")
    page.fill(_AMOUNT, _SOURCE, "text")
    if step.result:
        page.number(_AMOUNT, Fraction(step.result), "eur" if Fraction(step.result) * 100 % 1 == 0 else "decimals")
    page.row += 1
    for child in step.steps:
        _write_steps(page, child, language, depth + 1)
