"""Units of delivery and the rounding that belongs to them (iWmo/iJw code list WJ756, instructions IV079 and IV081).

A product says in which unit it is delivered, per which unit it is priced, and where the amount is rounded. Only the
combinations in `PRICE_RULES` exist; a price rule tells how a volume becomes an amount.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from kernel.money import Eur, half_up

MINUTES_PER_HOUR = 60


class Unit(StrEnum):
    """A unit of delivery or price."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY_PART = "day_part"
    DAY = "day"
    PIECE = "piece"


class Rounding(StrEnum):
    """Where an amount is rounded: each row by itself, or the sum of a client's rows in a month."""

    ROW = "row"
    CLIENT_MONTH = "client_month"


# The words of a file for a unit: Dutch, English, and the codes of WJ756 (a day part is 4 hours; 82 and 84 are pieces).
UNIT_WORDS: dict[str, Unit] = {
    "minuut": Unit.MINUTE, "minuten": Unit.MINUTE, "minute": Unit.MINUTE, "minutes": Unit.MINUTE, "01": Unit.MINUTE,
    "uur": Unit.HOUR, "uren": Unit.HOUR, "hour": Unit.HOUR, "hours": Unit.HOUR, "04": Unit.HOUR,
    "dagdeel": Unit.DAY_PART, "dagdelen": Unit.DAY_PART, "day_part": Unit.DAY_PART, "day part": Unit.DAY_PART,
    "16": Unit.DAY_PART,
    "dag": Unit.DAY, "dagen": Unit.DAY, "etmaal": Unit.DAY, "etmalen": Unit.DAY, "day": Unit.DAY, "days": Unit.DAY,
    "14": Unit.DAY,
    "stuk": Unit.PIECE, "stuks": Unit.PIECE, "piece": Unit.PIECE, "pieces": Unit.PIECE, "82": Unit.PIECE,
    "84": Unit.PIECE,
}  # fmt: skip

# What a unit is called in Dutch: many of them, and the one that a price is for.
UNIT_NAMES: dict[Unit, str] = {
    Unit.MINUTE: "minuten",
    Unit.HOUR: "uren",
    Unit.DAY_PART: "dagdelen",
    Unit.DAY: "dagen",
    Unit.PIECE: "stuks",
}
PRICE_PER_NAMES: dict[Unit, str] = {
    Unit.MINUTE: "minuut",
    Unit.HOUR: "uur",
    Unit.DAY_PART: "dagdeel",
    Unit.DAY: "dag",
    Unit.PIECE: "stuk",
}


@dataclass(frozen=True, slots=True, order=True)
class PriceRule:
    """How a delivered volume becomes an amount.

    `billed_unit` is the unit in which the volume is shown beside the price; `units_per_price` delivered units cost one
    price.
    """

    unit: Unit
    price_per: Unit
    rounding: Rounding
    billed_unit: Unit
    units_per_price: int


PRICE_RULES: dict[tuple[Unit, Unit, Rounding], PriceRule] = {
    (rule.unit, rule.price_per, rule.rounding): rule
    for rule in (
        # Minutes on an hourly price: price x minutes / 60, rounded once (IV081, TR346).
        PriceRule(Unit.MINUTE, Unit.HOUR, Rounding.ROW, Unit.MINUTE, MINUTES_PER_HOUR),
        # Hours delivered in minutes: summed over the month, then rounded to hours (IV079).
        PriceRule(Unit.MINUTE, Unit.HOUR, Rounding.CLIENT_MONTH, Unit.HOUR, 1),
        PriceRule(Unit.MINUTE, Unit.MINUTE, Rounding.ROW, Unit.MINUTE, 1),
        PriceRule(Unit.HOUR, Unit.HOUR, Rounding.ROW, Unit.HOUR, 1),
        PriceRule(Unit.DAY_PART, Unit.DAY_PART, Rounding.ROW, Unit.DAY_PART, 1),
        PriceRule(Unit.DAY, Unit.DAY, Rounding.ROW, Unit.DAY, 1),
        PriceRule(Unit.PIECE, Unit.PIECE, Rounding.ROW, Unit.PIECE, 1),
    )
}


def row_amount(price: Fraction, quantity: int, rule: PriceRule) -> Eur:
    """The amount of one row: price x quantity, per `units_per_price`, rounded once, half up."""
    return half_up(price * quantity / rule.units_per_price)


def hours_of(minutes: Iterable[int]) -> int:
    """Hours from the minutes of a client in a month: summed, below 30 down, from 30 up, at least 1 hour (IV079).

    No minutes at all (every row credited) is no hours.
    """
    total = sum(minutes)
    if total == 0:
        return 0
    return max(1, (total + MINUTES_PER_HOUR // 2) // MINUTES_PER_HOUR)
