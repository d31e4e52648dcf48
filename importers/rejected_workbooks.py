"""Rejected rows of a workbook go back in that workbook, as its sender made it up, with the reason beside each row.

openpyxl keeps styles, widths and headers. It takes some twenty seconds for a million cells, so a very large workbook,
and one that is not xlsx or xlsm, goes back as plain rows. openpyxl and XlsxWriter are loaded when they are needed.
"""

import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import IO, Any

from importers.deliveries import DeliveryImport
from kernel.tabular import SUMMARY_TITLE, FoundTable
from kernel.workbooks import shown_name

REASON = ("code", "reden", "herstel")
MOST_CELLS = 400_000
_SUMMARY = "Samenvatting"
_WIDTHS = (14, 60, 60)
_COLOUR = "FDE9D9"
_Reasons = Mapping[int, Sequence[str]]
_Parts = Sequence[tuple[FoundTable, _Reasons]]  # each table with the reasons by row of its sheet


def own_width(table: FoundTable) -> int:
    """The columns of the sender: what was returned before and still is not right gets a new reason for the old one."""
    return len(table.header) - (len(REASON) if tuple(table.header[-len(REASON) :]) == REASON else 0)


def write_workbook(out: IO[bytes], result: DeliveryImport, reasons: _Reasons) -> None:
    """Write the rows that `reasons` names by number to `out`, each with its reason."""
    file = result.file
    parts = []
    for first, table in zip(file.first_numbers, file.tables, strict=True):
        parts.append((table, {number - first: reasons[number] for number in reasons if file.table_of(number) is table}))
    cells = result.account.rows_read * max(len(table.header) for table in file.tables)
    book = _own_workbook(result) if cells <= MOST_CELLS else None
    if book is None:
        _write_plain(out, result, parts)
    else:
        _keep_rejected(book, parts)
        _add_summary(book, result)
        book.save(out)


def _own_workbook(result: DeliveryImport) -> Any:
    """The workbook of the sender, its formulas replaced by their outcomes and without macros; None if unreadable."""
    from openpyxl import load_workbook

    if not zipfile.is_zipfile(result.file.path):
        return None
    try:
        with result.file.path.open("rb") as content, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not keep
            book = load_workbook(content, data_only=True, keep_vba=False, keep_links=False)
    # What it raises for ods and xlsb, and for styles that other programs put up with.
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, ElementTree.ParseError):
        return None
    names = {shown_name(sheet.title) for sheet in book.worksheets}
    return book if all(table.sheet in names for table in result.file.tables) else None


def _keep_rejected(book: Any, parts: _Parts) -> None:
    """Take the rows out of the sheets that are not rejected, and put the reasons beside those that are."""
    sheets = {shown_name(sheet.title): sheet for sheet in book.worksheets}
    for table, reasons in parts:
        sheet = sheets[table.sheet]
        if not reasons:
            book.remove(sheet)
            continue
        sheet.sheet_state = "visible"
        sheet.auto_filter.ref = None
        sheet.tables.clear()  # a table of Excel has a range that does not follow its rows
        for merged in [cells for cells in sheet.merged_cells.ranges if cells.max_row > table.header_row]:
            sheet.unmerge_cells(str(merged))
        last_column, last_row = sheet.max_column, sheet.max_row
        width = own_width(table)
        first_reason = (width if width < len(table.header) else max(last_column, width)) + 1
        _write_reason(sheet, table.header_row, first_reason, REASON, is_heading=True)
        target = table.header_row
        for row in sorted(reasons):
            target += 1
            _move_row(sheet, row, target, last_column)
            _write_reason(sheet, target, first_reason, reasons[row])
        sheet.delete_rows(target + 1, last_row - target)
        for row in [row for row in sheet.row_dimensions if row > target]:
            del sheet.row_dimensions[row]


def _move_row(sheet: Any, row: int, target: int, last_column: int) -> None:
    for column in range(1, last_column + 1):
        old, new = sheet.cell(row, column), sheet.cell(target, column)
        comment, old.comment = old.comment, None
        if old is not new:
            new.value, new.data_type, new.hyperlink = old.value, old.data_type, None  # a text with = in front stays one
            new._style = copy(old._style)
        new.comment = copy(comment) if comment else None
    sheet.row_dimensions[target].hidden = False
    sheet.row_dimensions[target].height = None


def _write_reason(sheet: Any, row: int, column: int, texts: Sequence[str], *, is_heading: bool = False) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for place, (value, width) in enumerate(zip(texts, _WIDTHS, strict=True), column):
        cell = sheet.cell(row, place, value)
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.fill = PatternFill("solid", start_color=_COLOUR)
        cell.font = Font(bold=is_heading)
        if is_heading:
            sheet.column_dimensions[get_column_letter(place)].width = width
            sheet.column_dimensions[get_column_letter(place)].hidden = False


def _add_summary(book: Any, result: DeliveryImport) -> None:
    from openpyxl.styles import Alignment, Font

    for old in [sheet for sheet in book.worksheets if sheet.cell(1, 1).value == SUMMARY_TITLE]:
        book.remove(old)
    sheet = book.create_sheet(_SUMMARY, 0)
    for row, values in enumerate(_summary(result), 1):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(row, column, value)
            cell.data_type = "s" if isinstance(value, str) else "n"
            cell.number_format = "#,##0.00" if isinstance(value, Decimal) else "#,##0"
            cell.alignment = Alignment(wrap_text=column > 3, vertical="top")
            cell.font = Font(bold=_is_heading(values))
    for letter, width in zip("ABCDE", (24, 12, 18, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    book.active = 0
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet


_Row = tuple[str | int | Decimal, ...]


def _is_heading(row: _Row) -> bool:
    return bool(row) and all(isinstance(value, str) for value in row)


def _summary(result: DeliveryImport) -> Iterator[_Row]:
    """What became of every row and every claimed euro, and how often each reason was given, with an example of it."""
    account = result.account
    yield (SUMMARY_TITLE,)
    yield (result.file.name,)
    yield ()
    yield ("Regels", "Aantal", "Gedeclareerd (€)")
    for name, rows, claimed in (
        ("Gelezen", account.rows_read, account.claimed_read),
        ("Geaccepteerd", account.rows_accepted, account.claimed_accepted),
        ("Geweigerd", account.rows_rejected, account.claimed_rejected),
        ("Wachtend", account.rows_waiting, account.claimed_waiting),
        ("Al bekend", account.rows_known, account.claimed_known),
    ):
        yield (name, rows, claimed.amount)
    yield ()
    yield ("Reden van weigering", "Aantal", "", "Bijvoorbeeld", "Herstel")
    counts = Counter(finding.code for finding in result.findings)
    examples = {finding.code: result.file.located(finding) for finding in reversed(result.findings)}
    for code in sorted(counts):
        example = examples[code]
        yield (code, counts[code], "", f"{example.place}: {example.message}", example.hint)
    yield ()
    yield ("Een geweigerde regel telt een keer, ook als er meer redenen zijn.",)


def _write_plain(out: IO[bytes], result: DeliveryImport, parts: _Parts) -> None:
    """Only the rejected rows, each cell as the text that was read: read again, they say the same."""
    from xlsxwriter import Workbook

    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, top = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    heading = book.add_format({"bold": True, "bg_color": f"#{_COLOUR}"})
    reason = book.add_format({"text_wrap": True, "valign": "top", "bg_color": f"#{_COLOUR}"})
    whole, euros = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "#,##0.00"})
    summary = book.add_worksheet(_SUMMARY)
    summary.set_column(0, 0, 24)
    summary.set_column(1, 2, 18)
    summary.set_column(3, 4, 60)
    for row, values in enumerate(_summary(result)):
        for column, value in enumerate(values):
            if isinstance(value, str):
                summary.write_string(row, column, value, bold if _is_heading(values) else top)
            else:
                summary.write_number(row, column, value, euros if isinstance(value, Decimal) else whole)
    for index, (table, reasons) in enumerate(parts, 1):
        if not reasons:
            continue
        width = own_width(table)
        name = table.sheet if table.sheet.lower() != _SUMMARY.lower() and len(table.sheet) <= 31 else f"Blad {index}"
        sheet = book.add_worksheet(name)
        for column, text in enumerate(table.header[:width]):
            sheet.write_string(0, column, text, bold)
        for column, text in enumerate(REASON, width):
            sheet.write_string(0, column, text, heading)
            sheet.set_column(column, column, _WIDTHS[column - width])
        target = 0
        for number, cells in table.rows():
            if number in reasons:
                target += 1
                for column, text in enumerate(cells[:width]):
                    sheet.write_string(target, column, text)
                for column, text in enumerate(reasons[number], width):
                    sheet.write_string(target, column, text, reason)
        sheet.freeze_panes(1, 0)
    book.close()
