"""On the summary: what changed since the previous statement, a sentence with its amounts for every cause.

The total of a statement is its own month and the corrections by cause, so the differences by cause add up to the
difference between both totals.
"""

from kernel.money import Eur, total
from settlement.entitlement import Treatment
from settlement.invariants import BrokenInvariant
from settlement.reading import MONTH_ITSELF, by_cause
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell, minus, sum_of, value_of

CAUSES_IN_ORDER = (
    "late", "credit", "withdrawn", "price", "price_list", "product", "recount", "count", "share", "index",
    "recomputed", "terms", "first",
)  # fmt: skip
_BEFORE, _NOW, _DIFFERENCE = 3, 4, 5


def write(page: Page, statement: Statement, this_month: Cell, owed: Cell) -> None:
    """Fill this part; `this_month` and `owed` are the cells of the amounts of the summary."""
    say, previous = statement.language.say, statement.previous
    page.line(say("changes"), "heading")
    if previous is None:
        page.line(say("changes.none_before"), "plain")
        return
    lines = [n.line for n in statement.settled.lines if n.line.key.treatment is Treatment.PAYABLE]
    now = by_cause((line.amount, line.causes) for line in lines)
    month_before = statement.language.month(previous.period.first_day)
    numbers = {"run": previous.run_id, "run_now": statement.run.id}
    page.line(say("changes.previous", month=month_before, now=statement.month_name, **numbers), "note")
    page.fill(0, _BEFORE - 1, "header")
    for column, name in ((_BEFORE, "previous"), (_NOW, "now"), (_DIFFERENCE, "difference")):
        page.text(column, say(f"column.{name}"), "header_right")
    page.row += 1
    of_month = "changes.same_month" if previous.period == statement.run.period else "changes.month"
    sentence = say(of_month, now=statement.month_name, before=month_before)
    rows = [_write_row(page, sentence, statement, MONTH_ITSELF, this_month)]
    for kind in CAUSES_IN_ORDER:
        if kind in now or kind in previous.by_cause:
            rows.append(_write_row(page, say(f"changes.{kind}"), statement, kind, now.get(kind, Eur.zero())))
    page.fill(0, _BEFORE - 1, "total_text")
    page.text(0, say("changes.total"), "total_text")
    for place, column in enumerate((_BEFORE, _NOW, _DIFFERENCE)):
        page.formula(column, sum_of([row[place] for row in rows]), "total_eur")
    page.row += 1
    said, was = sum(row[1].exact for row in rows), sum(row[0].exact for row in rows)
    if (said, was) != (owed.exact, total(previous.by_cause.values()).exact):
        raise BrokenInvariant(f"contract {statement.settled.contract.number}: causes come to {said} and {was}")


def _write_row(page: Page, sentence: str, statement: Statement, kind: str, now: Cell | Eur) -> tuple[Cell, Cell, Cell]:
    """A cause with its amount in the previous statement, in this one, and the difference."""
    assert statement.previous is not None
    page.fill(0, _BEFORE - 1, "text")
    page.text(0, sentence)
    before = page.number(_BEFORE, statement.previous.by_cause.get(kind, Eur.zero()).exact, "eur")
    cell = page.formula(_NOW, value_of(now), "eur") if isinstance(now, Cell) else page.number(_NOW, now.exact, "eur")
    difference = page.formula(_DIFFERENCE, minus(cell, before), "eur")
    page.row += 1
    return before, cell, difference
