"""What a cell of a delivery file means: text of the file in, text for COPY out.

A cell that many rows share (a date, a product) is read once and remembered. Client numbers leave this module as numbers
that stand for pseudonyms.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from importers.pseudonyms import pseudonym
from kernel.identifiers import agb_code, client_number, municipality_code
from kernel.money import Eur
from kernel.notation import MonthFirst, format_eur, format_number, parse_date, parse_eur, parse_whole
from kernel.tabular import LOST_DIGITS, FoundTable, damaged, normal
from kernel.texts import CONTROL, cell_in, is_formula
from tariffs.units import UNIT_WORDS

# The Jeugdwet and the Wmo 2015 are in force since 2015.
FIRST_YEAR, LAST_YEAR = 2015, 2099
DAY_0 = date(2000, 1, 1)  # days are counted from here: PostgreSQL reads a number in a third of the time of a date
NULL = r"\N"
LONGEST_TEXT = 40
# The second condition is asked only of what begins as a number with an exponent does.
PLAIN_TEXT = re.compile(rf"(?!{LOST_DIGITS}$)[A-Za-z0-9][A-Za-z0-9._/-]{{0,{LONGEST_TEXT - 1}}}", re.MULTILINE)

_REMEMBERED_CELLS = 50_000
_LARGEST_QUANTITY = 99_999_999
_LARGEST_CENTS = 99_999_999_99
_ORDINARY = re.compile(rf"(?!{LOST_DIGITS}$)[A-Za-z0-9][A-Za-z0-9 _./-]{{0,{LONGEST_TEXT - 1}}}")  # needs no other look
_PLAIN_EUR = re.compile(r"([0-9]{1,8})(?:,([0-9]{1,2}))?")

Reader = Callable[[str], str]


class CellError(ValueError):
    """A cell that cannot be read: the rule it breaks, what is wrong, and the remedy."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class MonthFirstError(CellError):
    """A date that can only have the month in front."""


class Days:
    """Reads days, and notes whether there was one of which day and month may have changed places."""

    def __init__(self) -> None:
        self.any_doubtful = False

    def read(self, text: str) -> date:
        day = _day(text)
        self.any_doubtful = self.any_doubtful or (day.day <= 12 and day.day != day.month)
        return day


@dataclass(frozen=True, slots=True)
class Known:
    """The codes that may occur, with their ids in the database; `laws` has the law of each product's references."""

    municipalities: Mapping[str, int]
    providers: Mapping[str, int]
    products: Mapping[str, int]
    laws: Mapping[int, str]


class Clients:
    """Gives every client of a file a number, and keeps the pseudonyms that were not taken yet.

    Of so many processes that read one file, each gives numbers of its own: that at `place` gives place, place + of, ...
    A client may get more than one.
    """

    def __init__(self, key: bytes, place: int = 0, of: int = 1) -> None:
        self._key, self._next, self._step = key, place, of
        self._new: list[str] = []

    def number(self, client: str) -> str:
        number, self._next = self._next, self._next + self._step
        self._new.append(f"{number}\t\\\\x{pseudonym(self._key, client)}\n")
        return str(number)

    def take(self) -> str:
        """The numbers given since the last time, each with its pseudonym, as text for COPY."""
        new, self._new = "".join(self._new), []
        return new


class _Remembered(dict[str, str]):
    """Reads a cell once and remembers what it means, as long as there are not too many different ones."""

    def __init__(self, read: Reader) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> str:
        if len(self) >= _REMEMBERED_CELLS:
            self.clear()
        value = self._read(cell_in(text.strip()))
        self[text] = value
        return value


def cell_readers(table: FoundTable, known: Known, clients: Clients, days: Days) -> dict[str, Reader]:
    """How a cell of each column is read: text of the file in, text for COPY out; raises `CellError`."""
    always_bsn = normal(table.header[table.places["client"] or 0]) == "bsn"

    def client(text: str) -> str:
        if not text:
            raise CellError("D02", "leeg", "vul het cliëntnummer in")
        number = client_number(text)
        if always_bsn and number is None:
            raise CellError("D03", "dit is geen geldig BSN (elfproef)", "controleer het nummer bij de cliënt")
        if number is None and (damage := damaged(text)):
            raise CellError("D16", *damage)
        if number is None and CONTROL.search(text):
            raise CellError("D07", "met een stuurteken", "typ de tekst opnieuw")
        return clients.number(number or text)

    def product(text: str) -> str:
        found = _code(text, str, known.products, "D06", "product", "productcode uit de catalogus", 5)
        return f"{found}\t{known.laws[int(found)]}"

    def start(text: str) -> str:
        day = days.read(text)
        return f"{_days(day)}\t{day.replace(day=1)}"

    return {
        "reference": required_text,
        "municipality": _Remembered(
            lambda text: _code(
                text, municipality_code, known.municipalities, "D04", "gemeente", "CBS-code, zoals GM0502", 4
            )
        ).__getitem__,
        "provider": _Remembered(
            lambda text: _code(text, agb_code, known.providers, "D05", "aanbieder", "AGB-code van acht cijfers", 8)
        ).__getitem__,
        "client": _Remembered(client).__getitem__,
        "product": _Remembered(product).__getitem__,
        "start": _Remembered(start).__getitem__,
        "end": _Remembered(lambda text: _days(days.read(text) + timedelta(days=1))).__getitem__,
        "quantity": _Remembered(_quantity).__getitem__,
        "unit": _Remembered(unit).__getitem__,
        "debit_credit": _Remembered(sign).__getitem__,
        "previous": _Remembered(lambda text: required_text(text) if text else NULL).__getitem__,
        "assignment": _Remembered(lambda text: required_text(text) if text else "").__getitem__,
        "claimed": _Remembered(_claimed_cents).__getitem__,
    }


def required_text(text: str) -> str:
    if PLAIN_TEXT.fullmatch(text):
        return text
    text = cell_in(text.strip())
    if _ORDINARY.fullmatch(text):
        return text
    if not text:
        raise CellError("D02", "leeg", "vul een waarde in")
    if len(text) > LONGEST_TEXT or CONTROL.search(text):
        raise CellError("D07", f"langer dan {LONGEST_TEXT} tekens of met een stuurteken", "kort de tekst in")
    if damage := damaged(text):
        raise CellError("D16", *damage)
    if is_formula(text):
        raise CellError("D07", f'begint met "{text[0]}", als een formule', "begin met een letter of een cijfer")
    return text.replace("\\", r"\\") if "\\" in text else text


def _code(
    text: str, read: Callable[[str], str | None], known: Mapping[str, int], code: str, what: str, form: str, digits: int
) -> str:
    """The id of a code. A spreadsheet takes leading zeros away, so a number of fewer digits may be a known code."""
    if not text:
        raise CellError("D02", "leeg", f"vul de {form} in")
    found = read(text)
    if found not in known and text.isdigit() and (padded := read(text.zfill(digits))) in known:
        found = padded
    if found is None:
        raise CellError(code, f'"{text}" is geen {what}', f"schrijf de {form}")
    if found not in known:
        raise CellError(code, f"{what} {found} is onbekend", f"verbeter de code, of leg de code eerst vast als {what}")
    return str(known[found])


def _read(text: str, read: Callable[[str], object], code: str) -> object:
    """Read with a function of `kernel.notation`, whose reason and remedy are parted by a semicolon."""
    if not text:
        raise CellError("D02", "leeg", "vul een waarde in")
    try:
        return read(text)
    except ValueError as error:
        message, _, hint = str(error).rpartition("; ")
        kind = MonthFirstError if isinstance(error, MonthFirst) else CellError
        raise kind(code, message, hint) from None


def _day(text: str) -> date:
    day = _read(text, parse_date, "D08")
    assert isinstance(day, date)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        hint = f"vul een dag in van {FIRST_YEAR} tot en met {LAST_YEAR}"
        raise CellError("D08", f"{text} ligt buiten de tijd waarover wordt afgerekend", hint)
    return day


def _days(day: date) -> str:
    return str((day - DAY_0).days)


def _quantity(text: str) -> str:
    quantity = _read(text, parse_whole, "D09")
    assert isinstance(quantity, int)
    if quantity <= 0:
        hint = "een correctie is een volledige creditregel (dc = C) met een positief aantal"
        raise CellError("D10", f"{text} is geen geleverd aantal", hint)
    if quantity > _LARGEST_QUANTITY:
        raise CellError("D10", f"{text} is groter dan {format_number(_LARGEST_QUANTITY)}", "controleer het aantal")
    return str(quantity)


def unit(text: str) -> str:
    if not text:
        return NULL
    found = UNIT_WORDS.get(text.lower())
    if found is None:
        raise CellError("D11", f'eenheid "{text}" is onbekend', "schrijf minuut, uur, dagdeel, dag of stuk")
    return found


def sign(text: str) -> str:
    match text.upper():
        case "" | "D" | "DEBET" | "DEBIT":
            return "1"
        case "C" | "CREDIT":
            return "-1"
    raise CellError("D12", f'"{text}" is geen D of C', "schrijf D voor een levering, C voor een creditregel")


def _claimed_cents(text: str) -> str:
    if not text:
        return NULL
    if plain := _PLAIN_EUR.fullmatch(text):  # as most are, and there are many different ones
        return str(int(plain[1] + (plain[2] or "").ljust(2, "0")))
    amount = _read(text, lambda cell: parse_eur(cell).cents, "D13")
    assert isinstance(amount, int)
    if amount < 0:
        raise CellError("D13", f'"{text}" is negatief', "schrijf het bedrag positief; dc = C keert het om")
    if amount > _LARGEST_CENTS:
        largest = format_eur(Eur.of_cents(_LARGEST_CENTS))
        raise CellError("D13", f"{text} is groter dan {largest}", "controleer het bedrag")
    return str(amount)
