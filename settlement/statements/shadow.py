"""The sheet Schaduw: deliveries of the month that count and are shown, but are paid for by a budget."""

from collections.abc import Mapping

from settlement.entitlement import Timing, Treatment
from settlement.reading import NumberedLine
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell
from settlement.statements.volumes import Amounts, write_volumes


def lines_of(statement: Statement) -> list[NumberedLine]:
    """The shadow lines of the month itself."""
    return statement.lines(Treatment.SHADOW, Timing.CURRENT)


def write(page: Page, statement: Statement, computed: Mapping[int, Cell]) -> Amounts:
    """Fill the sheet; `computed` are the cells of the sheet Berekening by line number."""
    page.line(statement.language.say("shadow"), "heading")
    page.line(statement.language.say("shadow.note"), "note")
    return write_volumes(page, statement, lines_of(statement), computed)
