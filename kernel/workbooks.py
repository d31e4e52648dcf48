"""Workbooks (xlsx, xlsm, xlsb, xls, ods) as rows of text: each cell as a CSV file of the sheet would have held it.

So whoever reads tables reads text, whatever the form of the file. python-calamine reads the cells. It gives an error
value and a formula that was never computed as an empty cell, and takes memory for every cell of the rectangle around
what is filled; therefore the parts of the file are looked through first. It is loaded when a workbook comes, since no
other command needs it.
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from kernel.findings import Refusal
from kernel.identifiers import as_shown

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

ROWS_OF_A_SHEET = 1 << 20  # no sheet of any program has more

_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_BYTES = 1 << 30  # of all parts of a workbook together: a full sheet of 25 columns
_MOST_CELLS = 60_000_000  # about 2 GB
_SUSPECT_BYTES, _SUSPECT_RATIO = 50 << 20, 150  # a million equal rows are 20 times as large as their zip
_MOST_ERRORS = 200_000
_LAST_SERIAL = 2_958_465  # 31-12-9999
_BLOCK = 1 << 20
_REMEMBERED = 50_000
_AGAIN = "vraag het bestand opnieuw op bij de afzender"
_NOT_IN_ORDER = "rijen staan niet op volgorde"  # python-calamine takes the first and the last for the outermost
_ODDLY_WRITTEN = "cellen zijn ongewoon opgeschreven"
_UNNAMED_ERROR = "#?"
_ERROR_NAMES = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#GETTING_DATA",
}  # fmt: skip

Span = tuple[int, int]  # the first and the last of rows or columns that follow each other, from 1


@dataclass(slots=True)
class _Remarks:
    """What the parts of a file tell of a sheet besides its cells. Rows and columns count from 1."""

    rows: int = 0
    columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    first_formula: str = ""
    not_computed: str = ""
    hidden_rows: list[Span] = field(default_factory=list)
    hidden_columns: list[Span] = field(default_factory=list)

    def hide_row(self, first: int, last: int) -> None:
        """Told in order, and for some forms once for each cell."""
        if self.hidden_rows and first <= self.hidden_rows[-1][1] + 1:
            first = self.hidden_rows.pop()[0]
        self.hidden_rows.append((first, last))

    def reach(self, row: int, column: int) -> None:
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)

    def add_error(self, row: int, column: int, name: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors[row, column] = name


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with something in it. `not_computed` names the first formula of which the file holds no outcome.

    `name` is its own name among the sheets of the file as it may be shown; `title` is what the file calls it, for the
    sender of the file alone. `hidden_rows` are those in which something stands, also when a filter hides them; of an
    xls it is not known which rows and columns are hidden.
    """

    name: str
    title: str
    is_hidden: bool
    hidden_rows: Sequence[Span]
    hidden_columns: Sequence[Span]
    not_computed: str
    _grid: "CalamineSheet"
    _errors: dict[tuple[int, int], str]
    _day_zero: date

    def rows(
        self, after: int = 0, width: int | None = None, days: Collection[int] = ()
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows below row `after` that are not blank, cut off after `width` cells, each with its number as a
        spreadsheet shows it. In the columns `days` (from 0) a bare number is the serial number of a day.
        """
        error_rows = {row for row, _ in self._errors}
        texts = _Texts()
        for number, values in enumerate(islice(self._grid.iter_rows(), after, None), after + 1):
            if values.count("") == len(values) and number not in error_rows:
                continue
            cells = [
                value if value.__class__ is str else texts[value] if value.__class__ is not bool else cell_text(value)
                for value in (values[:width] if width else values)
            ]
            for place in days:
                value = values[place]
                if value.__class__ in (float, int) and 1 <= value <= _LAST_SERIAL:
                    cells[place] = cell_text(_moment(value, self._day_zero))
            if number in error_rows:
                for place in range(len(cells)):
                    cells[place] = self._errors.get((number, place + 1), cells[place])
            if any(map(str.strip, cells)):
                yield number, cells

    def column(self, after: int, place: int) -> Iterator[str]:
        """The cells of one column below row `after`; this takes a third of the time of whole rows."""
        return (cell_text(values[place]) for values in islice(self._grid.iter_rows(), after, None))


class _Texts(dict[Any, str]):
    """The texts of numbers and days that were seen: most come often. Not for True, which is equal to 1."""

    def __missing__(self, value: Any) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        text = self[value] = cell_text(value)
        return text


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook that can be read. `has_links`: some of what it holds was computed from other files.

    Unless it `tells_errors`, a cell with an error value reads as an empty one.
    """

    sheets: tuple[Sheet, ...]
    has_links: bool
    tells_errors: bool


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins with `head` may be a workbook, whatever its name says."""
    return head.startswith((_ZIP + b"\3\4", _ZIP + b"\5\6", _OLE))


def cell_text(value: Any) -> str:
    """What a CSV file of a Dutch spreadsheet holds for a value.

    A number shows its fifteen significant digits, as in a spreadsheet. Three decimals become four, since 1,234 in text
    may mean two things; a number of more than fifteen digits, of which the last are lost, shows so: 2,0260E+16.
    """
    kind = value.__class__
    if kind is str:
        return str(value)
    if kind is float or kind is int:
        text = f"{value:.15g}"
        if "e" in text:
            text = f"{value:.14E}" if abs(value) >= 1 else f"{value:.20f}".rstrip("0")
        whole, point, decimals = text.partition(".")
        return f"{whole},{decimals}{'0' if len(decimals) == 3 else ''}" if point else whole
    if kind is bool:
        return "WAAR" if value else "ONWAAR"
    if kind is datetime:
        return f"{value:%d-%m-%Y %H:%M:%S}".removesuffix(" 00:00:00")
    if kind is date:
        return f"{value:%d-%m-%Y}"
    return str(value)


def _moment(serial: float, day_zero: date) -> datetime:
    start = datetime(day_zero.year, day_zero.month, day_zero.day)  # noqa: DTZ001 - a calendar day
    return (start + timedelta(days=serial, milliseconds=500)).replace(microsecond=0)


def open_workbook(path: Path, name: str) -> Workbook:
    """The sheets of a workbook in which something stands, in its order. Raises `Refusal` when it cannot be read.

    `name` is the file's name as it may be shown.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    remarks, day_zero, has_links = _look_through(path, name)
    for title, told in remarks.items():
        if told.rows * told.columns > _MOST_CELLS:
            raise Refusal(
                f'{name}, blad "{shown_name(title)}" is te groot: er staat iets in kolom {_letters(told.columns)} '
                f"en in rij {told.rows}",
                "verwijder wat er ver naast of onder de tabel staat, of bewaar het blad als CSV",
            )
    sheets: list[Sheet] = []
    try:
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
            names = _shown_names([sheet.name for sheet in book.sheets_metadata], name)
            for index, sheet in enumerate(book.sheets_metadata):
                if sheet.typ is not SheetTypeEnum.WorkSheet:
                    continue
                told = remarks.get(sheet.name, _Remarks())
                grid = book.get_sheet_by_index(index)
                if grid.start is None and not told.errors:
                    continue
                hidden = sheet.visible is not SheetVisibleEnum.Visible
                sheets.append(
                    Sheet(
                        name=names[index],
                        title=sheet.name,
                        is_hidden=hidden,
                        hidden_rows=told.hidden_rows,
                        hidden_columns=told.hidden_columns,
                        not_computed=told.not_computed,
                        _grid=grid,
                        _errors=told.errors,
                        _day_zero=day_zero,
                    )
                )
    except PasswordError:
        raise _has_password(name) from None
    except CalamineError as error:
        raise _damaged(name, error) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # compiled code met what cannot be; the class cannot be imported
            raise _damaged(name, error) from None
        raise
    with path.open("rb") as file:
        tells_errors = file.read(len(_OLE)) != _OLE
    return Workbook(tuple(sheets), has_links, tells_errors)


def _shown_names(titles: Sequence[str], file_name: str) -> list[str]:
    """The names of sheets as they may be shown and stored, each different. Raises `Refusal` for one name twice."""
    if len(set(titles)) < len(titles):
        raise Refusal(f"{file_name} is beschadigd: twee bladen heten hetzelfde", _AGAIN)
    names: list[str] = []
    for title in titles:
        shown = shown_name(title)
        names.append(shown if shown not in names else f"{shown} (blad {len(names) + 1})")
    return names


def shown_name(text: str) -> str:
    """A text of a workbook, such as the name of a sheet, as it may be shown and stored."""
    return as_shown(text)[:80]


def _letters(column: int) -> str:
    """27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _damaged(name: str, error: BaseException) -> Refusal:
    return Refusal(f"{name} is beschadigd of is geen werkmap ({shown_name(str(error))})", _AGAIN)


def _has_password(name: str) -> Refusal:
    return Refusal(f"{name} is beveiligd met een wachtwoord", "verwijder het wachtwoord en bewaar het bestand opnieuw")


# --- what stands in the parts of the file -----------------------------------------------------------------------------

_Told = tuple[dict[str, _Remarks], date, bool]
_1900, _1904 = date(1899, 12, 30), date(1904, 1, 1)


def _look_through(path: Path, name: str) -> _Told:
    """What the parts of the file tell of each sheet, the day before day 1 of its calendar, and whether it has links.

    Raises `Refusal` for what must not be read: a password, damage, more than a computer can hold.
    """
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            if _holds(file, "EncryptedPackage".encode("utf-16-le")):
                raise _has_password(name)
            _try_apart(path, name)
            return {}, _1900, False
        try:
            with zipfile.ZipFile(file) as parts:
                told = _look_through_zip(parts, name)
                if "xl/workbook.bin" in parts.namelist():  # last: it may fail for want of memory, and tells no reason
                    _try_apart(path, name)
                return told
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise Refusal(f"{name} is afgebroken of beschadigd", _AGAIN) from None
        except (
            ElementTree.ParseError,
            expat.ExpatError,
            UnicodeDecodeError,
            KeyError,
            IndexError,
            ValueError,
        ) as error:
            raise _damaged(name, error) from None


def _look_through_zip(parts: zipfile.ZipFile, name: str) -> _Told:
    infos = parts.infolist()
    names = {info.filename for info in infos}
    size, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if size > _MOST_BYTES or (size > _SUSPECT_BYTES and size > _SUSPECT_RATIO * packed):
        raise Refusal(
            f"{name} wordt uitgepakt {size >> 20} MB, uit {max(packed >> 20, 1)} MB: dat is te groot om te lezen",
            "verdeel het bestand, of bewaar de bladen als CSV",
        )
    if len(names) != len(infos):
        raise Refusal(f"{name} is beschadigd: een onderdeel staat er twee keer in", _AGAIN)
    if any(info.flag_bits & 1 for info in infos):
        raise _has_password(name)
    if "xl/workbook.xml" in names:
        return _look_through_xlsx(parts, names)
    if "xl/workbook.bin" in names:
        return _look_through_xlsb(parts, names)
    if "content.xml" in names:
        if "META-INF/manifest.xml" in names and b"encryption-data" in parts.read("META-INF/manifest.xml"):
            raise _has_password(name)
        with parts.open("content.xml") as content:
            return _look_through_ods(content), _1900, False
    raise Refusal(f"{name} is een zip-bestand, maar geen werkmap", "pak het uit en lees de bestanden erin in")


# Damage in a binary form may make python-calamine ask for more memory than there is, and that ends a process.
_TRIAL = """
import sys
from python_calamine import CalamineError, CalamineWorkbook
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
except (ImportError, OSError, ValueError):
    pass
try:
    with open(sys.argv[1], "rb") as file:
        book = CalamineWorkbook.from_filelike(file)
    for index in range(len(book.sheet_names)):
        book.get_sheet_by_index(index)
except CalamineError:
    pass
"""


def _try_apart(path: Path, name: str) -> None:
    """Read a workbook of a binary form (xls, xlsb) in a process of its own first. Raises `Refusal` when that ends."""
    trial = subprocess.run([sys.executable, "-P", "-c", _TRIAL, path], capture_output=True, check=False)
    if trial.returncode:
        raise Refusal(f"{name} is afgebroken of beschadigd", _AGAIN)


def _holds(file: IO[bytes], text: bytes) -> bool:
    rest = b""
    while block := file.read(_BLOCK):
        if text in rest + block:
            return True
        rest = block[-len(text) :]
    return False


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _targets(parts: zipfile.ZipFile, part: str) -> dict[str, str]:
    """The parts that a part of the file refers to, by relation id."""
    folder = PurePosixPath(part).parent
    relations = ElementTree.fromstring(parts.read(str(folder / "_rels" / (PurePosixPath(part).name + ".rels"))))
    return {
        relation.get("Id", ""): str(folder / relation.get("Target", "")).lstrip("/")
        for relation in relations.iter()
        if _local(relation.tag) == "Relationship"
    }


def _has_links(names: set[str]) -> bool:
    return any(part.startswith("xl/externalLinks/") for part in names)


# --- xlsx and xlsm ---

# The number of a row, or the letters of a filled cell from the 53rd column: with fewer columns a full sheet still fits.
_REACH = re.compile(rb' r="(?:(\d+)"|([A-Z]{3}|[B-Z][A-Z])\d+"(?![^<>]*/>))')
_PLACE = re.compile(rb'(?<![\w:])r="([A-Z]+)(\d+)"')
# Attributes that are written in another way than every known program writes them, which the patterns here do not see.
_ODD_CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)\b[^<>]*?(?:\s(?:r|t)(?:\s*=\s*'|\s+=|=\s)|[\t\r\n](?:r|t)\s*=)""")
_ODD_SIGNS = (b"='", b"= ", b" =", b"\n", b"\t", b"\r")
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b([^<>]*\st="e"[^<>]*)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_ERROR_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>([^<]+)<")
_FORMULA_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)?"
    rb"\s*(?:<(?:\w+:)?v\b[^<>]*>([^<]*))?"
)
_HIDDEN = rb"""(?=[^<>]*\shidden\s*=\s*["'](?:1|true)["'])"""
_HIDDEN_ROW = re.compile(
    rb"<(?:\w+:)?row\b" + _HIDDEN + rb'[^<>]*?\sr="(\d+)"[^<>]*(?<!/)>(.*?)(?:</(?:\w+:)?row>|\Z)', re.DOTALL
)
_HIDDEN_COLUMNS = re.compile(rb"<(?:\w+:)?col\b" + _HIDDEN + rb"([^<>]*)>")
_FIRST, _LAST = (re.compile(rb"""\b%s\s*=\s*["'](\d+)""" % name) for name in (b"min", b"max"))
_FILLED = re.compile(rb"<(?:\w+:)?(?:v|is)>")


def _look_through_xlsx(parts: zipfile.ZipFile, names: set[str]) -> _Told:
    targets = _targets(parts, "xl/workbook.xml")
    remarks: dict[str, _Remarks] = {}
    day_zero, is_never_computed = _1900, False
    for element in ElementTree.fromstring(parts.read("xl/workbook.xml")).iter():
        match _local(element.tag):
            case "workbookPr" if element.get("date1904") in ("1", "true"):
                day_zero = _1904
            case "calcPr":  # whoever wrote the file did not compute it: what stands in it is a zero, or old
                is_never_computed = element.get("fullCalcOnLoad") in ("1", "true")
            case "sheet":
                relation = next((text for key, text in element.attrib.items() if _local(key) == "id"), "")
                part = targets.get(relation, "")
                if part not in names:  # what is read there all the same would be read without being looked through
                    raise ValueError(f"blad {element.get('name', '')} is niet te vinden")
                with parts.open(part) as xml:
                    remarks[element.get("name", "")] = _look_through_sheet(xml)
    if is_never_computed:
        for told in remarks.values():
            told.not_computed = told.not_computed or told.first_formula
    return remarks, day_zero, _has_links(names)


def _look_through_sheet(xml: IO[bytes]) -> _Remarks:
    told = _Remarks()
    for block in _whole_rows(xml):
        if any(sign in block for sign in _ODD_SIGNS) and _ODD_CELL.search(block):
            raise ValueError(_ODDLY_WRITTEN)
        for row, letters in _REACH.findall(block):
            if row:
                if int(row) < told.rows:
                    raise ValueError(_NOT_IN_ORDER)
                told.rows = int(row)
            else:
                told.columns = max(told.columns, _column_number(letters.decode()))
        if b"hidden" in block:
            for row, inside in _HIDDEN_ROW.findall(block):
                if _FILLED.search(inside):
                    told.hide_row(int(row), int(row))
            for attributes in _HIDDEN_COLUMNS.findall(block):
                if (first := _FIRST.search(attributes)) and (last := _LAST.search(attributes)):
                    told.hidden_columns.append((int(first[1]), int(last[1])))
        if b't="e"' in block:
            for attributes, inside in _ERROR_CELL.findall(block):
                if not (place := _PLACE.search(attributes)):  # it would pass for an empty cell
                    raise ValueError(_ODDLY_WRITTEN)
                value = _ERROR_VALUE.search(inside)
                error = value[1].decode(errors="replace") if value else _UNNAMED_ERROR
                told.add_error(int(place[2]), _column_number(place[1].decode()), error)
        if b"<f" in block or (b":row" in block and b":f" in block):
            for attributes, value in _FORMULA_CELL.findall(block):
                place = _PLACE.search(attributes)
                cell = (place[1] + place[2]).decode() if place else "?"
                told.first_formula = told.first_formula or cell
                if not value and b't="str"' not in attributes and b't="inlineStr"' not in attributes:
                    told.not_computed = told.not_computed or cell
    return told


def _whole_rows(xml: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := xml.read(_BLOCK):
        block = rest + block
        end = max(block.rfind(b"</row>"), block.rfind(b":row>"))
        if end < 0 and len(block) < 16 * _BLOCK:
            rest = block
            continue
        end = end if end >= 0 else len(block)
        yield block[:end]
        rest = block[end:]
    yield rest


# --- ods ---

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_TEXT_P = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 p"


def _look_through_ods(content: IO[bytes]) -> dict[str, _Remarks]:
    remarks: dict[str, _Remarks] = {}
    told = _Remarks()
    row = column = height = width = 0  # where the current cell begins, and over how many it is repeated
    formula = is_error = is_text = is_hidden = False

    def fill() -> None:
        told.reach(row + height, column + width)
        if is_hidden:
            told.hide_row(row + 1, row + height)

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal told, row, column, height, width, formula, is_error, is_text, is_hidden
        if tag == _TEXT_P:
            formula = False  # an outcome that is an empty text has no other mark
            is_text = is_error
            fill()
            return
        if formula:
            told.not_computed = told.not_computed or f"{_letters(column + 1)}{row + 1}"
        formula = is_error = False
        if tag == f"{_TABLE}table":
            told = remarks[attributes.get(f"{_TABLE}name", "")] = _Remarks()
            row = column = height = width = 0
        elif tag == f"{_TABLE}table-row":
            row, column, width = row + height, 0, 0
            height = int(attributes.get(f"{_TABLE}number-rows-repeated", "1"))
            is_hidden = attributes.get(f"{_TABLE}visibility") in ("collapse", "filter")
        elif tag == f"{_TABLE}table-column":
            first, column = column + 1, column + int(attributes.get(f"{_TABLE}number-columns-repeated", "1"))
            if attributes.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                told.hidden_columns.append((first, column))
        elif tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            column += width
            width = int(attributes.get(f"{_TABLE}number-columns-repeated", "1"))
            has_value = f"{_OFFICE}value-type" in attributes
            formula = not has_value and f"{_TABLE}formula" in attributes
            is_error = attributes.get(f"{_CALCEXT}value-type") == "error"
            if has_value:
                fill()

    def text(characters: str) -> None:
        nonlocal is_text
        if is_text:
            told.add_error(row + 1, column + 1, characters)
            is_text = False

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.ParseFile(content)
    return remarks


# --- xlsb ---


def _look_through_xlsb(parts: zipfile.ZipFile, names: set[str]) -> _Told:
    targets = _targets(parts, "xl/workbook.bin")
    remarks: dict[str, _Remarks] = {}
    day_zero = _1900
    with parts.open("xl/workbook.bin") as workbook:
        for kind, record in _records(workbook.read()):
            if kind == 153 and record[0] & 1:
                day_zero = _1904
            elif kind == 156:
                relation, end = _wide_text(record, 8)
                if (part := targets.get(relation, "")) in names:
                    remarks[_wide_text(record, end)[0]] = _look_through_binary_sheet(parts.read(part))
    return remarks, day_zero, _has_links(names)


def _look_through_binary_sheet(content: bytes) -> _Remarks:
    told = _Remarks()
    row, is_hidden = 0, False
    for kind, record in _records(content):
        if kind == 0:
            last, row = row, int.from_bytes(record[:4], "little") + 1
            if row < last:
                raise ValueError(_NOT_IN_ORDER)
            is_hidden = bool(record[11] & 0x10)
        elif kind == 60 and record[16] & 1:
            first, last = (int.from_bytes(record[at : at + 4], "little") + 1 for at in (0, 4))
            told.hidden_columns.append((first, last))
        elif 2 <= kind <= 11:  # a filled cell, or the outcome of a formula
            column = int.from_bytes(record[:4], "little") + 1
            told.reach(row, column)
            if is_hidden:
                told.hide_row(row, row)
            if kind in (3, 11):
                told.add_error(row, column, _ERROR_NAMES.get(record[8], _UNNAMED_ERROR))
    return told


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(content)
    while at < end:
        kind = content[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (content[at] << 7)
            at += 1
        size = shift = 0
        while True:
            byte = content[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:
                break
        yield kind, content[at : at + size]
        at += size


def _wide_text(record: bytes, at: int) -> tuple[str, int]:
    length = int.from_bytes(record[at : at + 4], "little")
    end = at + 4 + 2 * length
    return record[at + 4 : end].decode("utf-16-le"), end
