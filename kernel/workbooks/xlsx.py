"""xlsx and xlsm (ECMA-376 part 1): the cells of every sheet.

Most cells are written in one of a few ways, which one pattern finds; a block with anything else goes through an XML
parser. Both lead to the same calls.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import IO
from xml.parsers import expat

from kernel.workbooks.cells import NOT_COMPUTED, Cell, error_cell, number_cell
from kernel.workbooks.formats import BUILT_IN, GENERAL, Format, format_of
from kernel.workbooks.grid import (
    BYTES_OF_A_NUMBER,
    LAST_COLUMN,
    LAST_ROW,
    Budget,
    CellsInARow,
    Damaged,
    Grid,
    Span,
    column_number,
)
from kernel.workbooks.parts import Parts, local, local_names, no_doctype, read_xml
from kernel.workbooks.raw import FROM_1900, FROM_1904, RawBook, RawSheet

_BLOCK = 1 << 18
_MOST_OF_A_ROW = 16 << 20  # bytes: a row of 16,384 long texts
_REMEMBERED = 50_000
_MOST_LAYOUTS = 100
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TRUE = ("1", "true")
_ODDLY_WRITTEN = "cellen zijn ongewoon opgeschreven"
_OF_ANOTHER_ROW = "een cel staat in een andere rij dan zij zegt"
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"']+)""")

# A row's start or end, or a cell: column, row, style, type, formula, value, inline text.
_PIECE = re.compile(
    r'<row\b([^<>]*)>|(</row>)|<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="([0-9]{1,6})")?(?: t="([A-Za-z]{1,9})")?(?:/>|>'
    r"(<f(?: [^<>]*)?(?:/>|>[^<>]*</f>))?"
    r'(?:<v(?: xml:space="preserve")?>([^<>&]*)</v>|<is><t(?: xml:space="preserve")?>([^<>&]*)</t></is>)?</c>)'
)
_GROUPS = _PIECE.groups + 1
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# How a cell is written: its style, type, formula, value and text.
_Written = tuple[str | None, str | None, str | None, str | None, str | None]
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read(parts: Parts, workbook: str) -> RawBook:
    """Every sheet with cells of a workbook of which the main part is named. Raises `Damaged` and `TooLarge`."""
    relations = parts.relations(workbook)
    found: list[tuple[str, str, bool]] = []
    day_zero, is_never_computed = FROM_1900, False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal day_zero, is_never_computed
        if tag == "workbookPr" and attributes.get("date1904") in _TRUE:
            day_zero = FROM_1904
        elif tag == "calcPr":
            is_never_computed = attributes.get("fullCalcOnLoad") in _TRUE
        elif tag == "sheet":
            found.append((attributes.get("name", ""), attributes.get("id", ""), "idden" in attributes.get("state", "")))

    with parts.open(workbook) as xml:
        read_xml(xml, start)
    kinds = {relation.kind: relation.part for relation in relations.values()}
    texts = _shared_texts(parts, kinds.get("sharedStrings"))
    formats = _formats(parts, kinds.get("styles"))
    sheets = []
    for title, relation, is_hidden in found:
        target = relations.get(relation)
        if target is None or target.part not in parts:
            raise Damaged(f"blad {title[:40]} is niet te vinden")
        if target.kind != "worksheet":  # a sheet of a chart or of macros has no cells
            continue
        reader = _SheetReader(parts.budget, texts, formats, day_zero, is_never_computed=is_never_computed)
        with parts.open(target.part) as xml:
            sheets.append(RawSheet(title, is_hidden, reader.read(xml)))
    titles = [title for title, _, _ in found]
    return RawBook(titles, sheets, day_zero, has_links=parts.any_in("xl/externallinks/"))


def _shared_texts(parts: Parts, part: str | None) -> list[str]:
    """The texts that cells refer to by number; of a text with a reading aid (phonetic) only what is shown."""
    texts: list[str] = []
    if part is None or part not in parts:
        return texts
    pieces: list[str] = []
    is_text, aids = False, 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal is_text, aids
        if tag == "si":
            pieces.clear()
        elif tag == "rPh":
            aids += 1
        is_text = tag == "t" and not aids

    def end(tag: str) -> None:
        nonlocal is_text, aids
        is_text = False
        if tag == "si":
            text = _unescaped("".join(pieces))
            texts.append(parts.budget.text(text))
        elif tag == "rPh":
            aids -= 1

    def characters(text: str) -> None:
        if is_text:
            pieces.append(text)

    with parts.open(part) as xml:
        read_xml(xml, start, end, characters)
    return texts


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _formats(parts: Parts, part: str | None) -> list[Format]:
    """The number format of every style of cells."""
    codes = dict(BUILT_IN)
    formats: list[Format] = []
    if part is None or part not in parts:
        return formats
    is_of_cells = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal is_of_cells
        if tag == "numFmt" and "numFmtId" in attributes:
            parts.budget.spend(200 + len(attributes.get("formatCode", "")))
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "cellStyleXfs", "dxfs"):
            is_of_cells = tag == "cellXfs"
        elif tag == "xf" and is_of_cells:
            parts.budget.spend(16)
            formats.append(format_of(codes.get(int(attributes.get("numFmtId", "0")), "")))

    with parts.open(part) as xml:
        read_xml(xml, start)
    return formats


class _SheetReader:
    """Reads one sheet into a grid."""

    def __init__(
        self, budget: Budget, texts: list[str], formats: list[Format], day_zero: date, *, is_never_computed: bool
    ) -> None:
        self._grid = Grid(budget)
        self._texts, self._formats, self._day_zero = texts, formats, day_zero
        self._is_never_computed = is_never_computed
        self._known: dict[_Written, Cell] = {}
        self._columns: dict[str, int] = {}
        self._layouts: dict[tuple[str, ...], list[int]] = {}
        self._row = 0
        self._is_hidden = self._hides_rows = False
        self._cells = CellsInARow(budget)

    def read(self, xml: IO[bytes]) -> Grid:
        for block in _blocks(xml, self._head):
            pieces = _PIECE.split(block)
            if "".join(pieces[::_GROUPS]).strip():
                self._read_by_parser(block)
            else:
                self._read_pieces(pieces)
        self._close_row()
        return self._grid

    def _head(self, text: bytes) -> None:
        """What stands before the rows: columns and rows that are hidden, by a mark or by their size."""
        is_default_hidden = False
        listed: list[Span] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal is_default_hidden
            if tag == "sheetFormatPr":
                self._hides_rows = attributes.get("zeroHeight") in _TRUE or _is_nought(attributes, "defaultRowHeight")
                is_default_hidden = _is_nought(attributes, "defaultColWidth")
            elif tag == "col":
                span = int(attributes.get("min", "1")), min(int(attributes.get("max", "1")), LAST_COLUMN)
                self._grid.budget.spend(100)
                listed.append(span)
                if attributes.get("hidden") in _TRUE or _is_nought(attributes, "width"):
                    self._grid.hidden_columns.append(span)

        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = no_doctype
        parser.StartElementHandler = lambda tag, attributes: start(local(tag), local_names(attributes))
        parser.Parse(text, False)
        if is_default_hidden:
            shown = {column for first, last in listed for column in range(first, last + 1)}
            self._grid.hidden_columns += (
                (column, column) for column in range(1, LAST_COLUMN + 1) if column not in shown
            )

    def _read_pieces(self, pieces: list[str]) -> None:
        """The cells that the pattern found. Most hold what another cell held too, so that it is looked up."""
        attributes, letters, numbers = (pieces[group::_GROUPS] for group in (1, 3, 4))
        written = list(zip(*(pieces[group::_GROUPS] for group in range(5, 10)), strict=True))
        known = self._known.get
        filled = [self._remembered(one) if (cell := known(one)) is None else cell for one in written]
        marks = [at for at, column in enumerate(letters) if column is None]  # where rows begin and end
        if not marks or marks[0]:
            if letters:
                raise Damaged(_ODDLY_WRITTEN)
            return
        for mark, next_mark in zip(marks, [*marks[1:], len(letters)], strict=True):
            if attributes[mark] is not None:
                self._start_row(_row_attributes(attributes[mark]))
            inside = slice(mark + 1, next_mark)
            if of_row := letters[inside]:
                if numbers[inside] != [str(self._row)] * len(of_row):
                    raise Damaged(_OF_ANOTHER_ROW)
                self._cells.put_all(self._columns_of(tuple(of_row)), filled[inside])

    def _column(self, letters: str) -> int:
        return self._columns.get(letters) or self._columns.setdefault(letters, column_number(letters))

    def _columns_of(self, letters: tuple[str, ...]) -> list[int]:
        columns = self._layouts.get(letters)
        if columns is None:
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            columns = self._layouts[letters] = [self._column(one) for one in letters]
            if len(set(columns)) < len(columns):
                raise Damaged("een cel staat er twee keer in")
        return columns

    def _remembered(self, written: _Written) -> Cell:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        cell = self._known[written] = self._cell(*written)
        return cell

    def _read_by_parser(self, block: str) -> None:
        """The rows of a block, however they are written. Whole rows stand in it, so that it is XML by itself."""
        column = 0
        style: str | None = None
        kind: str | None = None
        formula: str | None = None
        is_value = is_text = False
        value: list[str] | None = None
        text: list[str] | None = None
        aids = 0

        def start(tag: str, given: dict[str, str]) -> None:
            nonlocal column, style, kind, formula, value, text, is_value, is_text, aids
            tag, attributes = local(tag), local_names(given)
            is_value = is_text = False
            if tag == "row":
                self._start_row(attributes)
            elif tag == "c":
                column = self._place(attributes["r"]) if "r" in attributes else 0
                style, kind = attributes.get("s"), attributes.get("t")
                formula, value, text = None, None, None
            elif tag == "f":
                formula = "f"
            elif tag == "v":
                value, is_value = [], True
            elif tag == "is":
                text = []
            elif tag == "rPh":
                aids += 1
            elif tag == "t":
                is_text = text is not None and not aids

        def end(tag: str) -> None:
            nonlocal is_value, is_text, aids
            tag = local(tag)
            is_value = is_text = False
            if tag == "c":
                whole = (None if pieces is None else "".join(pieces) for pieces in (value, text))
                self._cells.put(column, self._cell(style, kind, formula, *whole))
            elif tag == "rPh":
                aids -= 1

        def characters(data: str) -> None:
            if is_value and value is not None:
                value.append(data)
            elif is_text and text is not None:
                text.append(data)

        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
        parser.Parse(f"<rows>{block}</rows>", True)

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._close_row()
        number = int(attributes["r"]) if "r" in attributes else self._row + 1
        if number > LAST_ROW:
            raise Damaged("er staat een cel buiten het blad")
        if number <= self._row:
            raise Damaged("rijen staan niet op volgorde")
        self._row = number
        has_height = attributes.get("customHeight") in _TRUE or "ht" in attributes
        self._is_hidden = (
            attributes.get("hidden") in _TRUE or _is_nought(attributes, "ht") or (self._hides_rows and not has_height)
        )

    def _close_row(self) -> None:
        self._grid.add_row(self._row, self._cells, is_hidden=self._is_hidden)
        self._cells = CellsInARow(self._grid.budget)

    def _place(self, reference: str) -> int:
        """The column of a cell that says where it stands."""
        found = _PLACE.fullmatch(reference)
        if found is None:
            raise Damaged(_ODDLY_WRITTEN)
        if int(found[2]) != self._row:
            raise Damaged(_OF_ANOTHER_ROW)
        return self._column(found[1])

    def _cell(
        self, style: str | None, kind: str | None, formula: str | None, value: str | None, text: str | None
    ) -> Cell:
        """What stands in a cell: its style, type, formula, value and text as they are written."""
        if value is None and text is None:
            return NOT_COMPUTED if formula else error_cell("") if kind == "e" else ""
        if kind is None or kind == "n":
            return self._number(style, (value or "").strip(), has_formula=formula is not None)
        if kind == "s":
            at = int(value or "-1")
            if not 0 <= at < len(self._texts):
                raise Damaged("een tekst ontbreekt")
            return self._texts[at]
        if kind == "e":
            return error_cell(value or "")
        if kind == "b":
            return "WAAR" if (value or "").strip() in _TRUE else "ONWAAR"
        if kind == "d":
            day = value or ""
            return f"{date.fromisoformat(day[:10]):%d-%m-%Y}{day[10:].removesuffix('T00:00:00').replace('T', ' ')}"
        return self._grid.budget.text(_unescaped(text if text is not None else value or ""))

    def _number(self, style: str | None, value: str, *, has_formula: bool) -> Cell:
        """A cell with a number. What a writer that computes nothing puts beside a formula is a nought."""
        if has_formula and (not value or (self._is_never_computed and not Decimal(value))):
            return NOT_COMPUTED
        if not value:
            return ""
        self._grid.budget.spend(BYTES_OF_A_NUMBER)
        at = int(style or "0")
        of = self._formats[at] if at < len(self._formats) else GENERAL
        return number_cell(Decimal(value), of, self._day_zero)


def _row_attributes(text: str) -> dict[str, str]:
    return {local(name): one or other for name, one, other in _ATTRIBUTE.findall(text)}


def _is_nought(attributes: dict[str, str], name: str) -> bool:
    return name in attributes and not Decimal(attributes[name] or "0")


def _blocks(xml: IO[bytes], head: Callable[[bytes], None]) -> Iterator[str]:
    """The rows of a sheet, whole rows at a time; `head` gets what stands before them. What follows is left out."""
    rest = b""
    started = False
    while block := xml.read(_BLOCK):
        rest += block
        if not started:
            _refuse_other_encodings(rest)
            if (found := _ROWS.search(rest)) is None:
                if len(rest) > _MOST_OF_A_ROW:
                    raise Damaged("de rijen zijn niet te vinden")
                continue
            head(rest[: found.start()])
            started, rest = True, rest[found.end() :]
        if (last := _END_OF_ROWS.search(rest)) is not None:
            yield rest[: last.start()].decode("utf-8")
            _read_to_the_end(xml)
            return
        end = max(rest.rfind(b"</row>") + 6, rest.rfind(b":row>") + 5)
        if end > 5:
            yield rest[:end].decode("utf-8")
            rest = rest[end:]
        elif len(rest) > _MOST_OF_A_ROW:
            raise Damaged("een rij is te lang")
    if started:
        raise Damaged("het blad is niet af")
    _refuse_other_encodings(rest)
    head(rest)


_ROWS = re.compile(rb"<(?:\w+:)?sheetData(?:\s[^<>]*)?(?<!/)>")
_END_OF_ROWS = re.compile(rb"</(?:\w+:)?sheetData\s*>")


def _read_to_the_end(xml: IO[bytes]) -> None:
    """The check of the zip comes at the end of a part."""
    while xml.read(_BLOCK):
        pass


def _refuse_other_encodings(head: bytes) -> None:
    declared = _DECLARED.search(head[:200])
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise Damaged(_ODDLY_WRITTEN)
