"""The sheet Afgewezen: rows of the provider that do not count, why, and what to do about it."""

from collections.abc import Sequence

from settlement.rejected import RejectedRow
from settlement.statements.book import Page
from settlement.statements.facts import Statement

WIDTHS = (34, 8, 24, 62, 62, 8)
_COLUMNS = ("file", "row", "reference", "finding", "remedy", "code")
_MOST_ROWS = 200


def write(page: Page, statement: Statement) -> None:
    """Fill the sheet."""
    language, rejected = statement.language, statement.rejected
    page.line(language.say("rejected"), "heading")
    page.line(language.say("rejected.note"), "note")
    if language.texts["rejected.language"]:
        page.line(language.say("rejected.language"), "note")
    rows = [row for file in rejected.files for row in file.rows]
    if rows:
        number = sum(file.rejected for file in rejected.files if not file.is_mixed)
        _write_rows(page, statement, "rejected.rows", rows, number)
    if rejected.by_reference:
        _write_rows(page, statement, "rejected.by_reference", rejected.by_reference, len(rejected.by_reference))
    elsewhere = sum(file.rejected for file in rejected.files if file.is_mixed)
    if elsewhere:
        page.row += 1
        page.line(language.say("rejected.mixed", rows=language.count(elsewhere)), "plain")


def _write_rows(page: Page, statement: Statement, heading: str, rows: Sequence[RejectedRow], number: int) -> None:
    """A header and a row for each finding; of many rows the first, and how many more there are."""
    language = statement.language
    page.row += 1
    page.line(language.say(heading), "subheading")
    page.columns(language, _COLUMNS)
    shown = rows[:_MOST_ROWS]
    for row in shown:
        page.text(0, row.file_name, "wrapped")
        page.text(1, row.place, "wrapped")
        page.text(2, row.reference, "wrapped")
        said = language.say("rejected.in_column", column=row.column, message=row.message) if row.column else row.message
        page.text(3, said, "wrapped")
        page.text(4, row.hint, "wrapped")
        page.text(5, row.code)
        page.row += 1
    more = number - len({(row.recording, row.row_number) for row in shown})
    if more:
        page.line(language.say("rejected.more", rows=language.count(more)), "note")
