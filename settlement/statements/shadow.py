"""The sheet Schaduw: deliveries that count and are shown, but are paid for by a budget."""

from settlement.entitlement import Timing, Treatment
from settlement.statements.book import Page
from settlement.statements.corrections import write_block
from settlement.statements.facts import Statement
from settlement.statements.volumes import Amounts, write_volumes


def write(page: Page, statement: Statement) -> Amounts:
    """Fill the sheet."""
    page.line("Schaduw: telt mee, wordt niet betaald", "heading")
    page.line("Waarde van leveringen die uit het budget betaald worden, tegen de prijslijst.", "note")
    amounts = write_volumes(page, statement, statement.lines(Treatment.SHADOW, *Timing), {})
    corrected = statement.lines(Treatment.SHADOW, Timing.CORRECTION, Timing.PRIOR_YEAR)
    if corrected:
        page.row += 1
        page.line("Waarvan wijziging van eerdere maanden", "subheading")
        write_block(page, statement, corrected, amounts.by_line, "")
    return amounts
