"""What a person sees in a cell is what is read, also where the format of a number shows other digits than it holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kernel.workbooks.cells import NOT_COMPUTED, Holds, cell_text, number_cell
from kernel.workbooks.formats import format_of

DAY_ZERO = date(1899, 12, 30)
ACCOUNTING = '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-'


def read(value: float, code: str, holds: Holds) -> str:
    return cell_text(number_cell(Decimal(value), format_of(code), DAY_ZERO), holds, DAY_ZERO)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (95.0, "95"), (94.99999999999999, "95"), (0.1 + 0.2, "0,3"), (12.5, "12,5"), (1.234, "1,2340"),
        (41.275, "41,2750"), (0.00001, "0,00001"), (-3, "-3"), (999999999999999.0, "999999999999999"),
        (20260100012345678.0, "2,02601000123457E+16"), (float("nan"), "#?"),
    ],
)  # fmt: skip
def test_a_number_without_a_format_shows_as_in_a_csv_file(value: float, text: str) -> None:
    assert {read(value, "General", holds) for holds in (Holds.TEXT, Holds.NUMBER, Holds.AMOUNT)} == {text}


@pytest.mark.parametrize(
    ("value", "code", "as_text", "as_number"),
    [
        (4711, "000000", "004711", "4711"),
        (4711, '"R-"0', "R-4711", "R-4711"),
        (4711, '0000"-"00', "0047-11", "0047-11"),
        (4711, '0"/2026"', "4711/2026", "4711/2026"),
        (502, "0000", "0502", "502"),
        (95, '0" uur"', "95 uur", "95 uur"),
        (999900006, '0000"."00"."000', "9999.00.006", "999900006"),
        (1234567, "#,##0", "1.234.567", "1234567"),
        (1234.5, "€ #,##0.00", "€ 1.234,50", "1234,5"),
        (1234.5, "[$€-413] #,##0.00", "€ 1.234,50", "1234,5"),
        (1234.5, "0.00 [$EUR]", "1234,50 EUR", "1234,5"),
        (-5, "0.00;[Red]-0.00", "-5,00", "-5"),
        (-5, "0.00_);(0.00)", "(5,00)", "-5"),
        (0, ACCOUNTING, "0", "0"),
        (-12.5, ACCOUNTING, "-12,50", "-12,5"),
        (0, "0;-0;;@", "", ""),
        (1200, "[>=1000]0.0;0", "1200,0", "1200"),
        (0.0418, "0.00%", "4,18%", "4,18%"),
        (0.04, "0%", "4%", "4%"),
        (1, "0%", "100%", "100%"),
        (5, "@", "5", "5"),
        (0.5, "#.##", ",5", "0,5"),
    ],
)  # fmt: skip
def test_what_a_format_shows_in_full_is_read(value: float, code: str, as_text: str, as_number: str) -> None:
    assert (read(value, code, Holds.TEXT), read(value, code, Holds.NUMBER)) == (as_text, as_number)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (95.4, "0", "95,4 (getoond als 95)"),
        (95.0799, "0.00", "95,0799 (getoond als 95,08)"),
        (95000, "0,", "95000 (getoond als 95)"),
        (95000, "0.0,,", "95000 (getoond als 0,1)"),
        (-5, "0.00;0.00", "-5 (getoond als 5,00)"),
        (95, ";;;", "95 (niet getoond)"),
        (95.5, "# ?/?", "95,5 (getoond als 95 ?/?)"),
        (95, "0.00E+00", "95 (getoond als 9,50E+1)"),
        (0.041834, "0.00%", "4,1834% (getoond als 4,18%)"),
        (1234, '[>=1000]0.0,"k";0', "1234 (getoond als 1,2k)"),
    ],
)
def test_what_is_shown_otherwise_than_it_is_held_names_both(value: float, code: str, text: str) -> None:
    assert (read(value, code, Holds.TEXT), read(value, code, Holds.NUMBER)) == (text, text)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (95.0799, "0.00", "95,08"),
        (95.0799, '#,##0.00 "€"', "95,08"),
        (1234.565, "#,##0.00", "1234,57"),
        (-12.3456, ACCOUNTING, "-12,35"),
        (95.4, "0", "95,4 (getoond als 95)"),
        (0.041834, "0.00%", "4,1834% (getoond als 4,18%)"),
        (95000, "0.00,", "95000 (getoond als 95,00)"),
    ],
)
def test_an_amount_counts_as_it_is_shown_in_cents(value: float, code: str, text: str) -> None:
    assert read(value, code, Holds.AMOUNT) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (46027, "dd-mm-yyyy", "05-01-2026"), (46027, "mmm yyyy", "05-01-2026"), (46027, "dddd d mmmm", "05-01-2026"),
        (46027, "General", "05-01-2026"), (46027, "0", "05-01-2026"), (46027, "#,##0", "05-01-2026"),
        (46027.6, "dd-mm-yyyy", "05-01-2026"), (46027.6, "d-m-yyyy h:mm", "05-01-2026 14:24:00"),
        (0.0625, "h:mm", "01:30:00"), (1.5, "[h]:mm", "36:00:00"), (20260105, "0", "20260105"),
    ],
)  # fmt: skip
def test_a_day_counts_by_its_value_however_it_is_formatted(value: float, code: str, text: str) -> None:
    assert read(value, code, Holds.DAY) == text


def test_a_formula_without_outcome_is_an_error_and_no_empty_cell() -> None:
    assert {cell_text(NOT_COMPUTED, holds, DAY_ZERO) for holds in Holds} == {"#FORMULE!"}
