"""The sheet Berekening: amounts that follow from clauses of the contract, step by step.

What a budget pays in instalments stands on the sheet Populatie, what volume times price pays on the sheet Regels; here
stands all else: what is paid otherwise, what was delivered above a maximum, and what is passed on.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from kernel.explanations import Step
from kernel.money import Eur
from settlement.entitlement import Treatment
from settlement.phrases import step_sentence
from settlement.reading import NumberedLine
from settlement.statements.book import DEEPEST_STEP, Page
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
    explained: dict[str, int] = {}
    for numbered in lines_of(statement, elsewhere):
        cells[numbered.number] = _write_line(page, statement, numbered)
        _write_steps(page, statement, numbered.line.explanation, numbered.number, explained)
    return cells


def _write_line(page: Page, statement: Statement, numbered: NumberedLine) -> Cell:
    """What a line is about and comes to, with its clause."""
    line, key, language = numbered.line, numbered.line.key, statement.language
    page.number(0, numbered.number, "order")
    about = (key.component, statement.subject(line), statement.municipality(key.municipality))
    said = [*about, language.month(key.month.first_day)]
    if key.treatment is Treatment.UNFUNDED and line.entitled < Eur.zero():
        said.append(language.say("calculation.unfunded.given_back"))
    elif key.treatment is not Treatment.PAYABLE:
        said.append(language.say(f"calculation.{key.treatment}"))
    page.text(1, ", ".join(said), "strong")
    cell = page.number(_AMOUNT, line.entitled.exact, "strong_eur")
    page.text(_SOURCE, line.explanation.source, "wrapped")
    page.row += 1
    return cell


def _write_steps(
    page: Page, statement: Statement, step: Step, line: int, explained: dict[str, int], depth: int = 0
) -> None:
    """A row for a step, and below it those that it used, further to the right; municipalities by their name.

    `explained` holds what was written out, with the line it was written for: another line refers to that.
    """
    named = step
    if "municipality" in step.values:
        municipality = statement.municipality(step.values["municipality"])
        named = replace(step, values={**step.values, "municipality": municipality})
    _write_row(page, depth, step_sentence(named, statement.language), step.result)
    if len(step.steps) > 1 or any(child.steps for child in step.steps):
        before = explained.setdefault(repr(step), line)
        if before != line:
            _write_row(page, depth + 1, statement.language.say("calculation.as_line", line=before), "")
            return
    for child in step.steps:
        _write_steps(page, statement, child, line, explained, depth + 1)


def _write_row(page: Page, depth: int, sentence: str, result: str) -> None:
    page.text(0, "")
    page.text(1, sentence, f"step{min(depth, DEEPEST_STEP)}")
    page.fill(_AMOUNT, _SOURCE, "text")
    if result:
        page.number(_AMOUNT, Fraction(result), "eur" if Fraction(result) * 100 % 1 == 0 else "decimals")
    page.row += 1
