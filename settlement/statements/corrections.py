"""The sheet Correcties: per line the new entitlement, what was posted before, the difference and its reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settlement.entitlement import Timing, Treatment
from settlement.phrases import causes_sentence
from settlement.reading import NumberedLine
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell, minus, same_as, sum_of, sum_of_elsewhere
from settlement.statements.volumes import Amounts

_HEADERS = (
    "line", "month", "component", "municipality", "product", "description", "entitled", "posted_before", "correction",
    "reason",
)  # fmt: skip
_NUMERIC = ("entitled", "posted_before", "correction")
WIDTHS = (7, 16, 16, 24, 10, 40, 15, 17, 15, 56)
_NEW, _BEFORE, _AMOUNT, _REASON = 6, 7, 8, 9


@dataclass(frozen=True, slots=True)
class Corrections:
    """Corrections on months of this year and, apart, on earlier years."""

    this_year: Amounts
    prior_years: Amounts


def write(
    page: Page, statement: Statement, computed: Mapping[int, Cell], recomputed: Mapping[int, Sequence[Cell]]
) -> Corrections:
    """Fill the sheet; `computed` are cells of Populatie and Berekening by line, `recomputed` those of Herrekening."""
    say = statement.language.say
    page.line(say("corrections"), "heading")
    page.line(say("corrections.note"), "note")
    entitled = {**recomputed, **{number: [cell] for number, cell in computed.items()}}
    this_year = statement.lines(Treatment.PAYABLE, Timing.CORRECTION)
    prior_years = statement.lines(Treatment.PAYABLE, Timing.PRIOR_YEAR)
    shadow = statement.lines(Treatment.SHADOW, Timing.CORRECTION, Timing.PRIOR_YEAR)
    written = Corrections(
        _write_block(page, statement, say("corrections.year", year=statement.year), this_year, entitled),
        _write_block(page, statement, say("corrections.earlier_years"), prior_years, entitled),
    )
    if shadow:
        _write_block(page, statement, say("shadow"), shadow, entitled)
    return written


def _write_block(
    page: Page,
    statement: Statement,
    heading: str,
    lines: Sequence[NumberedLine],
    entitled: Mapping[int, Sequence[Cell]],
) -> Amounts:
    """A heading, a header, a row for every line and the total; without lines one row that says so."""
    page.row += 1
    page.line(heading, "subheading")
    if lines:
        page.columns(statement.language, _HEADERS, _NUMERIC)
    cells = [_write_correction(page, statement, numbered, entitled.get(numbered.number, ())) for numbered in lines]
    page.fill(0, _REASON, "total_text")
    page.text(0, statement.language.say("total" if lines else "corrections.none"), "total_text")
    total = page.formula(_AMOUNT, sum_of(cells), "total_eur")
    page.row += 1
    return Amounts(total, cells, [numbered.line.key for numbered in lines])


def _write_correction(page: Page, statement: Statement, numbered: NumberedLine, entitled: Sequence[Cell]) -> Cell:
    line = numbered.line
    key = line.key
    page.number(0, numbered.number, "order")
    page.text(1, statement.language.month(key.month.first_day))
    page.text(2, key.component)
    page.text(3, statement.municipality(key.municipality), "wrapped")
    page.text(4, key.label if key.label in statement.register.products else "")
    page.text(5, statement.subject(line), "wrapped")
    if len(entitled) == 1:
        new = page.formula(_NEW, same_as(entitled[0]), "eur")
    elif entitled:
        new = page.formula(_NEW, sum_of_elsewhere(entitled), "eur")
    else:
        new = page.number(_NEW, line.entitled.exact, "eur")
    before = page.number(_BEFORE, line.posted_before.exact, "eur")
    cell = page.formula(_AMOUNT, minus(new, before), "eur")
    page.text(_REASON, causes_sentence(line.causes, line.explanation, statement.language, between="\n"), "wrapped")
    page.row += 1
    return cell
