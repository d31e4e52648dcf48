"""The workbook: its look, its pages for print, and the one way in which cells are written.

What a user supplied is always written as text, also where it looks like a formula, a number or a link; a text that
begins like a formula is marked so that it stays text when somebody edits the cell. Amounts are written as decimals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from textwrap import wrap
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from kernel.findings import Refusal
from kernel.notation import format_number
from settlement.languages.language import Language
from settlement.statements.formulas import Cell, Formula, number_of

_AUTHOR = "bekostiging"
_A4 = 9
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MOST_ROWS = 1_048_576  # what is written below that is lost without a word
_EVERY_CELL = f"A1:XFD{_MOST_ROWS}"
_DAY_ZERO = date(1899, 12, 30)

_INK = "#1F2933"
_QUIET = "#6B7785"
_LINE = "#C9D1D9"
_SHADE = "#EDF1F5"
_ALARM = "#A8320A"
_LINES = ("#1F5C99", "#A8320A", "#4D8B31")

_LINE_HEIGHT = 15
_ROW_HEIGHT = 18
_FONT_SIZE = 11
_PIXELS_PER_CHARACTER, _PIXELS_OF_PADDING, _PIXELS_PER_ROW = 7, 5, 24
_CHARACTERS_PER_INDENT = 1.3
_SLACK = 1  # characters of a column that its padding takes

_EUR = "#,##0.00;[Red]-#,##0.00"
DEEPEST_STEP = 7  # further to the right no step goes

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
    **{f"step{depth}": {**_RULED, "text_wrap": True, "indent": 2 * depth} for depth in range(DEEPEST_STEP + 1)},
    "order": {**_RULED, "num_format": "0", "align": "left"},
    "date": {**_RULED, "align": "left"},
    "count": {**_NUMBER, "num_format": "#,##0"},
    "decimals": {**_NUMBER, "num_format": "#,##0.00####"},
    "price": {**_NUMBER, "num_format": "#,##0.00##"},
    "percent": {**_NUMBER, "num_format": '0.00####" %"'},
    "share": {**_NUMBER, "num_format": '0.00000000" %"'},
    "eur": {**_NUMBER, "num_format": _EUR},
    "strong_eur": {**_NUMBER, "num_format": _EUR, "bold": True},
    "total_text": _TOTAL,
    "total_order": {**_TOTAL, "num_format": "0", "align": "left"},
    "total_eur": _TOTAL_EUR,
    "outcome_text": {**_TOTAL, **_OUTCOME},
    "outcome_eur": {**_TOTAL_EUR, **_OUTCOME},
}
_WRAPS = frozenset(name for name, style in _STYLES.items() if style.get("text_wrap"))
_HEIGHTS = {"title": 30, "subtitle": 22, "alarm": 22, "heading": 24, "outcome_text": 24}


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a chart: the cell of its name and the cells of its values, which stand below each other."""

    name: Cell
    values: Sequence[Cell]
    dashed: bool = False


class Page:
    """A sheet that is filled from the top: `row` is where the next cells come."""

    def __init__(
        self,
        name: str,
        workbook: Any,
        worksheet: Any,
        widths: Sequence[int],
        styles: Mapping[str, Any],
        quoted: Mapping[str, Any],
        repeat_header: bool,
    ) -> None:
        self.name = name
        self.row = 0
        self._workbook = workbook
        self._worksheet = worksheet
        self._widths = widths
        self._styles = styles
        self._quoted = quoted
        self._repeat_header = repeat_header
        self._heights: dict[int, float] = {}

    def text(self, column: int, text: str, style: str = "text") -> None:
        """Write text, whatever it looks like."""
        if not text:
            self._worksheet.write_blank(self.row, column, None, self._styles[style])
            return
        formats = self._quoted if text.startswith(_FORMULA_STARTS) else self._styles
        self._worksheet.write_string(self.row, column, text, formats[style])
        height = _HEIGHTS.get(style, _ROW_HEIGHT)
        if style in _WRAPS:
            width = self._widths[column] - _STYLES[style].get("indent", 0) * _CHARACTERS_PER_INDENT
            height += _LINE_HEIGHT * (lines_in(text, int(width)) - 1)
        if height > self._heights.get(self.row, _ROW_HEIGHT):
            self._heights[self.row] = height
            self._worksheet.set_row(self.row, height)

    def number(self, column: int, number: Fraction | Decimal | int, style: str) -> Cell:
        """Write a number that is not computed here."""
        exact = number if isinstance(number, Fraction) else Fraction(number)
        self._worksheet.write_number(self.row, column, number_of(exact), self._styles[style])
        return Cell(self.name, xl_rowcol_to_cell(self.row, column), exact)

    def date(self, column: int, day: date) -> None:
        """Write a day as a date of the spreadsheet."""
        self._worksheet.write_number(self.row, column, (day - _DAY_ZERO).days, self._styles["date"])

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
        """Text by itself, over as many lines as the width of the page asks."""
        size = _STYLES[style].get("font_size", _FONT_SIZE)
        for part in wrap(text, sum(self._widths) * _FONT_SIZE // size) or [""]:
            self.text(0, part, style)
            self.row += 1

    def columns(self, language: Language, names: Sequence[str], right: Sequence[str] = ()) -> None:
        """A row of column headers by their codes; those in `right` stand above numbers.

        Where the sheet repeats its header, the first one stays in sight and stands on every printed page.
        """
        for column, name in enumerate(names):
            self.text(column, language.say(f"column.{name}"), "header_right" if name in right else "header")
        if self._repeat_header:
            self._worksheet.freeze_panes(self.row + 1, 0)
            self._worksheet.repeat_rows(self.row)
            self._repeat_header = False
        self.row += 1

    def line_chart(
        self, title: str, categories: Sequence[Cell], series: Sequence[Series], rows: int, *, from_nil: bool
    ) -> None:
        """A chart as wide as the page and `rows` high, over cells of this sheet; its axis begins at nil if so asked."""
        chart = self._workbook.add_chart({"type": "line"})
        for place, one in enumerate(series):
            look = {"color": _LINES[place % len(_LINES)], "width": 2.25}
            chart.add_series(
                {
                    "name": f"={one.name.absolute}",
                    "categories": f"={_range(categories)}",
                    "values": f"={_range(one.values)}",
                    "line": {**look, "dash_type": "dash"} if one.dashed else look,
                }
            )
        chart.set_title({"name": title, "overlay": False, "name_font": {"size": 11, "color": _INK}})
        grid = {"visible": True, "line": {"color": _LINE}}
        chart.set_y_axis({"num_format": "#,##0", "major_gridlines": grid, **({"min": 0} if from_nil else {})})
        chart.set_x_axis({"num_font": {"size": 8}, "label_position": "low"})
        chart.set_legend({"position": "bottom"})
        chart.show_blanks_as("gap")
        width = sum(width * _PIXELS_PER_CHARACTER + _PIXELS_OF_PADDING for width in self._widths)
        chart.set_size({"width": width, "height": rows * _PIXELS_PER_ROW})
        self._worksheet.insert_chart(self.row, 0, chart, {"object_position": 2, "description": title})
        self.row += rows

    def finish(self) -> None:
        """Print what was written and no more. Raises `Refusal` when it is more than a sheet can hold."""
        if self.row > _MOST_ROWS:
            raise Refusal(
                f"het blad {self.name} zou {format_number(self.row)} rijen hebben en een werkblad heeft er hooguit "
                f"{format_number(_MOST_ROWS)}",
                "schrijf de afrekeningen zonder een blad met elke levering: --no-detail",
            )
        self._worksheet.print_area(0, 0, max(self.row - 1, 0), len(self._widths) - 1)


class _Sheet(Worksheet):  # type: ignore[misc]
    """XlsxWriter looks in every formula for thirty functions of later spreadsheets; no formula here uses one."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")


class Book:
    """A workbook that is made in memory. The moment it bears is given, so that the same statement is the same file."""

    def __init__(self, title: str, mark: str, created: datetime, language: Language) -> None:
        self._content = BytesIO()
        self._workbook = Workbook(
            self._content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        moment = created.astimezone(UTC).replace(tzinfo=None)
        self._workbook.set_properties({"title": title, "author": _AUTHOR, "created": moment})
        self._workbook.set_calc_mode("auto")
        self._title = title
        self._mark = mark
        self._language = language
        styles = {**_STYLES, "date": {**_STYLES["date"], "num_format": language.cell_date}}
        self._styles = {name: self._format(style) for name, style in styles.items()}
        self._quoted = {name: self._format({**style, "quote_prefix": True}) for name, style in styles.items()}
        self._pages: list[Page] = []

    def page(self, name: str, widths: Sequence[int], *, landscape: bool = False, repeat_header: bool = False) -> Page:
        """Add a sheet of A4 that is as wide as one page, with `widths` of its columns in characters."""
        sheet = self._workbook.add_worksheet(name, worksheet_class=_Sheet)
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
        sheet.set_footer(f"&L&9&A&R&9{self._language.say('page')}")
        sheet.hide_gridlines(2)
        sheet.ignore_errors({"number_stored_as_text": _EVERY_CELL})
        page = Page(name, self._workbook, sheet, widths, self._styles, self._quoted, repeat_header)
        self._pages.append(page)
        return page

    def content(self) -> bytes:
        """Close the workbook and give its bytes."""
        for page in self._pages:
            page.finish()
        self._workbook.close()
        return self._content.getvalue()

    def _format(self, style: Mapping[str, Any]) -> Any:
        return self._workbook.add_format({"font_color": _INK, "valign": "vcenter", **style})


def _range(column: Sequence[Cell]) -> str:
    return f"{column[0].absolute}:{column[-1].absolute.partition('!')[2]}"


def lines_in(text: str, width: int) -> int:
    """How many lines text takes in a column of `width` characters, so that no reader has to find out by itself."""
    if len(text) < width and "\n" not in text:
        return 1
    return sum(max(1, len(wrap(line, width - _SLACK))) for line in text.split("\n"))


def _escaped(text: str) -> str:
    """Text for a header or footer, where `&` begins a code."""
    return text.replace("&", "&&")
