"""Euros are exact, rounded only by name, and divided so that the parts add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Eur, allocate, half_up, round_down, total

cents = st.integers(-(10**12), 10**12)
amounts = st.builds(Eur.of_cents, cents)
weights = st.lists(
    st.one_of(st.integers(0, 1000), st.fractions(0, 1, max_denominator=97), st.decimals(0, 9, places=3)),
    min_size=1,
    max_size=8,
).filter(any)


# --- an amount --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made_from", "shown"),
    [
        ("12.34", "12.34"),
        ("12", "12.00"),
        (12, "12.00"),
        (Decimal("12.3"), "12.30"),
        ("-0.00", "0.00"),
        ("12.340", "12.34"),
    ],
)
def test_an_amount_has_two_decimals(made_from: str | int | Decimal, shown: str) -> None:
    assert str(Eur(made_from)) == shown


@pytest.mark.parametrize(
    "made_from",
    [
        1.0,
        0.1,
        float("nan"),
        "0.001",
        "12.345",
        Decimal("0.005"),
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "",
        "abc",
        "12,34",
        "9" * 40,
    ],
)
def test_what_is_no_amount_is_refused(made_from: str | float | Decimal) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        Eur(made_from)  # type: ignore[arg-type]


def test_an_amount_cannot_be_added_to_a_number() -> None:
    with pytest.raises((TypeError, AttributeError)):
        Eur("1.00") + 1  # type: ignore[operator]


def test_an_amount_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Eur("1.00").amount = Decimal(2)  # type: ignore[misc]


def test_equal_amounts_are_one() -> None:
    assert Eur("1.10") == Eur(Decimal("1.1"))
    assert len({Eur("1.10"), Eur("1.1"), Eur("-0"), Eur("0")}) == 2
    assert sorted([Eur("10"), Eur("-2"), Eur("9.99")]) == [Eur("-2"), Eur("9.99"), Eur("10")]
    assert (bool(Eur("0.00")), bool(Eur("-0.01"))) == (False, True)


@given(a=cents, b=cents)
def test_amounts_count_as_cents_do(a: int, b: int) -> None:
    assert (Eur.of_cents(a) + Eur.of_cents(b)).cents == a + b
    assert (Eur.of_cents(a) - Eur.of_cents(b)).cents == a - b
    assert (-Eur.of_cents(a)).cents == -a
    assert (Eur.of_cents(a) < Eur.of_cents(b)) == (a < b)
    assert Eur.of_cents(a).exact == Fraction(a, 100)
    assert Eur(str(Eur.of_cents(a))) == Eur.of_cents(a)


def test_the_sum_of_nothing_is_nil() -> None:
    assert str(total([])) == "0.00"
    assert total([Eur("0.10"), Eur("0.20")]) == Eur("0.30")


# --- rounding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        (Fraction(97765, 1000), "97.77"),  # 61.75 an hour, 95 minutes: 97.7708…; the half itself is here
        (Fraction(-97765, 1000), "-97.77"),
        (Decimal("1.005"), "1.01"),
        (Decimal("1.0049999999999999999999999999"), "1.00"),
        (Decimal("-0.004"), "0.00"),
        (Fraction(1, 3), "0.33"),
        (Fraction(2, 3), "0.67"),
        (7, "7.00"),
        (Fraction(6175 * 95, 6000), "97.77"),
    ],
)
def test_halves_go_away_from_zero(exact: Fraction | Decimal | int, rounded: str) -> None:
    assert str(half_up(exact)) == rounded


@pytest.mark.parametrize(
    ("exact", "cut"),
    [(Decimal("8.339"), "8.33"), (Decimal("-8.339"), "-8.33"), (Fraction(100, 12), "8.33"), (5, "5.00")],
)
def test_an_instalment_is_cut_off_towards_zero(exact: Fraction | Decimal | int, cut: str) -> None:
    assert str(round_down(exact)) == cut


@given(st.fractions(-(10**6), 10**6, max_denominator=10**6))
def test_rounding_stays_within_half_a_cent_and_is_the_same_both_sides_of_zero(exact: Fraction) -> None:
    assert abs(half_up(exact).exact - exact) <= Fraction(1, 200)
    assert half_up(-exact) == -half_up(exact)
    assert 0 <= abs(exact) - abs(round_down(exact).exact) < Fraction(1, 100)


# --- dividing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "by", "parts"),
    [
        ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),  # of equals the earlier
        ("-100.00", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
        ("0.02", [1, 1, 1], ["0.01", "0.01", "0.00"]),
        ("0.01", [1, 2, 1], ["0.00", "0.01", "0.00"]),  # the largest remainder, not the first
        ("10.00", [Fraction(1, 3), Fraction(2, 3)], ["3.33", "6.67"]),
        ("10.00", [Decimal("0.25"), 0, Decimal("0.75")], ["2.50", "0.00", "7.50"]),
        ("0.00", [3, 4], ["0.00", "0.00"]),
        ("0.05", [0, 1], ["0.00", "0.05"]),
        ("1000.01", [60, 25, 15], ["600.01", "250.00", "150.00"]),
    ],
)
def test_parts_add_up(amount: str, by: list[Fraction | Decimal | int], parts: list[str]) -> None:
    assert [str(part) for part in allocate(Eur(amount), by)] == parts


@pytest.mark.parametrize("by", [[], [0], [0, 0], [1, -1, 1], [-1, -2]])
def test_weights_that_divide_nothing_are_refused(by: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(Eur("1.00"), by)


@given(amount=amounts, by=weights)
def test_every_part_is_its_share_to_within_a_cent(amount: Eur, by: list[Fraction]) -> None:
    parts = allocate(amount, by)
    whole = sum(map(Fraction, by))
    assert total(parts) == amount
    for part, weight in zip(parts, by, strict=True):
        assert abs(part.exact - amount.exact * Fraction(weight) / whole) < Fraction(1, 100)
        assert part == Eur.zero() or (part > Eur.zero()) == (amount > Eur.zero())
        assert weight or part == Eur.zero()
    assert allocate(-amount, by) == [-part for part in parts]


@given(amount=amounts, by=weights, factor=st.integers(2, 50))
def test_only_the_ratio_of_weights_matters(amount: Eur, by: list[Fraction], factor: int) -> None:
    assert allocate(amount, [Fraction(weight) * factor for weight in by]) == allocate(amount, by)
