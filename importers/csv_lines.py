"""The rows of a CSV file one by one, and what is said of a file that is damaged."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from kernel.findings import Refusal
from kernel.notation import format_number
from kernel.tabular import being_read, name_of
from kernel.texts import cleaned


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: after so many lines, which take so many bytes."""

    lines: int = 0
    bytes: int = 0


START = Place()


def encoding_at(place: Place, encoding: str) -> str:
    """A mark of the encoding can only stand at the start."""
    return encoding if place == START else encoding.removesuffix("-sig")


def csv_rows(
    path: Path, encoding: str, delimiter: str, width: int, after: Place = START
) -> Iterator[tuple[int, list[str]]]:
    """The rows after a place that are not blank, each with the number of its last line. The header is row 1.

    Raises `Refusal` when the file breaks off in the middle of a row, is damaged or cannot be read.
    """
    with being_read(path), path.open("rb") as file:
        file.seek(after.bytes)
        text = TextIOWrapper(file, encoding_at(after, encoding), newline="")
        last: tuple[int, list[str]] | None = None
        whole = after.lines  # the last line up to which all is well
        try:
            lines = csv.reader(map(cleaned, text), delimiter=delimiter, strict=True)
            for cells in islice(lines, 0 if after.lines else 1, None):
                if last is not None:
                    yield last
                whole = after.lines + lines.line_num
                last = (whole, cells) if "".join(cells).strip() else None
        except csv.Error:
            longest = format_number(csv.field_size_limit())
            why = f"de aanhalingstekens kloppen niet, of een cel is langer dan {longest} tekens"
            raise broken_off(path, whole + 1, why) from None
        except UnicodeDecodeError:
            raise unreadable(path, encoding) from None
    if last is not None:
        if len(last[1]) < width and not ends_with_newline(path):
            raise broken_off(path, last[0], f"{len(last[1])} van de {width} kolommen")
        yield last


def broken_off(path: Path, number: int, why: str) -> Refusal:
    return Refusal(
        f"{name_of(path)} breekt af of is beschadigd in rij {number} ({why}); er is niets ingelezen",
        "vraag het bestand opnieuw op bij de afzender",
    )


def unreadable(path: Path, encoding: str) -> Refusal:
    """The refusal of a file that holds a byte that is no character, with the line where it stands."""
    number = 1
    with being_read(path), path.open("rb") as lines:
        for line in lines:
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                break
            number += 1
    if encoding == "cp1252":
        return Refusal(f"{name_of(path)}, rij {number}: onleesbaar teken", "bewaar het bestand opnieuw als CSV UTF-8")
    return broken_off(path, number, "het laatste teken is niet heel")  # other damage is found by `examine`


def ends_with_newline(path: Path) -> bool:
    with being_read(path), path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in (b"\n", b"\r")
