"""The sheet Herrekening: what deliveries of corrected months come to now, with the present volumes and prices."""

from settlement.entitlement import Timing, Treatment
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.volumes import Amounts, write_volumes


def write(page: Page, statement: Statement) -> Amounts:
    """Fill the sheet."""
    page.line("Herrekening van gecorrigeerde maanden", "heading")
    page.line("Het nieuwe recht over de hele maand. Wat ervan al geboekt was, staat op het blad Correcties.", "note")
    lines = [
        numbered
        for numbered in statement.lines(Treatment.PAYABLE, Timing.CORRECTION, Timing.PRIOR_YEAR)
        if statement.volumes_of(numbered.line)
    ]
    return write_volumes(page, statement, lines, {})
