"""Text as it enters and as it leaves: what cannot be seen is taken out, and what looks plain becomes plain."""

import re
import unicodedata
from functools import cache

LINE_BREAKS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_LATIN = re.compile("[^\x00-\x9f\xa1-\xac\xae-\u02ff\u2028\u2029]")
# The controls beyond ASCII, what has no width, and what turns the direction of what follows.
STEERING = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_ON_A_TERMINAL = re.compile(f"[\x00-\x08\x0b-\x1f]|{STEERING.pattern}")
# They have no width, although Unicode counts them among letters and marks; the last but one is a blank of braille.
_NO_WIDTH = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | frozenset(map(chr, range(0xFE00, 0xFE10)))
_LOOK_ALIKES = {"\u2043": "-", "\u2212": "-", "\u2044": "/", "\u2215": "/", "\u2800": " "}
_KEPT_WIDE = frozenset("\uff02\uff07\uff0c\uff1b")  # quotes and delimiters: a cell must not become two


def cleaned(text: str) -> str:
    """`text` without characters of no width, and with the plain blank, hyphen, digit or letter for a look-alike.

    Every reader passes what it reads through here, a cell or a whole file. Control characters stay: a reader refuses
    those where they stand.
    """
    return text if text.isascii() else _NOT_LATIN.sub(_plain_of, text)


def _plain_of(match: re.Match[str]) -> str:
    return _plain(match[0])


@cache
def _plain(character: str) -> str:
    """The plain character for one that looks like it, nothing for one without width; else the character."""
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    category = unicodedata.category(character)
    if category == "Cf" or character in _NO_WIDTH or "\U000e0100" <= character <= "\U000e01ef":
        return ""
    if category == "Zs":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd":
        return "-"
    if "\uff01" <= character <= "\uff5e" and character not in _KEPT_WIDE:
        return chr(ord(character) - 0xFEE0)
    return character


def on_one_line(text: str) -> str:
    """`text` with a blank for every line break and tab in it, as in a cell of several lines."""
    return LINE_BREAKS.sub(" ", text) if LINE_BREAKS.search(text) else text


def visible(text: str) -> str:
    """`text` as it may be shown: cleaned, on one line, without control characters."""
    if text.isascii() and text.isprintable():
        return text
    return CONTROL.sub(" ", cleaned(text))


def for_a_terminal(text: str) -> str:
    """`text` of any number of lines without what a terminal obeys: escape sequences, signs of direction."""
    if text.isascii() and text.isprintable():
        return text
    return _ON_A_TERMINAL.sub("", text)


_FORMULA = re.compile(r"[=+@\t\r\n-]")
_NUMBER = re.compile(r"[+-]?(?:[\d.,]+|-)?")
_MADE_TEXT = re.compile(r"'(?=[=+@\t\r\n-])")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute the text of a cell instead of showing it."""
    return _FORMULA.match(text) is not None and not _NUMBER.fullmatch(text)


def cell_out(text: str) -> str:
    """The text of a cell for a CSV file: a spreadsheet shows it and does not compute it. An amount stays a number."""
    return "'" + text if is_formula(text) else text


def text_out(text: str) -> str:
    """Like `cell_out`, for a column in which no number is expected: a name of -1 is no amount."""
    return "'" + text if _FORMULA.match(text) else text


def cell_in(text: str) -> str:
    """The text that `cell_out` wrote: the apostrophe before what would be a formula is no part of it."""
    return text[1:] if text[:1] == "'" and _MADE_TEXT.match(text) else text
