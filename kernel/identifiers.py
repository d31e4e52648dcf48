"""Numbers that name people, municipalities and providers."""

import re
from operator import mul

_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_AGB = re.compile(r"\d{8}", re.ASCII)
_MUNICIPALITY = re.compile(r"(?:GM)?(\d{4})", re.ASCII | re.IGNORECASE)
_AREA = re.compile(r"(GM\d{4}|WK\d{4}[0-9A-Z]{2}|BU\d{4}[0-9A-Z]{4})", re.ASCII | re.IGNORECASE)
# In one piece, or grouped as 9999.00.006 or 999.900.006.
_NINE_DIGITS = re.compile(r"(?<!\d)(?:\d{8,9}|\d{4}[. -]\d\d[. -]\d{3}|\d{3}[. -]\d{3}[. -]\d{3})(?!\d)", re.ASCII)


def is_bsn(text: str) -> bool:
    """Whether `text` is nine digits that pass the elfproef (rule CS002 of iWmo/iJw)."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()) or text == "000000000":
        return False
    check: int = sum(map(mul, _BSN_WEIGHTS, map(int, text)))
    return check % 11 == 0


def without_client_numbers(text: str, *, fewest_digits: int = 8) -> str:
    """`text` with every number that could be a client number made unreadable, for use in messages.

    A number of eight digits may be one whose leading zero was lost; with `fewest_digits=9` those stay, for text in
    which dates and codes of providers are to be expected.
    """

    def hide(number: re.Match[str]) -> str:
        digits = re.sub("[^0-9]", "", number[0])
        return "•" * 9 if len(digits) >= fewest_digits and is_bsn(digits.zfill(9)) else number[0]

    return _NINE_DIGITS.sub(hide, text)


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
