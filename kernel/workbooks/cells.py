"""What stands in a cell, and the one function that turns it into text.

*What the author of the sheet sees is what counts.* A number whose format shows other digits than it holds is read as
shown where that is harmless: leading zeros, a prefix, a percentage, the cents of an amount. Elsewhere its text names
both numbers, which no reader takes for a value.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache

from kernel.workbooks.formats import Format, shown

_LAST_SERIAL = 2_958_465  # 31-12-9999
_SIGNIFICANT = 15  # digits that a spreadsheet keeps
_SMALLEST = -20
KEPT = Context(prec=_SIGNIFICANT, rounding=ROUND_HALF_UP)
_CURRENCY = re.compile(r"€|\$|£|EUR|\s|\u00a0|\u202f")
_PLAIN = re.compile(r"([-+(]?)([0-9.,'’]*[0-9][0-9.,'’]*)([-)]?)")
_DIGITS = re.compile(r"[0-9][0-9.,'’]*")
_NO_DIGIT = re.compile(r"[^0-9]+")
_DASHES = frozenset("-‐‑‒–—")

UNNAMED_ERROR = "#?"
ERROR_TEXT = re.compile(r"#(?:[A-Z]+(?:/0)?[!?]|N/[AB]|GETTING_DATA|\?)|(?:Err|Fout):\d{3}", re.ASCII)
ERROR_NAMES = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#GETTING_DATA",
}  # fmt: skip
SHOWN_OTHERWISE = re.compile(r"(?s)(.+) \((?:getoond als (.+)|niet getoond)\)")


class Holds(Enum):
    """What a column is for. In one of days a bare number is a day; an amount counts as it is shown, in cents."""

    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    DAY = "day"


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number in a cell, exact to its fifteen significant digits, and the text that its format shows.

    Without `shown` it is shown as it is.
    """

    held: Decimal
    shown: str | None


@dataclass(frozen=True, slots=True, eq=False)
class NotComputed:
    """A formula whose outcome is not in the file."""


NOT_COMPUTED = NotComputed()
Cell = str | Number | NotComputed


def error_cell(name: str) -> str:
    """The text of a cell with an error value, however the file names it."""
    return name if ERROR_TEXT.fullmatch(name) else UNNAMED_ERROR


def number_cell(value: Decimal, of: Format, day_zero: date) -> Cell:
    """The cell of a number with a number format; one of days becomes the text of a day. NaN is an error value."""
    if not value.is_finite():
        return UNNAMED_ERROR
    held = KEPT.plus(value)
    if of.is_general:
        return Number(held, None)
    if of.is_elapsed and abs(held) <= _LAST_SERIAL:
        seconds = _whole(held * 86_400)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if of.is_day:
        return day_text(held, day_zero, has_time=of.has_time)
    return Number(held, shown(held, of))


def day_text(serial: Decimal, day_zero: date, *, has_time: bool) -> str:
    """31-01-2026, with the time of day where it is shown; a number that is no day as a time or as it is."""
    if not 0 <= serial <= _LAST_SERIAL:
        return number_text(serial)
    start = datetime(day_zero.year, day_zero.month, day_zero.day)  # noqa: DTZ001 - a calendar day
    moment = start + timedelta(seconds=_whole(serial * 86_400))
    if serial < 1:
        return f"{moment:%H:%M:%S}"
    if not has_time or (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"{moment:%d-%m-%Y}"
    return f"{moment:%d-%m-%Y %H:%M:%S}"


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))


def number_text(held: Decimal) -> str:
    """What a CSV file of a Dutch spreadsheet holds for a number.

    Three decimals become four, since 1,234 in text may mean two things. A number of more than fifteen digits, of which
    the last are lost, shows so: 2,0260E+16.
    """
    if not held:
        return "0"
    if not _SMALLEST <= held.adjusted() < _SIGNIFICANT:
        return f"{held:.14E}".replace(".", ",")
    text = f"{held:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    whole, point, decimals = text.partition(".")
    return f"{whole},{decimals}{'0' if len(decimals) == 3 else ''}" if point else whole


def cell_text(cell: Cell, holds: Holds, day_zero: date) -> str:
    """The text of a cell in a column that holds so."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, NotComputed):
        return "#FORMULE!"
    if holds is Holds.DAY and cell.shown is None and 1 <= cell.held <= _LAST_SERIAL:
        return day_text(cell.held, day_zero, has_time=True)
    if cell.shown is None:
        return number_text(cell.held)
    if holds is Holds.DAY and 1 <= cell.held <= _LAST_SERIAL and _reading(cell.held, cell.shown).is_plain:
        return day_text(cell.held, day_zero, has_time=True)
    return _as_seen(cell.held, cell.shown, holds)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a person reads in a shown number: the number, its decimals, and whether nothing but a number is shown."""

    number: Decimal
    decimals: int
    is_plain: bool
    is_percentage: bool = False


def _as_seen(held: Decimal, shown: str, holds: Holds) -> str:
    text = number_text(held)
    if held.adjusted() >= _SIGNIFICANT:
        return text
    if not shown or set(shown) <= _DASHES:  # many formats show zero as a dash
        return "0" if shown and not held else "" if not held else f"{text} (niet getoond)"
    seen = _reading(held, shown)
    if seen.number == held:
        if seen.is_percentage:
            return f"{number_text(held * 100)}%"
        return text if seen.is_plain and holds is not Holds.TEXT else shown
    is_rounded = seen.number in _rounded(held, seen.decimals)
    has_cents = seen.is_plain and not seen.is_percentage and seen.decimals >= 2
    if holds is Holds.AMOUNT and is_rounded and has_cents:
        return number_text(seen.number)
    if seen.is_percentage:
        return f"{number_text(held * 100)}% (getoond als {shown})"
    return f"{text} (getoond als {shown})"


@lru_cache(maxsize=10_000)
def _reading(held: Decimal, shown: str) -> _Reading:
    """What is read in `shown`, in Dutch or English notation: what comes to `held`, as far as it has decimals.

    Between other texts that is the longest number, or all digits together (0047-11).
    """
    body = _CURRENCY.sub("", shown)
    is_percentage = body.endswith("%")
    body = body.removesuffix("%")
    plain = _PLAIN.fullmatch(body)
    is_negative = plain[1] in ("-", "(") or plain[3] != "" if plain else held < 0 and "-" in body
    digits = plain[2] if plain else max(_DIGITS.findall(body), key=len, default="")
    written = [digits.strip(".,").rpartition(point) if digits.count(point) == 1 else (digits, "", "") for point in ",."]
    if plain is None:
        written.append((body, "", ""))
    readings = []
    for whole, _, behind in written:
        behind = _NO_DIGIT.sub("", behind)
        number = Decimal(f"{_NO_DIGIT.sub('', whole) or 0}.{behind or 0}") / (100 if is_percentage else 1)
        decimals = len(behind) + (2 if is_percentage else 0)
        readings.append(_Reading(-number if is_negative else number, decimals, plain is not None, is_percentage))
    same = [reading for reading in readings if reading.number == held]
    near = [reading for reading in readings if reading.number in _rounded(held, reading.decimals)]
    return next(iter(same + near + readings))


def _rounded(held: Decimal, decimals: int) -> tuple[Decimal, ...]:
    step = Decimal(1).scaleb(-decimals)
    try:
        return held.quantize(step, ROUND_HALF_UP), held.quantize(step, ROUND_HALF_EVEN)
    except InvalidOperation:
        return ()
