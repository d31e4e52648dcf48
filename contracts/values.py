"""The values that contract documents are written in: exact amounts and percentages, codes, names and months.

Amounts and percentages are text in the document and exact here; a TOML float is refused, so that no figure passes
through binary. Every rule below that a document can break has a Dutch message, since contract managers read it.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails

from kernel.findings import Refusal
from kernel.identifiers import agb_code, area_code, municipality_code
from kernel.money import Eur
from kernel.periods import Month

NUMBER_PATTERN = r"^[0-9]+(\.[0-9]+)?$"
SIGNED_NUMBER_PATTERN = r"^-?[0-9]+(\.[0-9]+)?$"
CONTRACT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
KEY_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
NAME_PATTERN = r"^[^\x00-\x1f\x7f]*$"
YEAR_PATTERN = r"^20\d\d$"
PATTERN_WORDS = {
    CONTRACT_PATTERN: "letters, cijfers, punt, - en _ (hooguit 40 tekens)",
    KEY_PATTERN: "kleine letters, cijfers, - en _ (hooguit 40 tekens)",
    NAME_PATTERN: "tekst op één regel, zonder tabs",
    YEAR_PATTERN: 'een jaar als "2026"',
}


def _exact(value: object) -> Decimal:
    """A decimal number written as text."""
    if not isinstance(value, str):
        raise ValueError(f'hier hoort tekst; zet het getal tussen aanhalingstekens: "{value}"')
    if not re.fullmatch(SIGNED_NUMBER_PATTERN, value):
        raise ValueError(f'"{value}" is geen getal; schrijf cijfers met een punt, zoals "12.50"')
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
        return Month.parse(value)
    except Refusal:
        raise ValueError(f'"{value}" is geen maand; schrijf "2026-03"') from None


def _municipality(value: object) -> str:
    code = municipality_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f'"{value}" is geen gemeentecode; schrijf de CBS-code, zoals "GM0502"')
    return code


def _provider(value: object) -> str:
    code = agb_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f'"{value}" is geen AGB-code; schrijf acht cijfers tussen aanhalingstekens')
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
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=NAME_PATTERN)]
Area = Annotated[Name, AfterValidator(lambda name: area_code(name) or name)]
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
Year = Annotated[int, Field(ge=2000, le=2100)]
Law = Literal["Wmo", "Jeugdwet", "Participatiewet"]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


# Where in a part something does not fit the rest, and "what; remedy".
Misfit = tuple[tuple[str | int, ...], str]


def misfits(found: Iterable[Misfit]) -> ValidationError:
    """What a validator raises to tell several things at once, each with the place it is about."""
    return ValidationError.from_exception_data(
        "Part",
        [
            InitErrorDetails(type="value_error", loc=place, input=None, ctx={"error": ValueError(said)})
            for place, said in found
        ],
    )


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
