"""Opening a workbook: what a file is follows from its content, and what is wrong with it is said as it is."""

import gc
import struct
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import IO
from xml.parsers import expat

from kernel.findings import Refusal
from kernel.identifiers import as_shown
from kernel.workbooks import ods, xls, xlsb, xlsx
from kernel.workbooks.cells import Cell, Holds, cell_text
from kernel.workbooks.grid import LAST_ROW, Budget, Damaged, Grid, Span, TooLarge
from kernel.workbooks.parts import Encrypted, OddlyPacked, Parts, TooLargeUnpacked, read_xml
from kernel.workbooks.raw import RawBook, RawSheet

ROWS_OF_A_SHEET = LAST_ROW

_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_AGAIN = "vraag het bestand opnieuw op bij de afzender"
_LONGEST_NAME = 80
_BLOCK = 1 << 20
# Other documents that are a zip, by a part that they have.
_OTHERS = (("word/document.xml", "een Word-document"), ("ppt/presentation.xml", "een presentatie"))
_TEXTS_OF_ODF = {
    "application/vnd.oasis.opendocument.text": "een tekstdocument",
    "application/vnd.oasis.opendocument.presentation": "een presentatie",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with something in it. `not_computed` has the place of each formula of which the file holds no outcome.

    `name` is its own name among the sheets of the file as it may be shown; `title` is what the file calls it, for the
    sender of the file alone. `hidden_rows` are those in which something stands, also when a filter hides them. Rows
    and columns count from 1.
    """

    name: str
    title: str
    is_hidden: bool
    hidden_rows: Sequence[Span]
    hidden_columns: Sequence[Span]
    not_computed: Sequence[tuple[int, int]]
    _grid: Grid
    _day_zero: date

    def rows(
        self, after: int = 0, width: int | None = None, holds: Mapping[int, Holds] | None = None
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows below row `after` that are not blank, each with its number as a spreadsheet shows it.

        They have `width` cells; without it they end with the last one that is filled. `holds` tells by place (from 0)
        what a column is for, where that is not text.
        """
        kinds = holds or {}
        of_text = _Texts(Holds.TEXT, self._day_zero)
        of_others = [(place, _Texts(kind, self._day_zero)) for place, kind in kinds.items()]
        for number, row in self._rows_below(after):
            texts = [cell if cell.__class__ is str else of_text[cell] for cell in islice(row, width)]
            for place, of_kind in of_others:
                if place < len(row) and row[place].__class__ is not str:
                    texts[place] = of_kind[row[place]]
            if width is not None and len(texts) < width:
                texts += [""] * (width - len(texts))
            if any(texts):
                yield number, texts

    def width(self, after: int) -> int:
        """How many columns have something in a row below row `after`."""
        return max((len(row) for _, row in self._rows_below(after)), default=0)

    def is_filled(self, row: int, place: int) -> bool:
        """Whether something stands in row `row` (from 1) at `place` (from 0), be it a formula without outcome."""
        at = bisect_left(self._grid.rows, row, key=itemgetter(0))
        cells = self._grid.rows[at][1] if at < len(self._grid.rows) and self._grid.rows[at][0] == row else []
        return place < len(cells) and cells[place] != ""

    def _rows_below(self, after: int) -> Iterator[tuple[int, list[Cell]]]:
        return islice(self._grid.rows, bisect_right(self._grid.rows, after, key=itemgetter(0)), None)


class _Texts(dict[Cell, str]):
    """The texts of cells in columns of one kind; most come often."""

    def __init__(self, holds: Holds, day_zero: date) -> None:
        super().__init__()
        self._holds, self._day_zero = holds, day_zero

    def __missing__(self, cell: Cell) -> str:
        text = self[cell] = cell_text(cell, self._holds, self._day_zero)
        return text


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook that can be read. `has_links`: some of what it holds was computed from other files."""

    sheets: tuple[Sheet, ...]
    has_links: bool


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins with `head` may be a workbook, whatever its name says."""
    return head.startswith((_ZIP + b"\3\4", _ZIP + b"\5\6", _OLE))


def open_workbook(path: Path, name: str) -> Workbook:
    """The sheets of a workbook in which something stands, in its order. Raises `Refusal` when it cannot be read.

    `name` is the file's name as it may be shown.
    """
    budget = Budget(path.stat().st_size)
    try:
        with _without_garbage_collection():
            book = _read(path, budget, name)
    except Encrypted:
        raise Refusal(
            f"{name} is beveiligd met een wachtwoord", "verwijder het wachtwoord en bewaar het bestand opnieuw"
        ) from None
    except TooLarge:
        raise Refusal(
            f"{name} vraagt om meer geheugen dan een bestand van {_size(budget.size)} mag: er staan te veel cellen in",
            "verwijder wat er naast en onder de tabel staat, of bewaar het blad als CSV",
        ) from None
    except TooLargeUnpacked as large:
        unpacked, packed = large.args
        raise Refusal(
            f"{name} wordt uitgepakt {unpacked >> 20} MB, uit {max(packed >> 20, 1)} MB: dat is te groot om te lezen",
            "verdeel het bestand, of bewaar de bladen als CSV",
        ) from None
    except OddlyPacked:
        raise Refusal(
            f"{name} is ingepakt op een manier die niet gelezen kan worden", "open het bestand in Excel en bewaar het"
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise Refusal(f"{name} is afgebroken of beschadigd", _AGAIN) from None
    except (Damaged, expat.ExpatError, ArithmeticError, ValueError, LookupError, struct.error) as error:
        reason = "een getal is geen getal" if isinstance(error, ArithmeticError) else shown_name(str(error))
        raise Refusal(f"{name} is beschadigd of is geen werkmap ({reason})", _AGAIN) from None
    if book.titles and not book.sheets:
        raise Refusal(
            f"{name} heeft geen blad met cellen, alleen bladen met een grafiek of macro's",
            "zet de tabel op een gewoon blad",
        )
    names = dict(zip(book.titles, _shown_names(book.titles, name), strict=True))
    sheets = (_sheet(raw, names[raw.title], book.day_zero) for raw in book.sheets if raw.grid.rows)
    return Workbook(tuple(sheets), book.has_links)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Millions of cells come and none goes: looking for garbage among them takes longer than reading them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _sheet(raw: RawSheet, name: str, day_zero: date) -> Sheet:
    grid = raw.grid
    return Sheet(
        name=name,
        title=raw.title,
        is_hidden=raw.is_hidden,
        hidden_rows=grid.hidden_rows,
        hidden_columns=grid.hidden_columns,
        not_computed=grid.not_computed,
        _grid=grid,
        _day_zero=day_zero,
    )


def _read(path: Path, budget: Budget, name: str) -> RawBook:
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            if _holds(file, "EncryptedPackage".encode("utf-16-le")):
                raise Encrypted
            return xls.read(path, budget)
        with zipfile.ZipFile(file) as zipped:
            parts = Parts(zipped, budget)
            workbook = _main_part(parts)
            if "content.xml" in parts and workbook is None:
                return _read_ods(parts, name)
            if workbook is None:
                other = next((word for part, word in _OTHERS if part in parts), "een zip-bestand")
                hint = "pak het uit en lees de bestanden erin in" if other == "een zip-bestand" else "stuur de werkmap"
                raise Refusal(f"{name} is {other}, maar geen werkmap", hint)
            return xlsb.read(parts, workbook) if workbook.endswith(".bin") else xlsx.read(parts, workbook)


def _main_part(parts: Parts) -> str | None:
    """The part that lists the sheets of an Excel workbook; None for other files."""
    related = (relation.part for relation in parts.relations("").values() if relation.kind == "officeDocument")
    known = ("xl/workbook.xml", "xl/workbook.bin")
    candidates = (*(part for part in related if part.lower().startswith("xl/")), *known)
    return next((part for part in candidates if part in parts), None)


def _read_ods(parts: Parts, name: str) -> RawBook:
    if "META-INF/manifest.xml" in parts:
        _refuse_encryption(parts)
    if "mimetype" in parts:
        with parts.open("mimetype") as kind:
            other = _TEXTS_OF_ODF.get(kind.read(100).decode("latin-1").strip())
        if other:
            raise Refusal(f"{name} is {other}, maar geen werkmap", "stuur de werkmap")
    return ods.read(parts)


def _refuse_encryption(parts: Parts) -> None:
    def start(tag: str, _: dict[str, str]) -> None:
        if tag == "encryption-data":
            raise Encrypted

    with parts.open("META-INF/manifest.xml") as xml:
        read_xml(xml, start)


def _holds(file: IO[bytes], text: bytes) -> bool:
    rest = b""
    while block := file.read(_BLOCK):
        if text in rest + block:
            return True
        rest = block[-len(text) :]
    return False


def _size(size: int) -> str:
    return f"{size >> 20} MB" if size >= 1 << 20 else f"{max(size >> 10, 1)} kB"


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
    return as_shown(text)[:_LONGEST_NAME]
