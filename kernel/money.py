"""Money: exact to the cent, never rounded by itself.

An `Eur` has two decimals and nothing else. What lies between (shares, growth, price times volume) is an exact
`Fraction`; it becomes money only through a rounding with a name. A total is divided with `allocate`, so that the parts
add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache

CENT = Decimal("0.01")
Exact = Fraction | Decimal | int


@dataclass(frozen=True, slots=True, order=True)
class Eur:
    """An amount in euros with exactly two decimals.

    Made from text, `Decimal` or `int`; more than two decimals, NaN, infinity and floats are refused with `ValueError`.
    """

    amount: Decimal

    def __init__(self, amount: str | Decimal | int) -> None:
        if isinstance(amount, float):
            raise ValueError("an amount is never made from a float")
        try:
            exact = Decimal(amount)
            cents = exact.quantize(CENT)
        except InvalidOperation:
            raise ValueError(f"not an amount in euros: {amount!r}") from None
        if cents != exact:
            raise ValueError(f"more than two decimals: {amount!r}")
        object.__setattr__(self, "amount", cents + 0)  # + 0 turns -0.00 into 0.00

    @staticmethod
    @cache
    def zero() -> Eur:
        return Eur(0)

    @classmethod
    def of_cents(cls, cents: int) -> Eur:
        return cls(Decimal(cents).scaleb(-2))

    @property
    def cents(self) -> int:
        return int(self.amount.scaleb(2))

    @property
    def exact(self) -> Fraction:
        return Fraction(self.amount)

    def __add__(self, other: Eur) -> Eur:
        return Eur(self.amount + other.amount)

    def __sub__(self, other: Eur) -> Eur:
        return Eur(self.amount - other.amount)

    def __neg__(self) -> Eur:
        return Eur(-self.amount)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return str(self.amount)


def total(amounts: Iterable[Eur]) -> Eur:
    """The sum; nothing to add is 0.00."""
    return sum(amounts, start=Eur.zero())


def half_up(exact: Exact) -> Eur:
    """Round to the cent, halves away from zero: 97.765 becomes 97.77 and -97.765 becomes -97.77."""
    return Eur.of_cents(_half_away_from_zero(Fraction(exact) * 100))


def half_up_to(exact: Exact, decimals: int) -> Decimal:
    """Round a number that is no amount to so many decimals, halves away from zero: 4.957 becomes 4.96."""
    return Decimal(_half_away_from_zero(Fraction(exact) * 10**decimals)).scaleb(-decimals)


def round_down(exact: Exact) -> Eur:
    """Cut off below the cent, towards zero: how an instalment is rounded, so that the last one takes the difference."""
    return Eur.of_cents(int(Fraction(exact) * 100))


def allocate(amount: Eur, weights: Sequence[Exact]) -> list[Eur]:
    """Divide `amount` by `weights` so that the parts add up to it exactly.

    Each part is cut off below the cent and the cents that remain go to the largest remainders, the earlier of two equal
    ones first. The sign follows the amount. Weights are not negative and not all zero.
    """
    exact_weights = [Fraction(weight) for weight in weights]
    whole = sum(exact_weights)
    if whole == 0 or any(weight < 0 for weight in exact_weights):
        raise ValueError("weights must not be negative and not all be zero")
    sign = -1 if amount < Eur.zero() else 1
    cents = abs(amount.cents)
    shares = [cents * weight / whole for weight in exact_weights]
    parts = [int(share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for i in by_remainder[: cents - sum(parts)]:
        parts[i] += 1
    return [Eur.of_cents(sign * part) for part in parts]


def _half_away_from_zero(value: Fraction) -> int:
    magnitude = (abs(value) + Fraction(1, 2)).__floor__()
    return magnitude if value >= 0 else -magnitude
