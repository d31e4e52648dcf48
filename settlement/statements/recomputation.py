"""The sheet Herrekening: what deliveries of corrected months come to now, with the present volumes and prices."""

from collections.abc import Mapping, Sequence

from settlement.entitlement import Timing, Treatment
from settlement.reading import NumberedLine
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell
from settlement.statements.volumes import write_volumes


def lines_of(statement: Statement, *treatments: Treatment) -> list[NumberedLine]:
    """The corrections on deliveries of which something is left."""
    return [
        numbered
        for treatment in treatments
        for numbered in statement.lines(treatment, Timing.CORRECTION, Timing.PRIOR_YEAR)
        if statement.volumes_of(numbered.line)
    ]


def write(page: Page, statement: Statement) -> Mapping[int, Sequence[Cell]]:
    """Fill the sheet; returns the cells of each line by its number."""
    page.line(statement.language.say("recomputation"), "heading")
    page.line(statement.language.say("recomputation.note"), "note")
    cells = dict(write_volumes(page, statement, lines_of(statement, Treatment.PAYABLE), {}).by_line)
    shadow = lines_of(statement, Treatment.SHADOW)
    if shadow:
        page.row += 1
        page.line(statement.language.say("shadow"), "subheading")
        cells |= write_volumes(page, statement, shadow, {}).by_line
    return cells
