"""Columns for money: the check in the database and the value in Python belong together.

A column of a fixed scale would round without a word (1.005 becomes 1.01), and plain `numeric` accepts NaN and Infinity.
So an amount is plain `numeric` with a check: what does not fit to the cent is refused.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, Column, Dialect, Numeric
from sqlalchemy.types import TypeDecorator

from kernel.money import Eur


class EurAmount(TypeDecorator[Eur]):
    """`numeric` in the database, `Eur` in Python; anything else is refused on the way in."""

    impl = Numeric
    cache_ok = True

    def process_bind_param(self, value: Eur | None, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if not isinstance(value, Eur):
            raise TypeError(f"an amount is stored as Eur, not as {type(value).__name__}")
        return value.amount

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Eur | None:
        return None if value is None else Eur(value)


def money(name: str, *, nullable: bool = False) -> Column[Eur]:
    """An amount in euros, exact to the cent. NaN sorts above Infinity, so the upper bound refuses it too."""
    check = f"scale({name}) <= 2 AND {name} > '-Infinity' AND {name} < 'Infinity'"
    return Column(name, EurAmount(), CheckConstraint(check, name=name), nullable=nullable)
