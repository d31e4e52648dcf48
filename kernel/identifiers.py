"""Numbers that name people, municipalities and providers."""

import re
import unicodedata
from operator import mul

from kernel.texts import cleaned, visible

_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
# What three digits weigh in each third of a number: reading a large file asks for many numbers.
_WEIGHED = tuple(
    {f"{digits:03}": sum(map(mul, _BSN_WEIGHTS[place : place + 3], map(int, f"{digits:03}"))) for digits in range(1000)}
    for place in (0, 3, 6)
)
_AGB = re.compile(r"\d{8}", re.ASCII)
_MUNICIPALITY = re.compile(r"(?:GM)?(\d{4})", re.ASCII | re.IGNORECASE)
_AREA = re.compile(r"(GM\d{4}|WK\d{4}[0-9A-Z]{2}|BU\d{4}[0-9A-Z]{4})", re.ASCII | re.IGNORECASE)
# A number of eight to ten digits in one piece, or of nine or ten with separators in it (9999.00.006, 9999 / 00 / 006).
# Every place is tried, also inside what was found before: of "12 999 900 006" the last nine may be a client number.
_SEPARATOR = r"[\s._/\\'·-]{0,3}"
_NO_DIGITS = re.compile(r"[\W_]+")
_WITH_DECIMALS = re.compile(r"(\d{9})[.,]0+", re.ASCII)
_EIGHT_DIGITS = re.compile(rf"\d(?:{_SEPARATOR}\d){{7}}", re.ASCII)
_CANDIDATE = re.compile(rf"(?<!\d)(?=(\d{{8,10}}|(?:0{_SEPARATOR})?\d(?:{_SEPARATOR}\d){{8}})(?!\d))", re.ASCII)
_NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{10,}", re.ASCII)
_LONG_RUN = re.compile(r"\d{8,}", re.ASCII)


def is_bsn(text: str) -> bool:
    """Whether `text` is nine digits that pass the elfproef (rule CS002 of iWmo/iJw)."""
    if len(text) != 9 or text == "000000000":
        return False
    first, middle, last = _WEIGHED
    try:
        check: int = first[text[:3]] + middle[text[3:6]] + last[text[6:]]
    except KeyError:  # not all digits
        return False
    return check % 11 == 0


def client_number(text: str) -> str | None:
    """The nine digits of the BSN that `text` is, with any separators, with a zero lost in front or some too many.

    A number that went through a column of decimals counts too (999900006.0).
    """
    if not _is_digits(text):
        text = cleaned(text).strip()
        decimal = _WITH_DECIMALS.fullmatch(text)
        text = decimal[1] if decimal else _NO_DIGITS.sub("", text)
    if len(text) == 9:
        return text if is_bsn(text) else None
    number = text.lstrip("0").zfill(9)
    return number if len(text) >= 8 and is_bsn(number) else None


def client_numbers_in(text: str) -> list[str]:
    """Every number in `text` that could be a client number, as nine digits. One in eleven numbers could be one."""
    if _is_digits(text):  # a reference, in a file of many
        number = client_number(text)
        return [number] if number else []
    text = cleaned(text)
    if not _EIGHT_DIGITS.search(text):
        return []
    return [number for match in _CANDIDATE.finditer(text) if (number := client_number(match[1]))]


def possible_client_numbers(text: str, *, fewest_digits: int = 8) -> list[str]:
    """Every run of nine digits in `text` that could be a client number, also inside longer runs.

    Separators and other scripts hide none. A run of eight digits may be one of which the leading zero was lost; with
    `fewest_digits=9` it does not count, for text in which dates and codes of providers are to be expected.
    """
    if len(text) < fewest_digits:
        return []
    plain = text if text.isascii() else cleaned(unicodedata.normalize("NFKC", text))
    found: list[str] = []
    for run in _LONG_RUN.findall(plain if plain.isalnum() else _NO_DIGITS.sub("", plain)):
        if len(run) == 8 == fewest_digits:
            run = f"0{run}"
        found += [number for start in range(len(run) - 8) if is_bsn(number := run[start : start + 9])]
    return found


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def without_client_numbers(text: str, *, fewest_digits: int = 8) -> str:
    """`text` with every number that could be a client number made unreadable, for use in messages.

    A number of eight digits may be one whose leading zero was lost; with `fewest_digits=9` those stay, for text in
    which dates and codes of providers are to be expected.
    """
    text = cleaned(text)
    if not text.isascii():
        plain = "".join(_digit(character) for character in text)
        if plain != text and (hidden := without_client_numbers(plain, fewest_digits=fewest_digits)) != plain:
            return hidden
    if not _EIGHT_DIGITS.search(text):
        return text
    shown: list[str] = []
    end = 0
    for match in _CANDIDATE.finditer(text):
        first, last = match.span(1)
        if len(_NO_DIGITS.sub("", match[1])) >= fewest_digits and client_number(match[1]):
            if first >= end:  # else it overlaps what is hidden already
                shown += [text[end:first], "•" * 9]
            end = max(end, last)
    return "".join((*shown, text[end:]))


def _digit(character: str) -> str:
    """The plain digit for one that is written above the line or in a circle."""
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


def as_shown(text: str) -> str:
    """A reference, the number of an assignment or the name of a file, as it leaves the program: on a screen, in a
    workbook, in JSON, in what is stored of a run. As it was sent it is only used to find what belongs together. Control
    characters and signs of direction are not shown.
    """
    return without_client_numbers(visible(text), fewest_digits=9)


def as_quoted(text: str) -> str:
    """What a message quotes of a file that may be the wrong one, as it may be shown: without long numbers too.

    A number of ten digits or more in which a client number may stand is hidden whole.
    """
    return _LONG_NUMBER.sub(_hidden, as_shown(text))


def _hidden(match: re.Match[str]) -> str:
    return "•" * 9 if possible_client_numbers(match[0], fewest_digits=9) else match[0]


def without_whole_client_numbers(text: str) -> str:
    """`text` without the numbers of nine digits in one piece that could be a client number; amounts stay."""
    return _NINE_DIGITS.sub(lambda match: "•" * 9 if is_bsn(match[0]) else match[0], text)


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
