"""What people, programs and ill will make of a file: changes that a generator of random numbers chooses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

# What a cell or a value becomes: what means something else, is read as something else, or breaks what is around it.
WORDS = (
    "", " ", "-", "--", "0", "-0", "-1", "1", "1e5", "1e+05", "2,0E16", "1E400", "NaN", "inf", "-Infinity", "9" * 30,
    "9" * 5_000, "0." + "1" * 40, "12,34", "1.234", "1.005", "0,001", "1.234.567,89", "€ 12", "-€ 5", "12%", "½", "٣",
    "𝟙", "１２", "31-02-2026", "2026-13-01", "01/13/2026", "13/01/2026", "9999-12-31", "0001-01-01", "10000-01-01",
    "2026-01-01 00:00:00", "2026-01-01T12:00+25:00", "46023", "=1+1", "=HYPERLINK(\"x\")", "@SUM(A1)", "+1", "'=1",
    "#N/B", "#DIV/0!", "#REF!", "Err:502", "\x00", "\x07", "\x1b[31m", "\x1b]0;x\x07", "\x85", "\u200b", "\u202e",
    "\ufeff", "\u00a0", "\u00ad", "\u2028", "9999\u200b00006", "999-900-006", "x999900006x", "99990001800",
    "٩٩٩٩٠٠٠٠٦", "x" * 1_200, '"', '""', "'", "'''", '"""', ";", ",", "\t", "|", "\\", "\\N", "\\.", "{0}", "%s", "{",
    "}", "[", "]", "[[", "]]", "<b>", "&amp;", "]]>", "é", "ß", "İ", "ja", "nee", "C", "D", "c", "true", "false",
    "None", "null", "45A04", "44A09", "99X99", "GM0502", "GM9999", "0502", "41000002", "41000009", "B", "A", "r1", "n1",
    "definitief", "n2", "plan", "ceiling", "totaal", "Totaal", "2026", "2026-01", "01-01-2026", "2026-01-01",
    "voorlopig",
)  # fmt: skip
NEAR_NUMBER = (
    "A1",
    "A0",
    "XFD1048576",
    "A2147483648",
    "ZZZZZZ9",
    "1",
    "0",
    "-1",
    "2",
    "1048576",
    "4294967296",
    "99999999",
)
IN_XML = (
    *NEAR_NUMBER, "n", "s", "str", "inlineStr", "e", "b", "d", "float", "string", "date", "percentage", "boolean",
    "void", "1e308", "-1e308", "NaN", "2026-01-01", "9999-99-99", "", "#N/A", "&#x1b;", "&#0;", "&lol;", "true",
    "hidden",
)  # fmt: skip
DOCTYPE = '<!DOCTYPE x [<!ENTITY lol "' + "x" * 1_000 + '"><!ENTITY l2 "' + "&lol;" * 100 + '">]>'

Rows = list[list[str]]


def table(rng: Random, rows: Sequence[str]) -> Rows:
    """The cells of a table, with one to four changes."""
    cells = [row.split(";") for row in rows]
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(_OF_TABLES)(rng, cells)
    return cells


def _cell(rng: Random, cells: Rows) -> None:
    row = rng.choice(cells)
    if row:
        row[rng.randrange(len(row))] = rng.choice(WORDS)


def _inside_a_cell(rng: Random, cells: Rows) -> None:
    row = rng.choice(cells)
    if row:
        at = rng.randrange(len(row))
        where = rng.randint(0, len(row[at]))
        row[at] = row[at][:where] + rng.choice(WORDS) + row[at][where:]


def _row_again(rng: Random, cells: Rows) -> None:
    cells.insert(rng.randint(0, len(cells)), list(rng.choice(cells)))


def _row_away(rng: Random, cells: Rows) -> None:
    if len(cells) > 1:
        del cells[rng.randrange(len(cells))]


def _other_row(rng: Random, cells: Rows) -> None:
    row = rng.choice(([], [""], [""] * 12, ["Totaal", "", "", "", "", "", "", "278"], ["Bijlage 2"]))
    cells.insert(rng.randint(0, len(cells)), list(row))


def _column_away(rng: Random, cells: Rows) -> None:
    place = rng.randrange(max(1, len(cells[0])))
    for row in cells:
        del row[place : place + 1]


def _column_again(rng: Random, cells: Rows) -> None:
    place, to = (rng.randrange(max(1, len(cells[0]))) for _ in range(2))
    for row in cells:
        row[to:to] = row[place : place + 1]


def _column_swapped(rng: Random, cells: Rows) -> None:
    one, other = (rng.randrange(max(1, len(cells[0]))) for _ in range(2))
    for row in cells:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]


def _column_all_the_same(rng: Random, cells: Rows) -> None:
    place, word = rng.randrange(max(1, len(cells[0]))), rng.choice(WORDS)
    for row in cells[1:]:
        row[place : place + 1] = [word]


def _moved(rng: Random, cells: Rows) -> None:
    right = rng.randint(0, 2)
    cells[:] = [[] for _ in range(rng.randint(0, 3))] + [[""] * right + row for row in cells]


def _many_rows(rng: Random, cells: Rows) -> None:
    if len(cells) < 300:  # again and again would fill the memory
        cells += [list(row) for row in cells[1:] for _ in range(rng.randint(1, 50))]


_OF_TABLES: tuple[Callable[[Random, Rows], None], ...] = (
    *(_cell,) * 8, *(_inside_a_cell,) * 3, _row_again, _row_away, _other_row, _column_away, _column_again,
    _column_swapped, _column_all_the_same, _moved, _many_rows,
)  # fmt: skip


def as_csv(rng: Random, cells: Rows) -> bytes:
    """A file of these cells, as some program writes it; now and then what is no text any more."""
    separator = rng.choice((";", ";", ";", ",", "\t", "|"))
    quotes = rng.random() < 0.3
    lines = (
        separator.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if quotes else cell for cell in row) for row in cells
    )
    text = rng.choice(("\n", "\n", "\r\n", "\r")).join(lines) + rng.choice(("", "\n", "\n\n", "\x1a"))
    encoding = rng.choice(("utf-8",) * 6 + ("utf-8-sig", "cp1252", "utf-16", "latin-1"))
    content = text.encode(encoding, "replace")
    return damaged(rng, content) if rng.random() < 0.15 else content


def damaged(rng: Random, content: bytes) -> bytes:
    """Bytes that changed, went or came."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randint(0, len(changed))
        match rng.randrange(5):
            case 0 if at < len(changed):
                changed[at] = rng.randrange(256)
            case 1:
                del changed[at : at + rng.choice((1, 4, 100))]
            case 2:
                changed[at:at] = rng.randbytes(rng.choice((1, 4, 64)))
            case 3:
                changed[at:at] = changed[at : at + rng.choice((1, 20, 500))] * rng.choice((1, 2, 50))
            case _:
                del changed[at:]
    return bytes(changed)


# --- documents --------------------------------------------------------------------------------------------------------

_VALUES = (
    "1", "-1", "0", "1.5", "1e400", "inf", "nan", "true", '""', '"x"', "[]", "[[]]", "{}", "{ a = 1 }", "9" * 25,
    "9" * 5_000, "0." + "3" * 40, "0x1F", "1_000", "2026-01-01", "9999-12-31", "0001-01-01", "2026-01-01T00:00:00Z",
    "07:32:00", '"2026-01"', '"100"', '"-0.01"', '"1e5"', '"NaN"', '"999900006"', '"\\u202e"', '"\\u001b[31m"',
    '"' + "x" * 1_200 + '"', "'''\n\n'''", '["a", "a"]', "[" * 300, "[" * 300 + "]" * 300, "{ a = " * 50, '"GM0502"',
    '["45A04"]', '"plan"', '"effort"', '"population"', '"second"', "[[1, 2], [3]]", '[{ a = "b" }]',
)  # fmt: skip
_CHARACTERS = "[]{}\"'=.,#\\\n\t 01-" + "\x00\x1b\u202e"


def document(rng: Random, text: str) -> bytes:
    """A document with one to four changes."""
    lines = text.split("\n")
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(lines))
        key, equals, value = lines[at].partition("=")
        match rng.randrange(10):
            case 0:
                del lines[at]
            case 1:
                lines.insert(rng.randint(0, len(lines)), lines[at])
            case 2 | 3 | 4 if equals:
                lines[at] = f"{key}= {rng.choice(_VALUES)}"
            case 5 if equals:
                found = list(re.finditer(r"\"[^\"]*\"|[0-9][0-9.-]*|true|false", value))
                if found:
                    match = rng.choice(found)
                    lines[at] = f"{key}={value[: match.start()]}{rng.choice(_VALUES)}{value[match.end() :]}"
            case 6:
                where = rng.randint(0, len(lines[at]))
                lines[at] = lines[at][:where] + rng.choice(_CHARACTERS) + lines[at][where:]
            case 7 if lines[at]:
                where = rng.randrange(len(lines[at]))
                lines[at] = lines[at][:where] + lines[at][where + 1 :]
            case 8 if equals:
                lines[at] = (
                    f"{rng.choice(('onbekend', 'a.b.c', 'a.' * 60 + 'a', chr(34) * 2, key.strip() + 'x'))} ={value}"
                )
            case _:
                lines[at:at] = lines[at : at + rng.randint(1, 8)] * rng.choice((1, 1, 30))
    content = "\n".join(lines).encode("utf-8", "replace")
    return damaged(rng, content) if rng.random() < 0.1 else content


# --- workbooks --------------------------------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(rb'(?<==")[^"<]{0,60}(?=")')
_CONTENT = re.compile(rb"(?<=>)[^<>]{1,80}(?=<)")
_TAG = re.compile(rb"<[^<>]{1,200}>")


def workbook(rng: Random, parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts of a workbook, with one to four changes in what the program reads of it."""
    changed = dict(parts)
    for _ in range(rng.choice((1, 1, 2, 4))):
        name = rng.choice([name for name in changed if "sheet" in name.lower() or "content" in name] or list(changed))
        if rng.random() < 0.3:
            name = rng.choice(list(changed))
        part = changed[name]
        match rng.randrange(10):
            case 0 | 1 | 2:
                changed[name] = _replaced(rng, part, _ATTRIBUTE, IN_XML)
            case 3 | 4 | 5:
                changed[name] = _replaced(rng, part, _CONTENT, WORDS)
            case 6:
                changed[name] = _replaced(
                    rng, part, _TAG, ("", '<x a="', "</row>", "<row/>", "<c/>", "<v>1</v>", "<f>1+1</f>")
                )
            case 7:
                changed[name] = damaged(rng, part)
            case 8:
                _other_part(rng, changed, name)
            case _:
                changed[name] = _with_more(rng, part)
    return changed or {"x": b""}


def _replaced(rng: Random, part: bytes, pattern: re.Pattern[bytes], words: Sequence[str]) -> bytes:
    found = list(pattern.finditer(part))
    if not found:
        return part
    match, word = rng.choice(found), rng.choice(words)
    if pattern is not _TAG and rng.random() < 0.8:
        word = word.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return part[: match.start()] + word.encode("utf-8", "replace") + part[match.end() :]


def _other_part(rng: Random, parts: dict[str, bytes], name: str) -> None:
    match rng.randrange(4):
        case 0:
            del parts[name]
        case 1:
            parts[name] = b""
        case 2:
            parts[rng.choice(("xl/worksheets/sheet9.xml", "../x", "xl/WORKBOOK.xml", "META-INF/manifest.xml"))] = parts[
                name
            ]
        case _:
            parts[name + "x"] = parts.pop(name)


def _with_more(rng: Random, part: bytes) -> bytes:
    """Repeats without end, cells far away, what is declared and what is in it."""
    match rng.randrange(6):
        case 0:
            times = rng.choice(("1000", "1048576", "99999999999", "-1"))
            return part.replace(
                b"<table:table-row", f'<table:table-row table:number-rows-repeated="{times}"'.encode(), 1
            )
        case 1:
            times = rng.choice(("16384", "99999999999", "0"))
            return part.replace(
                b"<table:table-cell", f'<table:table-cell table:number-columns-repeated="{times}"'.encode(), 1
            )
        case 2:
            far = f'<c r="{rng.choice(NEAR_NUMBER)}"><v>1</v></c>'.encode()
            return part.replace(b"</row>", far + b"</row>", 1)
        case 3:
            return part.replace(b"?>", b"?>" + DOCTYPE.encode(), 1)
        case 4:
            return part.replace(b"<c ", b'<c t="e" ', 1)
        case _:
            hidden = rng.choice((b'hidden="1"', b'ht="0" customHeight="1"', b'table:visibility="collapse"'))
            return part.replace(b"<row ", b"<row " + hidden + b" ", 1).replace(
                b"<table:table-row", b"<table:table-row " + hidden, 1
            )
