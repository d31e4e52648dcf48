"""The parts of a workbook that is a zip file, and what its XML says, read as a stream."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from posixpath import dirname, join, normpath
from typing import IO
from xml.parsers import expat

from kernel.workbooks.grid import Budget, Damaged

_BLOCK = 1 << 18
_MOST_BYTES = 1 << 30  # of all parts together: a full sheet of 25 columns
_SUSPECT_BYTES, _SUSPECT_RATIO = 50 << 20, 150  # a million equal rows are 20 times as large as their zip
_MOST_RELATIONS = 10_000

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Encrypted(Exception):
    """A part is protected by a password."""


class TooLargeUnpacked(Exception):
    """The parts unpack to more than may be read: so many bytes, from so many."""


class OddlyPacked(Exception):
    """A part is packed in a way that cannot be undone here."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Another part that a part refers to, and as what: the last word of the type, such as 'worksheet'."""

    part: str
    kind: str


class Parts:
    """The parts of a zip file by name; capitals and backward slashes, which some programs write, make no difference."""

    def __init__(self, zipped: zipfile.ZipFile, budget: Budget) -> None:
        infos = zipped.infolist()
        unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
        if unpacked > _MOST_BYTES or (unpacked > _SUSPECT_BYTES and unpacked > _SUSPECT_RATIO * packed):
            raise TooLargeUnpacked(unpacked, packed)
        self._zipped, self.budget = zipped, budget
        self._infos = {_plain(info.filename): info for info in infos}
        if len(self._infos) != len(infos):
            raise Damaged("een onderdeel staat er twee keer in")
        if any(info.flag_bits & 1 for info in infos):
            raise Encrypted

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._infos

    def any_in(self, folder: str) -> bool:
        return any(name.startswith(folder) for name in self._infos)

    def open(self, name: str) -> IO[bytes]:
        """Raises `Damaged` when the part is not there."""
        info = self._infos.get(_plain(name))
        if info is None:
            raise Damaged(f"onderdeel {name[:80]} ontbreekt")
        try:
            return self._zipped.open(info)
        except NotImplementedError:
            raise OddlyPacked from None

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part refers to, by the id that it uses."""
        of_part = join(dirname(part), "_rels", f"{part.rpartition('/')[2]}.rels")
        found: dict[str, Relation] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and len(found) < _MOST_RELATIONS:
                target = attributes.get("Target", "").replace("\\", "/")
                name = normpath(join("/", dirname(part), target)).lstrip("/")
                found[attributes.get("Id", "")] = Relation(name, attributes.get("Type", "").rpartition("/")[2])

        if of_part in self:
            with self.open(of_part) as xml:
                read_xml(xml, start)
        return found


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def no_doctype(*_: object) -> None:
    """A document type may define texts that grow without end, and no spreadsheet writes one."""
    raise Damaged("er staat een documenttype in")


def read_xml(xml: IO[bytes], start: Start, end: End | None = None, text: Text | None = None) -> None:
    """Read XML as a stream; tags and attributes come without their prefix. Raises `expat.ExpatError` for damage.

    Attributes that only LibreOffice writes (calcext) keep theirs: they repeat the names of others.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = no_doctype
    parser.StartElementHandler = lambda tag, attributes: start(_of_namespace(tag), _named(attributes))
    if end:
        parser.EndElementHandler = lambda tag: end(_of_namespace(tag))
    if text:
        parser.CharacterDataHandler = text
    while block := xml.read(_BLOCK):
        parser.Parse(block, False)
    parser.Parse(b"", True)


@lru_cache(maxsize=10_000)
def _of_namespace(name: str) -> str:
    space, _, plain = name.rpartition(" ")
    return f"calcext:{plain}" if space.endswith("calcext:1.0") or ":calc:xmlns:" in space else plain


def _named(attributes: dict[str, str]) -> dict[str, str]:
    return {_of_namespace(name): value for name, value in attributes.items()}


def local(name: str) -> str:
    return name.rpartition(":")[2]


def local_names(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes without their prefix; one that has none goes before another of that name."""
    if not any(":" in name for name in attributes):
        return attributes
    return {**{local(name): value for name, value in attributes.items() if ":" in name},
            **{name: value for name, value in attributes.items() if ":" not in name}}  # fmt: skip
