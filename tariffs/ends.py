"""A first day after that is the last day of a month: likely meant as a last day, which then would not count."""

from collections.abc import Iterator, Mapping
from datetime import date

from kernel.findings import Finding, Severity
from kernel.notation import format_date
from kernel.periods import is_last_of_month

_MOST_TOLD = 20


def told(names: list[str], by: str = ", ") -> str:
    """As many names as are read, and how many there are besides."""
    more = [f"en nog {len(names) - _MOST_TOLD}"] if len(names) > _MOST_TOLD else []
    return by.join((*names[:_MOST_TOLD], *more))


def on_a_last_day(file_name: str, code: str, ends: Mapping[str, date | None]) -> Iterator[Finding]:
    """One warning about the ends of a file that are likely meant inclusively; `ends` are by what a person knows."""
    meant = {name: until for name, until in ends.items() if until is not None and is_last_of_month(until)}
    if meant:
        days = told([format_date(day) for day in sorted(set(meant.values()))])
        message = f'"tot" is de eerste dag die niet meer meetelt, en dat is hier {days}, bij {told([*meant])}'
        hint = "schrijf de eerste van de maand erna als de laatste dag van de maand nog meetelt"
        yield Finding(code, Severity.WARNING, file_name, message, hint)
