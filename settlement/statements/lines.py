"""The sheet Regels: what is entitled over the month itself."""

from collections.abc import Mapping

from settlement.entitlement import Timing, Treatment
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell
from settlement.statements.volumes import Amounts, write_volumes


def write(page: Page, statement: Statement, computed: Mapping[int, Cell]) -> Amounts:
    """Fill the sheet; `computed` are the cells of the sheets Populatie and Berekening by line number."""
    say = statement.language.say
    page.line(say("lines", month=statement.month_name), "heading")
    lines = statement.lines(Treatment.PAYABLE, Timing.CURRENT)
    nil = statement.nil_volumes()
    page.row += 1
    return write_volumes(page, statement, lines, computed, nil)
