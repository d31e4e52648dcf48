"""The values that contract documents are written in: exact amounts and percentages, codes, names and months.

Amounts and percentages are text in the document and exact here; a TOML float is refused, so that no figure passes
through binary. Every rule below that a document can break has a Dutch message, since contract managers read it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    WithJsonSchema,
    create_model,
    model_validator,
)

from kernel.findings import Refusal
from kernel.identifiers import agb_code, area_code, as_quoted, municipality_code
from kernel.money import Eur
from kernel.periods import Month
from kernel.texts import cleaned

NUMBER_PATTERN = r"^[0-9]+(\.[0-9]+)?$"
SIGNED_NUMBER_PATTERN = r"^-?[0-9]+(\.[0-9]+)?$"
CONTRACT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
KEY_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
FIGURE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"
NAME_PATTERN = r"^[^\x00-\x1f\x7f]*$"
YEAR_PATTERN = r"^20\d\d$"
PATTERN_WORDS = {
    CONTRACT_PATTERN: "letters, cijfers, punt, - en _ (hooguit 40 tekens)",
    KEY_PATTERN: "kleine letters, cijfers, - en _ (hooguit 40 tekens)",
    FIGURE_PATTERN: "letters, cijfers, - en _ (hooguit 40 tekens)",
    NAME_PATTERN: "tekst op één regel, zonder tabs",
    YEAR_PATTERN: 'een jaar als "2026"',
}

# What a document may say: far beyond what is agreed, and within what is reckoned exactly.
FIRST_YEAR, LAST_YEAR = 2000, 2100
_YEARS = f"de jaren {FIRST_YEAR} tot en met {LAST_YEAR}"
MOST_DIGITS, MOST_DECIMALS = 12, 15
MOST_COUNTED = 1_000_000_000
MOST_MONTHS = 600


def shown(value: object) -> str:
    """A key or value of a document as a message shows it: printable, short, and without client numbers."""
    text = as_quoted("".join(filter(str.isprintable, str(value))))
    return text if len(text) <= 60 else f"{text[:60]}…"


def _exact(value: object) -> Decimal:
    """A decimal number written as text."""
    if isinstance(value, bool | list | dict | date):
        raise ValueError('hier hoort een getal tussen aanhalingstekens; schrijf cijfers met een punt, zoals "12.50"')
    if not isinstance(value, str):
        raise ValueError(f'hier hoort tekst; zet het getal tussen aanhalingstekens: "{shown(value)}"')
    if not re.fullmatch(SIGNED_NUMBER_PATTERN, value):
        raise ValueError(f'"{shown(value)}" is geen getal; schrijf cijfers met een punt, zoals "12.50"')
    whole, _, decimals = value.lstrip("-").partition(".")
    if len(whole) > MOST_DIGITS or len(decimals) > MOST_DECIMALS:
        hint = f"gebruik hooguit {MOST_DIGITS} cijfers voor en {MOST_DECIMALS} achter de punt"
        raise ValueError(f'"{shown(value)}" is te lang; {hint}')
    return Decimal(value)


def _not_negative(value: object) -> Decimal:
    number = _exact(value)
    if number < 0:
        raise ValueError(f'"{value}" is negatief; schrijf 0 of meer')
    return number


def _eur(value: object) -> Eur:
    number = _exact(value)
    try:
        return Eur(number)
    except ValueError:
        raise ValueError(f'"{value}" heeft meer dan twee decimalen; rond het bedrag af op centen') from None


def _eur_not_negative(value: object) -> Eur:
    _not_negative(value)
    return _eur(value)


def _month(value: object) -> Month:
    if not isinstance(value, str):
        raise ValueError('hier hoort tekst; schrijf de maand tussen aanhalingstekens, zoals "2026-03"')
    try:
        month = Month.parse(value)
    except Refusal:
        raise ValueError(f'"{shown(value)}" is geen maand; schrijf "2026-03"') from None
    if not FIRST_YEAR <= month.year <= LAST_YEAR:
        raise ValueError(f"{month} ligt buiten {_YEARS}; verbeter het jaar")
    return month


def _day(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{day} ligt buiten {_YEARS}; verbeter het jaar")
    return day


def _until(day: date) -> date:
    if day.year > LAST_YEAR:
        raise ValueError(f"{day} ligt na {LAST_YEAR}, en een contract heeft een einde; schrijf de eerste dag erna")
    return _day(day)


def _municipality(value: object) -> str:
    code = municipality_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f'"{shown(value)}" is geen gemeentecode; schrijf de CBS-code, zoals "GM0502"')
    return code


def _provider(value: object) -> str:
    code = agb_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f'"{shown(value)}" is geen AGB-code; schrijf acht cijfers tussen aanhalingstekens')
    return code


_DECIMAL_TEXT = WithJsonSchema({"type": "string", "pattern": NUMBER_PATTERN})
_SIGNED_DECIMAL_TEXT = WithJsonSchema({"type": "string", "pattern": SIGNED_NUMBER_PATTERN})
Amount = Annotated[Eur, BeforeValidator(_eur_not_negative), _DECIMAL_TEXT]
SignedAmount = Annotated[Eur, BeforeValidator(_eur), _SIGNED_DECIMAL_TEXT]
Number = Annotated[Decimal, BeforeValidator(_not_negative), _DECIMAL_TEXT]
SignedNumber = Annotated[Decimal, BeforeValidator(_exact), _SIGNED_DECIMAL_TEXT]
Percent = Annotated[Number, Field(le=100)]
MonthText = Annotated[Month, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})]
MunicipalityCode = Annotated[str, BeforeValidator(_municipality)]
ProviderCode = Annotated[str, BeforeValidator(_provider)]
_NAME_FORM = StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=NAME_PATTERN)
Name = Annotated[str, _NAME_FORM, AfterValidator(cleaned)]  # as names in files are: both sides must be one
Area = Annotated[Name, AfterValidator(lambda name: area_code(name) or name)]
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
# What a figure or index is told under: OVA and ova are one.
FigureName = Annotated[str, StringConstraints(pattern=FIGURE_PATTERN), AfterValidator(str.lower)]
# What may be left out: a number of an assignment or trajectory.
Reference = Annotated[str, StringConstraints(max_length=80, pattern=NAME_PATTERN), AfterValidator(cleaned)]
Day = Annotated[date, AfterValidator(_day)]
UntilDay = Annotated[date, AfterValidator(_until)]
Months = Annotated[int, Field(ge=0, le=MOST_MONTHS)]
Counted = Annotated[int, Field(ge=0, le=MOST_COUNTED)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
Law = Literal["Wmo", "Jeugdwet", "Participatiewet"]


# Where in a part something does not fit, and "what; remedy".
Place = tuple[str | int, ...]
Misfit = tuple[Place, str]
T = TypeVar("T")
P = TypeVar("P", bound="Part")


class Unread(Exception):
    """A rule asks for a key whose value could not be read; in what was read the class stands in its place."""


class Part(BaseModel):
    """A table of a document. One that has keys that could not be read is there without them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)

    def rules(self) -> Iterator[Iterable[Misfit]]:
        """What is checked once the keys are read: by rule, what does not fit."""
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _without_what_is_unread(cls, said: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(said, dict) or Unread not in said.values():
            return read(said)
        names = {field.alias or name: name for name, field in cls.model_fields.items()}
        unread = [key for key, value in said.items() if value is Unread and key in names]
        if not unread:
            return read(said)
        part: Self = _with_optional(cls, tuple((key, names[key]) for key in unread)).model_validate(
            {key: value for key, value in said.items() if key not in unread}
        )
        for key in unread:
            del part.__dict__[names[key]]
            part.model_fields_set.add(names[key])
        return part

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise Unread(name)
            return super().__getattr__(name)


@cache
def _with_optional(kind: type[P], keys: tuple[tuple[str, str], ...]) -> type[P]:
    """The same kind of part, of which some keys, each with its name, may be left out."""
    optional: Any = {name: (Any, Field(None, alias=key)) for key, name in keys}
    return create_model(kind.__name__, __base__=kind, **optional)


def misfits(part: Part) -> Iterator[Misfit]:
    """Everything that does not fit in a part and in those within it, as far as they could be read."""
    for name, field in type(part).model_fields.items():
        yield from placed((field.alias or name,), _misfits_within(part.__dict__.get(name)))
    for rule in judged(part.rules()):
        yield from judged(rule)


def _misfits_within(value: object) -> Iterator[Misfit]:
    if isinstance(value, Part):
        yield from misfits(value)
    elif isinstance(value, dict | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from placed((key,), _misfits_within(inner))


def judged(found: Iterable[T]) -> Iterator[T]:
    """What a rule finds, up to where it asks for what could not be read."""
    try:
        yield from found
    except Unread:
        return


def placed(place: Place, found: Iterable[Misfit]) -> Iterator[Misfit]:
    """What was found in a part, with the place of that part before it."""
    for within, said in found:
        yield (*place, *within), said


def meant(name: str, *, known: Sequence[str]) -> str:
    """The remedy for a name that is not among those that are known."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"bedoelt u {near[0]}?"
    return f"kies uit {', '.join(known)}" if known else "haal het weg"


# Measures that go by a Dutch word too, in contracts and in count files.
MEASURE_WORDS = {
    "inwoners": "inhabitants",
    "inwoners tot 15": "inhabitants_0_15",
    "inwoners 15 tot 25": "inhabitants_15_25",
    "inwoners 25 tot 45": "inhabitants_25_45",
    "inwoners 45 tot 65": "inhabitants_45_65",
    "inwoners vanaf 65": "inhabitants_65_plus",
    "huishoudens": "households",
    "woningen": "dwellings",
}
_WORDS = {measure: word for word, measure in MEASURE_WORDS.items()}


def measure_of(word: str) -> str:
    """The name a measure goes by: 'inwoners' and 'inhabitants' are one."""
    return MEASURE_WORDS.get(word.lower(), word)


def word_of_measure(measure: str) -> str:
    """The Dutch word of a measure; its name when there is no other."""
    return _WORDS.get(measure, measure)


Measure = Annotated[Name, AfterValidator(measure_of)]


def share(percent: Decimal) -> Fraction:
    """4.96 percent as the exact share 0.0496."""
    return Fraction(percent) / 100
