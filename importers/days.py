"""Days of what people report: a year that is far ahead is a slip of the keyboard."""

from datetime import date, datetime

from database.recordings import TIME_ZONE
from kernel.notation import format_date, parse_date


def latest_year() -> int:
    """The last year in which something can have happened: the coming one, since clocks differ."""
    return datetime.now(TIME_ZONE).year + 1


def parse_day(text: str) -> date:
    """Read a day on which something was counted, received, decided or paid. Raises `ValueError` with a Dutch reason."""
    day = parse_date(text)
    if day.year > latest_year():
        raise ValueError(f"{format_date(day)} ligt te ver vooruit; vul een dag in tot en met {latest_year()}")
    return day
