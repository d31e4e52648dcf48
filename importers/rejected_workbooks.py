"""Rejected rows of a workbook go back in that workbook, as its sender made it up, with the reason beside each row.

openpyxl keeps styles, widths and headers. It takes some twenty seconds for a million cells, so a very large workbook,
and one that is not xlsx or xlsm, goes back as plain rows. openpyxl and XlsxWriter are loaded when they are needed.
"""

import re
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from decimal import Decimal
from textwrap import wrap
from typing import IO, Any

from importers.deliveries import DeliveryImport
from importers.reasons import REASON, reason_places, without_reason
from importers.sent_again import sent_again
from kernel.tabular import SUMMARY_TITLE, FoundTable

MOST_CELLS = 400_000
_MOST_BYTES = MOST_CELLS * 50  # of all that is text in the file: empty cells with a format take time too
_LAST_COLUMN = 16_384
_SUMMARY = "Samenvatting"
_WIDTHS = (14, 60, 60)
_LINE_HEIGHT = 15
_COLOUR = "FDE9D9"
_LONGEST_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
_Reasons = Mapping[int, Sequence[str]]
_Parts = Sequence[tuple[FoundTable, _Reasons]]  # each table with the reasons by row of its sheet


def write_workbook(out: IO[bytes], result: DeliveryImport, reasons: _Reasons) -> None:
    """Write the rows that `reasons` names by number to `out`, each with its reason."""
    file = result.file
    parts = []
    for first, table in zip(file.first_numbers, file.tables, strict=True):
        own = {number - first: reasons[number] for number in reasons if file.table_of(number) is table}
        if own:
            parts.append((table, own))
    cells = result.account.rows_read * max(len(table.header) for table in file.tables)
    book = _own_workbook(result, parts) if cells <= MOST_CELLS else None
    if book is None:
        _write_plain(out, result, parts)
    else:
        _keep_sheets(book, [table.title for table, _ in parts])
        for table, own in parts:
            _keep_rejected(book[table.title], table, own)
        _add_summary(book, result)
        book.save(out)


def _own_workbook(result: DeliveryImport, parts: _Parts) -> Any:
    """The workbook of the sender, with outcomes for formulas and without macros; None if it will not do."""
    from openpyxl import load_workbook

    path = result.file.path
    if not zipfile.is_zipfile(path):
        return None
    try:
        with path.open("rb") as content, zipfile.ZipFile(content) as zipped, warnings.catch_warnings():
            if sum(part.file_size for part in zipped.infolist() if part.filename.endswith(".xml")) > _MOST_BYTES:
                return None
            warnings.simplefilter("ignore")  # what openpyxl does not keep
            book = load_workbook(content, data_only=True, keep_vba=False, keep_links=False)
    # What it raises for ods and xlsb, and for styles that other programs put up with.
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, ElementTree.ParseError):
        return None
    # Damage in a part that no row was read from, such as the name of the author.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return None
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    fits = (
        table.title in sheets and _last_column(sheets[table.title], table) + len(REASON) <= _LAST_COLUMN
        for table, _ in parts
    )
    return book if all(fits) else None


def _keep_sheets(book: Any, titles: Sequence[str]) -> None:
    """Take out every other sheet, and what refers to it: a choice from a list there, a name, a colour.

    It would be read again as a sheet without the columns, and nothing that is to be mended stands there.
    """
    others = [sheet for sheet in (*book.worksheets, *book.chartsheets) if sheet.title not in titles]
    gone = [sheet.title for sheet in others]
    for sheet in others:
        book.remove(sheet)
    for name in [name for name, defined in book.defined_names.items() if _names_any(gone, defined.attr_text)]:
        del book.defined_names[name]
        gone.append(name)
    for sheet in book.worksheets:
        choices = sheet.data_validations
        choices.dataValidation = [
            choice for choice in choices.dataValidation if not _names_any(gone, choice.formula1, choice.formula2)
        ]
        for cells in list(sheet.conditional_formatting):
            if any(_names_any(gone, *rule.formula) for rule in cells.rules):
                del sheet.conditional_formatting[str(cells.sqref)]


def _names_any(names: Sequence[str], *formulas: str | None) -> bool:
    return any(formula and name.casefold() in formula.casefold() for formula in formulas for name in names)


def _last_column(sheet: Any, table: FoundTable) -> int:
    """The last column in which something stands, of the header or below it."""
    filled = (at for (row, at), cell in sheet._cells.items() if row >= table.header_row and cell.value is not None)
    return max(filled, default=1)


def _keep_rejected(sheet: Any, table: FoundTable, reasons: _Reasons) -> None:
    """Take out the rows that are not rejected, show what was hidden, and put the reasons beside the rows."""
    sheet.sheet_state = "visible"
    sheet.auto_filter.ref = None
    sheet.tables.clear()  # a table of Excel has a range that does not follow its rows
    for merged in [cells for cells in sheet.merged_cells.ranges if cells.max_row > table.header_row]:
        sheet.unmerge_cells(str(merged))
    for columns in sheet.column_dimensions.values():
        columns.hidden = False
    last_column, last_row = _last_column(sheet, table), sheet.max_row
    first_reason = reason_places(table.header).get(REASON[0], last_column) + 1
    _write_reason(sheet, table.header_row, first_reason, REASON, is_heading=True)
    target = table.header_row
    for row in sorted(reasons):
        target += 1
        _move_row(sheet, row, target, last_column)
        _write_reason(sheet, target, first_reason, reasons[row])
        sheet.row_dimensions[target].height = _height(reasons[row])
    sheet.delete_rows(target + 1, last_row - target)
    _print_on_one_width(sheet)
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


def _height(texts: Sequence[str]) -> int:
    """The height in points of a row with these reasons, which not every spreadsheet works out when it opens a file."""
    return _LINE_HEIGHT * max(len(wrap(text, width - 6)) or 1 for text, width in zip(texts, _WIDTHS, strict=True))


def _print_on_one_width(sheet: Any) -> None:
    """Reasons and remedies stand far to the right, and must be on the same paper as their rows."""
    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0


def _add_summary(book: Any, result: DeliveryImport) -> None:
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(_SUMMARY, 0)
    for row, values in enumerate(_summary(result), 1):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(row, column, value)
            cell.data_type = "s" if isinstance(value, str) else "n"
            cell.number_format = "#,##0.00" if isinstance(value, Decimal) else "#,##0"
            of_number = "right" if column in (2, 3) else None
            cell.alignment = Alignment(wrap_text=column > 3, vertical="top", horizontal=of_number)
            cell.font = Font(bold=_is_heading(values))
    for letter, width in zip("ABCDE", (24, 12, 18, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    _print_on_one_width(sheet)
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
    again = sent_again(result)
    if again:
        both = "hierboven meegeteld, en ook bij het eerdere bestand"
        yield ("Eerder geweigerd", again.rows, again.claimed.amount, both)
        yield ("waarvan nu weer", again.rows_rejected, again.claimed_rejected.amount)
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
    summary.set_landscape()
    summary.fit_to_pages(1, 0)
    summary.set_column(0, 0, 24)
    summary.set_column(1, 2, 18)
    summary.set_column(3, 4, 60)
    for row, values in enumerate(_summary(result)):
        for column, value in enumerate(values):
            if isinstance(value, str):
                summary.write_string(row, column, value, bold if _is_heading(values) else top)
            else:
                summary.write_number(row, column, value, euros if isinstance(value, Decimal) else whole)
    for (table, reasons), name in zip(parts, _legal_names([table.title for table, _ in parts]), strict=True):
        of_reason = reason_places(table.header)
        sheet = book.add_worksheet(name)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        header = without_reason(table.header, of_reason)
        for column, text in enumerate(header):
            sheet.write_string(0, column, text, bold)
        for column, (text, width) in enumerate(zip(REASON, _WIDTHS, strict=True), len(header)):
            sheet.write_string(0, column, text, heading)
            sheet.set_column(column, column, width)
        target = 0
        for number, cells in table.rows():
            if number in reasons:
                target += 1
                for column, text in enumerate(without_reason(cells, of_reason)):
                    sheet.write_string(target, column, text)
                sheet.set_row(target, _height(reasons[number]))
                for column, text in enumerate(reasons[number], len(header)):
                    sheet.write_string(target, column, text, reason)
        sheet.freeze_panes(1, 0)
    book.close()


def _legal_names(titles: Sequence[str]) -> list[str]:
    """Names that xlsx allows, each different from the others and from the summary, also in capitals."""
    taken = {_SUMMARY.lower()}
    names = []
    for title in titles:
        name = plain = _NOT_IN_NAMES.sub(" ", title).strip(" '")[:_LONGEST_NAME].strip(" '") or "Blad"
        number = 1
        while name.lower() in taken:
            number += 1
            ending = f" ({number})"
            name = plain[: _LONGEST_NAME - len(ending)] + ending
        taken.add(name.lower())
        names.append(name)
    return names
