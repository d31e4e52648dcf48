"""Numbers that name people, municipalities and providers."""

import re
from operator import mul

_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_AGB = re.compile(r"\d{8}", re.ASCII)
_MUNICIPALITY = re.compile(r"(?:GM)?(\d{4})", re.ASCII | re.IGNORECASE)
_AREA = re.compile(r"(GM\d{4}|WK\d{4}[0-9A-Z]{2}|BU\d{4}[0-9A-Z]{4})", re.ASCII | re.IGNORECASE)
# A number of eight to ten digits in one piece, or of nine or ten with dots, spaces or hyphens in it (9999.00.006).
# Every place is tried, also inside what was found before: of "12 999 900 006" the last nine may be a client number.
_SEPARATOR = "[. \u00a0\u2010-\u2013-]"
_SEPARATORS = re.compile(_SEPARATOR)
_EIGHT_DIGITS = re.compile(rf"\d(?:{_SEPARATOR}?\d){{7}}", re.ASCII)
_CANDIDATE = re.compile(rf"(?<!\d)(?=(\d{{8,10}}|(?:0{_SEPARATOR}?)?\d(?:{_SEPARATOR}?\d){{8}})(?!\d))", re.ASCII)


def is_bsn(text: str) -> bool:
    """Whether `text` is nine digits that pass the elfproef (rule CS002 of iWmo/iJw)."""
    if len(text) != 9 or not _is_digits(text) or text == "000000000":
        return False
    check: int = sum(map(mul, _BSN_WEIGHTS, map(int, text)))
    return check % 11 == 0


def client_number(text: str) -> str | None:
    """The nine digits of the BSN that `text` is, also as 9999.00.006, with a zero lost in front or some too many."""
    digits = text if _is_digits(text) else _SEPARATORS.sub("", text)
    if len(digits) == 9:
        return digits if is_bsn(digits) else None
    number = digits.lstrip("0").zfill(9)
    return number if len(digits) >= 8 and is_bsn(number) else None


def client_numbers_in(text: str) -> list[str]:
    """Every number in `text` that could be a client number, as nine digits. One in eleven numbers could be one."""
    if _is_digits(text):  # a reference, in a file of many
        number = client_number(text)
        return [number] if number else []
    if not _EIGHT_DIGITS.search(text):
        return []
    return [number for match in _CANDIDATE.finditer(text) if (number := client_number(match[1]))]


def numbers_in(text: str) -> set[str]:
    """Every number in `text` that is as long as a client number, as nine digits, whether it could be one or not."""
    return {_SEPARATORS.sub("", number).lstrip("0").zfill(9) for number in {*_CANDIDATE.findall(text)}}


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def without_client_numbers(text: str, *, fewest_digits: int = 8) -> str:
    """`text` with every number that could be a client number made unreadable, for use in messages.

    A number of eight digits may be one whose leading zero was lost; with `fewest_digits=9` those stay, for text in
    which dates and codes of providers are to be expected.
    """
    if not _EIGHT_DIGITS.search(text):
        return text
    shown: list[str] = []
    end = 0
    for match in _CANDIDATE.finditer(text):
        first, last = match.span(1)
        if len(_SEPARATORS.sub("", match[1])) >= fewest_digits and client_number(match[1]):
            if first >= end:  # else it overlaps what is hidden already
                shown += [text[end:first], "•" * 9]
            end = max(end, last)
    return "".join((*shown, text[end:]))


def as_shown(text: str) -> str:
    """A reference, the number of an assignment or the name of a file, as it leaves the program: on a screen, in a
    workbook, in JSON, in what is stored of a run. As it was sent it is only used to find what belongs together.
    """
    return without_client_numbers(text, fewest_digits=9)


def municipality_code(text: str) -> str | None:
    """The CBS code in the form GM0502 from 'GM0502', 'gm0502' or '0502'; None for anything else."""
    match = _MUNICIPALITY.fullmatch(text)
    return f"GM{match[1]}" if match else None


def area_code(text: str) -> str | None:
    """A CBS code of a municipality, district or neighbourhood (GM0502, WK0363AA, BU0363AA00); else None."""
    match = _AREA.fullmatch(text)
    return match[1].upper() if match else None


def agb_code(text: str) -> str | None:
    """The AGB code of a provider: eight digits, kept as text; None for anything else."""
    return text if _AGB.fullmatch(text) else None
