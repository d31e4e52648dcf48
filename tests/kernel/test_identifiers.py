"""Numbers that name people, municipalities and providers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.identifiers import (
    agb_code,
    area_code,
    as_quoted,
    as_shown,
    client_number,
    is_bsn,
    municipality_code,
    possible_client_numbers,
    without_client_numbers,
    without_whole_client_numbers,
)


def with_check_digit(eight_digits: str) -> str:
    return eight_digits + str(
        sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), eight_digits, strict=True)) % 11
    )


bsns = st.integers(1_000_000, 99_999_999).map("{:08d}".format).map(with_check_digit).filter(lambda bsn: len(bsn) == 9)


@pytest.mark.parametrize("text", ["999900006", "999900018", "012345611", "123456782"])
def test_nine_digits_that_pass_the_elfproef(text: str) -> None:
    assert is_bsn(text)


@pytest.mark.parametrize(
    "text",
    [
        "999900007",
        "123456789",
        "000000000",
        "99990000",
        "9999000060",
        "",
        "99990000a",
        " 999900006",
        "٩٩٩٩٠٠٠٠٦",
        "²²²²²²²²²",
    ],
)
def test_anything_else_is_no_client_number(text: str) -> None:
    assert not is_bsn(text)


@given(bsns, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(bsn: str, place: int, shift: int) -> None:
    wrong = bsn[:place] + str((int(bsn[place]) + shift) % 10) + bsn[place + 1 :]
    assert not is_bsn(wrong)


@given(bsns, st.integers(0, 7))
def test_two_digits_that_changed_places_are_found(bsn: str, place: int) -> None:
    """Also the last two, of which the weights (2 and -1) differ by 3."""
    swapped = bsn[:place] + bsn[place + 1] + bsn[place] + bsn[place + 2 :]
    assert swapped == bsn or not is_bsn(swapped)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"999900006" is geen datum', '"•••••••••" is geen datum'),
        ("999900006,12345611 en 123456789", "•••••••••,••••••••• en 123456789"),
        ("9999.00.006 of 999.900.006 of 9999 00 006", "••••••••• of ••••••••• of •••••••••"),
        ("x999900006y", "x•••••••••y"),
        ("1999900006", "1999900006"),
        ("0999900006 of 0 999 900 006", "••••••••• of •••••••••"),
        ("99.99.00.00.6 of 999-900-006", "••••••••• of •••••••••"),
        ("12 999 900 006, 222 333 999 900 006", "12 •••••••••, 222 333 •••••••••"),
        ("31-01-2026 tot 2026-01-31", "31-01-2026 tot 2026-01-31"),
        ("GM0502 41000003 1.132,45 r12", "GM0502 41000003 1.132,45 r12"),
    ],
)
def test_client_numbers_are_hidden_in_messages(text: str, shown: str) -> None:
    assert without_client_numbers(text) == shown


@pytest.mark.parametrize(
    "text", ["012345611", "12345611", "0012345611", "0123.45.611", "012 345 611", "012-345-611", "0 12345611"]
)
def test_a_client_number_in_many_forms(text: str) -> None:
    assert client_number(text) == "012345611"


@pytest.mark.parametrize("text", ["123456112", "1.2", "12", "0000012", "k12345611", "", "12345611x", "1999900006"])
def test_another_number_is_no_client_number(text: str) -> None:
    assert client_number(text) is None


WRITTEN = ["999900006", "9999.00.006", "9999/00/006", "9999_00_006", "9999  00  006", "9999 - 00 - 006",
           "9999\\00\\006",
           "9999\u200b00006", "9999\u00a000\u2009006", "9999\u201100\u2212006", "\uff19999\uff100006",
           "\u0669\u0669\u0669\u0669\u0660\u0660\u0660\u0660\u0666", "\u2079999\u20700006"]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_client_number_is_hidden_however_it_is_written(written: str) -> None:
    assert as_shown(f"dossier {written}, x") == "dossier •••••••••, x"
    assert possible_client_numbers(f"dossier {written}") == ["999900006"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20119999000067", ["999900006"]),
        ("12345611", ["012345611"]),
        ("a12345611b", ["012345611"]),
        ("1234561", []),
        ("r1-2-3", []),
        ("", []),
    ],
)
def test_runs_of_nine_digits_inside_longer_ones_are_found(text: str, found: list[str]) -> None:
    assert [number for number in possible_client_numbers(text) if number in found] == found
    assert all(is_bsn(number) for number in possible_client_numbers(text))


def test_eight_digits_can_be_left_alone() -> None:
    assert possible_client_numbers("12345611", fewest_digits=9) == []


def test_what_a_message_quotes_holds_no_long_number_and_an_amount_stays() -> None:
    assert as_quoted("uit 20119999000067 en 1111111111") == "uit ••••••••• en 1111111111"
    assert (
        without_whole_client_numbers("999900006, 1999900006 en 99.990.000,06")
        == "•••••••••, 1999900006 en 99.990.000,06"
    )
    assert as_shown("a\x1b[31m\u202eb\nc") == "a [31mb c"


def test_numbers_of_eight_digits_may_stay() -> None:
    assert without_client_numbers("12345611-999900006", fewest_digits=9) == "12345611-•••••••••"


@given(bsns, st.text(alphabet="ab ;\n•", max_size=5), st.text(alphabet="ab ;\n•", max_size=5))
def test_no_client_number_survives_in_a_message(bsn: str, before: str, after: str) -> None:
    assert bsn not in without_client_numbers(before + bsn + after)
    assert bsn.lstrip("0") not in without_client_numbers(before + bsn.lstrip("0") + after)


@pytest.mark.parametrize("text", ["GM0502", "gm0502", "0502"])
def test_a_municipality_has_a_code_of_cbs(text: str) -> None:
    assert municipality_code(text) == "GM0502"


@pytest.mark.parametrize(
    "text", ["", "502", "GM502", "GM05022", "Capelle", " GM0502", "GM0502\n", "WK050201", "GM٠٥٠٢"]
)
def test_anything_else_is_no_municipality(text: str) -> None:
    assert municipality_code(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GM0502", "GM0502"),
        ("wk050201", "WK050201"),
        ("BU05020101", "BU05020101"),
        ("BU0502010", None),
        ("Noord", None),
        ("GM٠٥٠٢", None),
    ],
)
def test_an_area_has_a_code_of_cbs(text: str, code: str | None) -> None:
    assert area_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("41000002", "41000002"),
        ("07000001", "07000001"),
        ("7000001", None),
        ("410000021", None),
        ("4100000a", None),
        ("", None),
        ("41000002\n", None),
        ("٤١٠٠٠٠٠٢", None),
    ],
)
def test_a_provider_has_a_code_of_eight_digits(text: str, code: str | None) -> None:
    assert agb_code(text) == code
