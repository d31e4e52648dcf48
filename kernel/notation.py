"""Dutch and ISO notation of dates, numbers and amounts: reading what people write, writing what they read."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kernel.money import Eur
from kernel.periods import Month

_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_MIDNIGHT = re.compile(r"[ T]0?0:00(?::00(?:[.,]0+)?)?$")
_DUTCH_DATE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_DUTCH_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+")
_ENGLISH_NUMBER = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+")
_AMBIGUOUS_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+")
_THREE_DECIMALS = re.compile(r"([+-]?\d{1,3})[.,](\d{3})")
_MOST_DIGITS = 20  # before the comma: far more than any amount of money has
_MONTH_NAMES = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip


class MonthFirst(ValueError):
    """A date that can only be one with the month in front: then the others are in doubt too."""


def parse_date(text: str) -> date:
    """Read '31-01-2026', '31/1/2026' or '2026-01-31', the day first or last. Raises `ValueError` with a Dutch reason.

    Raises `MonthFirst` for a day that exists only when the month stands first. Midnight may follow, as where a
    spreadsheet wrote a day as a moment: '2026-01-31 00:00:00'.
    """
    written = _MIDNIGHT.sub("", text)
    if match := _ISO_DATE.fullmatch(written):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DUTCH_DATE.fullmatch(written):
        day, month, year = (int(part) for part in match.groups())
    else:
        raise ValueError(f'"{text}" is geen datum; schrijf 31-01-2026 of 2026-01-31')
    try:
        return date(year, month, day)
    except ValueError:
        if month > 12 and 1 <= day <= 12 and not _ISO_DATE.fullmatch(written):
            hint = "schrijf in de hele kolom de dag vooraan (31-01-2026), of het jaar (2026-01-31)"
            raise MonthFirst(f"{text} bestaat niet: dag en maand zijn verwisseld; {hint}") from None
        raise ValueError(f"{text} bestaat niet; vul een bestaande dag in") from None


def parse_number(text: str, *, most_decimals: int = 4) -> Decimal:
    """Read '95', '12,34', '12.34', '1.234,50' or '1,234.50'. Raises `ValueError` with a Dutch reason.

    One separator followed by three digits (1.234) means one thing in Dutch and another in English, so it is refused;
    after a nought (0,815) it can only be the comma.
    The remedy shows both, unless `most_decimals` says that three decimals cannot be meant; what is read may have more.
    """
    if _AMBIGUOUS_NUMBER.fullmatch(text):
        digits = re.sub(r"[.,]", "", text)
        hint = f"schrijf {digits} of {digits},00 zonder duizendteken"
        if most_decimals > 3 and (three := _THREE_DECIMALS.fullmatch(text)):
            hint = f"schrijf {digits} zonder duizendteken, of {three[1]},{three[2]}0 met vier decimalen"
        raise ValueError(f'"{text}" kan twee dingen betekenen; {hint}')
    if _PLAIN_NUMBER.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if _DUTCH_NUMBER.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _ENGLISH_NUMBER.fullmatch(text):
        return Decimal(text.replace(",", ""))
    raise ValueError(f'"{text}" is geen getal; schrijf cijfers met hooguit één komma, zoals 12,34')


def parse_percentage(text: str) -> Decimal:
    """Read '4,18' or '4,18%' as 4.18. Raises `ValueError` with a Dutch reason."""
    return parse_number(text.removesuffix("%").rstrip())


def without_euro_sign(text: str) -> str:
    """'€ 12,34' becomes '12,34'."""
    return text.removeprefix("€").lstrip()


def parse_eur(text: str) -> Eur:
    """Read an amount in euros, with or without the sign in front. Raises `ValueError` with a Dutch reason."""
    amount = parse_number(without_euro_sign(text), most_decimals=2)
    if amount.adjusted() > _MOST_DIGITS:
        raise ValueError(f'"{text}" is geen bedrag; controleer het aantal cijfers')
    try:
        return Eur(amount)
    except ValueError:
        shown = format_number(amount.normalize())  # of a workbook come four decimals
        raise ValueError(f"{shown} heeft meer dan twee decimalen; rond het bedrag af op centen") from None


def parse_whole(text: str) -> int:
    """Read a whole number. Raises `ValueError` with a Dutch reason."""
    number = parse_number(text, most_decimals=0)
    if number != number.to_integral_value():
        raise ValueError(f'"{text}" is geen geheel getal; reken om naar hele eenheden')
    return int(number)


def format_number(value: Decimal | int | str) -> str:
    """1234.5 becomes '1.234,5'; the decimals are kept as they are."""
    return f"{Decimal(value):,f}".translate(str.maketrans(",.", ".,"))


def counted(number: int, one: str, many: str) -> str:
    """'1 product', '1.200 producten'."""
    return f"{format_number(number)} {one if number == 1 else many}"


def format_eur(amount: Eur | str) -> str:
    """Eur('1132.45') becomes '1.132,45'."""
    return format_number(str(amount))


def format_date(day: date) -> str:
    """31-01-2026."""
    return day.strftime("%d-%m-%Y")


def format_month(first_day: date) -> str:
    """januari 2026."""
    return f"{_MONTH_NAMES[first_day.month - 1]} {first_day.year}"


def format_months(months: Sequence[Month]) -> str:
    """'2026-01 t/m 2026-03, 2026-05', of months from the earliest on."""
    spans: list[tuple[Month, Month]] = []
    for month in months:
        if spans and spans[-1][1].next() == month:
            spans[-1] = (spans[-1][0], month)
        else:
            spans.append((month, month))
    return ", ".join(str(first) if first == last else f"{first} t/m {last}" for first, last in spans)


def plain(value: Fraction | Decimal | int) -> str:
    """The number in full when it has an end ('0.015'), else as a fraction ('1/3'): nothing is rounded away."""
    exact = Fraction(value)
    denominator = exact.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator != 1:
        return f"{exact.numerator}/{exact.denominator}"
    places = exact.denominator.bit_length()  # enough: no power of 2 or 5 in the denominator is higher
    digits = str(abs(exact.numerator) * 10**places // exact.denominator).zfill(places + 1)
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return f"-{text}" if exact < 0 else text
