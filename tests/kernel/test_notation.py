"""What people write is read in one way only, or refused with a remedy; what they read looks as they write it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Eur
from kernel.notation import (
    format_date,
    format_eur,
    format_month,
    format_number,
    parse_date,
    parse_eur,
    parse_number,
    parse_whole,
    plain,
)


@pytest.mark.parametrize("text", ["31-01-2026", "31/01/2026", "31.01.2026", "31-1-2026", "2026-01-31", "2026-1-31"])
def test_dates_are_read(text: str) -> None:
    assert parse_date(text) == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31-02-2026", "31-02-2026 bestaat niet; vul een bestaande dag in"),
        ("2026-02-30", "2026-02-30 bestaat niet; vul een bestaande dag in"),
        ("29-02-2026", "29-02-2026 bestaat niet; vul een bestaande dag in"),
        ("00-01-2026", "00-01-2026 bestaat niet; vul een bestaande dag in"),
        ("01-01-0000", "01-01-0000 bestaat niet; vul een bestaande dag in"),
        (
            "01-13-2026",
            "01-13-2026 bestaat niet: dag en maand zijn verwisseld; schrijf in de hele kolom de dag vooraan "
            "(31-01-2026), of het jaar (2026-01-31)",
        ),
        ("31-01-26", '"31-01-26" is geen datum; schrijf 31-01-2026 of 2026-01-31'),
        ("46053", '"46053" is geen datum; schrijf 31-01-2026 of 2026-01-31'),
        ("31 januari 2026", '"31 januari 2026" is geen datum; schrijf 31-01-2026 of 2026-01-31'),
        ("2026-01-31T00:01", '"2026-01-31T00:01" is geen datum; schrijf 31-01-2026 of 2026-01-31'),
        ("00:00", '"00:00" is geen datum; schrijf 31-01-2026 of 2026-01-31'),
        ("", '"" is geen datum; schrijf 31-01-2026 of 2026-01-31'),
    ],
)
def test_what_is_no_date_is_told_with_its_remedy(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"; ") as error:
        parse_date(text)
    assert str(error.value) == reason


@pytest.mark.parametrize("text", ["2026-01-05 00:00:00", "2026-01-05T00:00", "5-1-2026 0:00", "05/01/2026", "5.1.2026"])
def test_a_date_is_the_day_first_and_may_have_midnight_behind_it(text: str) -> None:
    assert parse_date(text) == date(2026, 1, 5)


@given(st.dates(date(1900, 1, 1)))
def test_a_date_is_read_as_it_was_written(day: date) -> None:
    assert parse_date(format_date(day)) == parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("95", "95"),
        ("12,34", "12.34"),
        ("12.34", "12.34"),
        ("1.132,45", "1132.45"),
        ("1,132.45", "1132.45"),
        ("1.234.567,8", "1234567.8"),
        ("-0,50", "-0.50"),
        ("+7", "7"),
        ("007", "7"),
        ("0,815", "0.815"),
        ("-0.125", "-0.125"),
        ("1234", "1234"),
        ("1,23456", "1.23456"),
        ("1234,567", "1234.567"),
    ],
)
def test_numbers_are_read(text: str, number: str) -> None:
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["1.234", "1,234", "-1.234", "123.456", "1.234.567", "1,234,567"])
def test_a_number_that_may_mean_two_things_is_refused(text: str) -> None:
    digits = text.replace(".", "").replace(",", "")
    for parse in (parse_number, parse_eur, parse_whole):
        with pytest.raises(ValueError, match=f"twee dingen betekenen; schrijf {digits} "):
            parse(text)


def test_the_remedy_for_three_decimals_keeps_them() -> None:
    """A price may have four; an amount has two, so that there only thousands can be meant."""
    with pytest.raises(ValueError, match="schrijf 41275 zonder duizendteken, of 41,2750 met vier decimalen"):
        parse_number("41,275")
    with pytest.raises(ValueError, match="schrijf -41275 zonder duizendteken, of -41,2750 met vier decimalen"):
        parse_number("-41.275")
    with pytest.raises(ValueError, match=r"schrijf 41275 of 41275,00 zonder duizendteken$"):
        parse_eur("41,275")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "abc",
        "1e5",
        "1 000",
        "1.23,4.5",
        "12,34.56",
        "1.2.3",
        "€ 5",
        "5%",
        "NaN",
        "inf",
        "0x10",
        "1_000",
        "--1",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is geen getal; schrijf cijfers"):
        parse_number(text)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_number_is_read_as_it_was_written(number: Decimal) -> None:
    assert parse_number(format_number(number)) == number
    assert parse_eur(format_eur(Eur(number))) == Eur(number)


def test_an_amount_has_cents() -> None:
    assert parse_eur("1.132,45") == parse_eur("€ 1.132,45") == parse_eur("€1132.45") == Eur("1132.45")
    with pytest.raises(ValueError, match=r"^87,604 heeft meer dan twee decimalen; rond het bedrag af op centen"):
        parse_eur("87,6040")
    with pytest.raises(ValueError, match="is geen bedrag; controleer het aantal cijfers"):
        parse_eur("9" * 30)


def test_a_whole_number_has_no_half() -> None:
    assert (parse_whole("95"), parse_whole("95,0"), parse_whole("-3.00")) == (95, 95, -3)
    with pytest.raises(ValueError, match="is geen geheel getal; reken om"):
        parse_whole("1,5")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567, "1.234.567"),
        ("1234.5", "1.234,5"),
        (Decimal("0.10"), "0,10"),
        (-1000, "-1.000"),
        (999, "999"),
        ("1E+3", "1.000"),
    ],
)
def test_numbers_are_shown_as_in_dutch(value: Decimal | int | str, shown: str) -> None:
    assert format_number(value) == shown


def test_amounts_and_days_are_shown_as_in_dutch() -> None:
    assert format_eur(Eur("1132.45")) == format_eur("1132.45") == "1.132,45"
    assert (format_date(date(2026, 1, 5)), format_month(date(2026, 3, 1))) == ("05-01-2026", "maart 2026")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(3, 200), "0.015"), (Fraction(1, 3), "1/3"), (Fraction(-1, 3), "-1/3"), (Fraction(100), "100"),
        (0, "0"), (Decimal("1.50"), "1.5"), (Fraction(-1, 8), "-0.125"), (1000, "1000"),
    ],
)  # fmt: skip
def test_an_exact_number_is_shown_in_full(value: Fraction | Decimal | int, shown: str) -> None:
    assert plain(value) == shown


@given(st.fractions(), st.integers(0, 60), st.integers(0, 60))
def test_nothing_is_rounded_away(value: Fraction, twos: int, fives: int) -> None:
    exact = value / (2**twos * 5**fives)
    assert Fraction(plain(exact)) == exact
    assert "E" not in plain(exact)
