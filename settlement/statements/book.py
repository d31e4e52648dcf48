"""The workbook: its look, its pages for print, and the one way in which cells are written.

What a user supplied is always written as text, also where it looks like a formula, a number or a link; a text that
begins like a formula is marked so that it stays text when somebody edits the cell. Amounts are written as decimals.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from textwrap import wrap
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell

from settlement.statements.formulas import Cell, Formula, number_of

_A4 = 9
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_EVERY_CELL = "A1:XFD1048576"

_INK = "#1F2933"
_QUIET = "#6B7785"
_LINE = "#C9D1D9"
_SHADE = "#EDF1F5"
_ALARM = "#A8320A"

_LINE_HEIGHT = 15
_ROW_HEIGHT = 18
_SLACK = 1  # characters of a column that its padding takes

_EUR = "#,##0.00;[Red]-#,##0.00"
_RULED = {"bottom": 1, "bottom_color": _LINE}
_NUMBER = {**_RULED, "align": "right", "indent": 1}
_TOTAL = {"bold": True, "top": 1, "top_color": _INK, "bottom": 1, "bottom_color": _INK}
_TOTAL_EUR = {**_TOTAL, "num_format": _EUR, "align": "right", "indent": 1}
_OUTCOME = {"font_size": 13, "bg_color": _SHADE}
_HEADER = {"bold": True, "bg_color": _SHADE, "text_wrap": True, "bottom": 1, "bottom_color": _INK}
_NOTE = {"font_color": _QUIET, "italic": True}

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 20},
    "subtitle": {"font_size": 13, "font_color": _QUIET},
    "alarm": {"bold": True, "font_size": 12, "font_color": _ALARM},
    "heading": {"bold": True, "font_size": 13},
    "subheading": {"bold": True, "font_color": _QUIET},
    "label": {"font_color": _QUIET},
    "plain": {},
    "note": _NOTE,
    "header": _HEADER,
    "header_right": {**_HEADER, "align": "right", "indent": 1},
    "text": _RULED,
    "wrapped": {**_RULED, "text_wrap": True},
    "input": {**_RULED, "indent": 2, "font_color": _QUIET, "text_wrap": True},
    "strong": {**_RULED, "bold": True, "text_wrap": True},
    "order": {**_RULED, "num_format": "0", "align": "left"},
    "count": {**_NUMBER, "num_format": "#,##0"},
    "decimals": {**_NUMBER, "num_format": "#,##0.00"},
    "price": {**_NUMBER, "num_format": "#,##0.00##"},
    "percent": {**_NUMBER, "num_format": '0.00####" %"'},
    "share": {**_NUMBER, "num_format": '0.00000000" %"'},
    "eur": {**_NUMBER, "num_format": _EUR},
    "strong_eur": {**_NUMBER, "num_format": _EUR, "bold": True},
    "total_text": _TOTAL,
    "total_eur": _TOTAL_EUR,
    "outcome_text": {**_TOTAL, **_OUTCOME},
    "outcome_eur": {**_TOTAL_EUR, **_OUTCOME},
}
_HEIGHTS = {"title": 30, "subtitle": 22, "alarm": 22, "heading": 24, "outcome_text": 24}


class Page:
    """A sheet that is filled from the top: `row` is where the next cells come."""

    def __init__(
        self,
        name: str,
        worksheet: Any,
        widths: Sequence[int],
        styles: Mapping[str, Any],
        quoted: Mapping[str, Any],
        repeat_header: bool,
    ) -> None:
        self.name = name
        self.row = 0
        self._worksheet = worksheet
        self._widths = widths
        self._styles = styles
        self._quoted = quoted
        self._repeat_header = repeat_header
        self._heights: dict[int, float] = {}

    def text(self, column: int, text: str, style: str = "text") -> None:
        """Write text, whatever it looks like."""
        formats = self._quoted if text.startswith(_FORMULA_STARTS) else self._styles
        self._worksheet.write_string(self.row, column, text, formats[style])
        height = _HEIGHTS.get(style, _ROW_HEIGHT)
        if _STYLES[style].get("text_wrap"):
            height += _LINE_HEIGHT * (lines_in(text, self._widths[column]) - 1)
        if height > self._heights.get(self.row, _ROW_HEIGHT):
            self._heights[self.row] = height
            self._worksheet.set_row(self.row, height)

    def number(self, column: int, number: Fraction | Decimal | int, style: str) -> Cell:
        """Write a number that is not computed here."""
        exact = Fraction(number)
        self._worksheet.write_number(self.row, column, number_of(exact), self._styles[style])
        return Cell(self.name, xl_rowcol_to_cell(self.row, column), exact)

    def formula(self, column: int, formula: Formula, style: str) -> Cell:
        """Write a formula with its value beside it."""
        value = number_of(formula.exact)
        self._worksheet.write_formula(self.row, column, f"={formula.text}", self._styles[style], value)
        return Cell(self.name, xl_rowcol_to_cell(self.row, column), formula.exact)

    def fill(self, first: int, last: int, style: str) -> None:
        """Give cells a style without content."""
        for column in range(first, last + 1):
            self._worksheet.write_blank(self.row, column, None, self._styles[style])

    def line(self, text: str, style: str) -> None:
        """A line of text by itself."""
        self.text(0, text, style)
        self.row += 1

    def headers(self, names: Sequence[str], right: Sequence[str] = ()) -> None:
        """A row of column headers; the names in `right` stand above numbers.

        Where the sheet repeats its header, the first one stays in sight and stands on every printed page.
        """
        for column, name in enumerate(names):
            self.text(column, name, "header_right" if name in right else "header")
        if self._repeat_header:
            self._worksheet.freeze_panes(self.row + 1, 0)
            self._worksheet.repeat_rows(self.row)
            self._repeat_header = False
        self.row += 1


class Book:
    """A workbook that is made in memory. The moment it bears is given, so that the same statement is the same file."""

    def __init__(self, title: str, mark: str, created: datetime) -> None:
        self._content = BytesIO()
        self._workbook = Workbook(
            self._content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._workbook.set_properties({"title": title, "created": created.astimezone(UTC).replace(tzinfo=None)})
        self._workbook.set_calc_mode("auto")
        self._title = title
        self._mark = mark
        self._styles = {name: self._format(style) for name, style in _STYLES.items()}
        self._quoted = {name: self._format({**style, "quote_prefix": True}) for name, style in _STYLES.items()}

    def page(self, name: str, widths: Sequence[int], *, landscape: bool = False, repeat_header: bool = False) -> Page:
        """Add a sheet of A4 that is as wide as one page, with `widths` of its columns in characters."""
        sheet = self._workbook.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
        sheet.set_default_row(_ROW_HEIGHT)
        mark = f"&R&9&B{_escaped(self._mark)}" if self._mark else ""
        sheet.set_header(f"&L&9{_escaped(self._title)}{mark}")
        sheet.set_footer("&L&9&A&R&9Pagina &P van &N")
        sheet.hide_gridlines(2)
        sheet.ignore_errors({"number_stored_as_text": _EVERY_CELL})
        return Page(name, sheet, widths, self._styles, self._quoted, repeat_header)

    def content(self) -> bytes:
        """Close the workbook and give its bytes."""
        self._workbook.close()
        return self._content.getvalue()

    def _format(self, style: Mapping[str, Any]) -> Any:
        return self._workbook.add_format({"font_color": _INK, "valign": "vcenter", **style})


def lines_in(text: str, width: int) -> int:
    """How many lines text takes in a column of `width` characters, so that no reader has to find out by itself."""
    return sum(max(1, len(wrap(line, width - _SLACK))) for line in text.split("\n"))


def _escaped(text: str) -> str:
    """Text for a header or footer, where `&` begins a code."""
    return text.replace("&", "&&")
