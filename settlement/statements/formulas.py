"""Live formulas that a spreadsheet works out to the same cent as the program.

A spreadsheet computes in binary, where 60.05 has no exact value, so a half cent may fall on either side. Whole numbers
up to 9,007,199,254,740,991 are exact, and so is the half in a quotient of whole numbers. Formulas that round therefore
count in whole cents (or whole ten-thousandths of a euro, for prices): `ROUND(ROUND(H7*J7*100,0)/60,0)/100`. The inner
`ROUND` only takes away the binary noise.

Growth and shares are no whole numbers. There the exact value is known when the formula is written: `ROUND` where it is
clear of a half cent, and within a thousandth of a cent of one `ROUNDUP` or `ROUNDDOWN`, whichever half up comes to.

Each formula comes with its exact value, which is stored beside it for readers that do not calculate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from kernel.money import Eur, half_up, round_down
from tariffs.units import hours_of

_CENTS = 100
_TEN_THOUSANDTHS = 10_000
_NEAR_A_HALF = Fraction(1, 1000)
_CONTEXT = Context(prec=17)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that was written: its sheet and address, and the exact value in it."""

    sheet: str
    address: str
    exact: Fraction

    @property
    def elsewhere(self) -> str:
        """The reference from another sheet."""
        return f"{self.sheet}!{self.address}"

    @property
    def absolute(self) -> str:
        """The reference that stays the same wherever it is copied."""
        letters = self.address.rstrip("0123456789")
        return f"{self.sheet}!${letters}${self.row}"

    @property
    def row(self) -> str:
        """The number of its row, as in an address."""
        return self.address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and the exact value it comes to."""

    text: str
    exact: Fraction


def eur_of(exact: Fraction) -> Eur:
    """An exact value that is in whole cents, as an amount. Raises `ValueError` for any other."""
    cents = exact * _CENTS
    if cents.denominator != 1:
        raise ValueError(f"not in whole cents: {exact}")
    return Eur.of_cents(cents.numerator)


def volume_times_price(volume: Cell, price: Cell, units_per_price: int) -> Formula:
    """Volume x price, per `units_per_price`, half up. A price has at most four decimals."""
    scale = _CENTS if (price.exact * _CENTS).denominator == 1 else _TEN_THOUSANDTHS
    divisor = units_per_price * scale // _CENTS
    product = f"{volume.address}*{price.address}"
    text = f"ROUND({product},2)" if divisor == 1 else f"ROUND(ROUND({product}*{scale},0)/{divisor},0)/100"
    return Formula(text, _priced(volume.exact, price.exact, units_per_price))


@lru_cache(maxsize=10_000)
def _priced(volume: Fraction, price: Fraction, units_per_price: int) -> Fraction:
    """The same volumes and prices come back in many rows."""
    return half_up(volume * price / units_per_price).exact


def persons_times_amount(persons: Cell, amount: Cell) -> Formula:
    """Whole persons times whole cents."""
    return Formula(f"ROUND({persons.address}*{amount.address},2)", persons.exact * amount.exact)


def indexed(amount: Cell, percent: Cell) -> Formula:
    """Amount raised by a percentage, half up."""
    scale = 1
    while (percent.exact * scale).denominator != 1:
        scale *= 10
    factor = f"ROUND((100+{percent.address})*{scale},0)"
    text = f"ROUND(ROUND({amount.address}*100,0)*{factor}/{100 * scale},0)/100"
    return Formula(text, half_up(amount.exact * (1 + percent.exact / 100)).exact)


def growth_percent(before: Cell, after: Cell) -> Formula:
    """Growth in percent."""
    return Formula(f"({after.address}-{before.address})/{before.address}*100", (after.exact / before.exact - 1) * 100)


def paid_percent(before: Cell, after: Cell, growth: Cell, band: Cell, pays: str) -> Formula:
    """The part of the growth that is paid: nothing within the dead band, above it the excess or the whole.

    Whether growth passes the band is decided on the counts: 1% of 10,000 is exactly 100 there.
    """
    passes = f"ROUND(ABS({after.address}-{before.address})*100-{band.address}*{before.address},4)>0"
    paid = f"{growth.address}-SIGN({growth.address})*{band.address}" if pays == "excess" else growth.address
    exact = Fraction(0)
    if abs(growth.exact) > band.exact:
        sign = 1 if growth.exact > 0 else -1
        exact = growth.exact - sign * band.exact if pays == "excess" else growth.exact
    return Formula(f"IF({passes},{paid},0)", exact)


def raised(amount: Cell, percent: Cell) -> Formula:
    """Amount raised by a percentage that is itself computed, half up."""
    return _half_up(f"{amount.address}*(1+{percent.address}/100)", amount.exact * (1 + percent.exact / 100))


def percent_of(amount: Cell, percent: Cell) -> Formula:
    """A percentage of an amount, half up."""
    return _half_up(f"{amount.address}*{percent.address}/100", amount.exact * percent.exact / 100)


def less_percent(amount: Cell, percent: Cell) -> Formula:
    """An amount less a percentage of it, half up."""
    return _half_up(f"{amount.address}*(1-{percent.address}/100)", amount.exact * (1 - percent.exact / 100))


def share_percent(parts: Sequence[tuple[Cell, Cell, Cell]]) -> Formula:
    """The share of an area in percent: the sum over the measures of weight in percent x persons in it / in all."""
    text = "+".join(f"{weight.address}*{persons.address}/{all_.address}" for weight, persons, all_ in parts)
    exact = sum((weight.exact * persons.exact / all_.exact for weight, persons, all_ in parts), Fraction(0))
    return Formula(text, exact)


def share_of(amount: Cell, share_percent: Cell, remainder: Cell) -> Formula:
    """A share of an amount, half up, plus the cent that the division over all areas moved here or away."""
    part = _half_up(f"{amount.address}*{share_percent.address}/100", amount.exact * share_percent.exact / 100)
    return Formula(f"{part.text}+{remainder.address}", part.exact + remainder.exact)


def part_of_year(amount: Cell, months: Cell) -> Formula:
    """The months in force of twelve, half up."""
    text = f"ROUND(ROUND({amount.address}*100,0)*{months.address}/12,0)/100"
    return Formula(text, half_up(amount.exact * months.exact / 12).exact)


def instalment(year: Cell, months: Cell, year_months: Cell) -> Formula:
    """The months of an instalment of those of the year, cut off below the cent."""
    text = f"ROUNDDOWN(ROUND({year.address}*100,0)*{months.address}/{year_months.address},0)/100"
    return Formula(text, round_down(year.exact * months.exact / year_months.exact).exact)


def part_of_budget(year: Cell, months: Cell, year_months: int) -> Formula:
    """The part of a budget for the months that have passed, cut off below the cent; the whole after the last."""
    text = f"ROUNDDOWN(ROUND({year.address}*100,0)*{months.address}/{year_months},0)/100"
    return Formula(text, round_down(year.exact * months.exact / year_months).exact)


def earlier_instalments(year: Cell, instalments: int) -> Formula:
    """All instalments of the year but the last, where they are alike."""
    part = f"ROUNDDOWN(ROUND({year.address}*100,0)/{instalments},0)/100"
    exact = round_down(year.exact / instalments).exact * (instalments - 1)
    return Formula(f"ROUND({instalments - 1}*{part},2)", exact)


def plus(one: Cell, other: Cell) -> Formula:
    """Two amounts on the same sheet together."""
    return Formula(f"ROUND({one.address}+{other.address},2)", one.exact + other.exact)


def minus(one: Cell, other: Cell) -> Formula:
    """One amount less another on the same sheet."""
    return Formula(f"ROUND({one.address}-{other.address},2)", one.exact - other.exact)


def same_as(cell: Cell) -> Formula:
    """What stands in a cell of another sheet."""
    return Formula(cell.elsewhere, cell.exact)


def sum_of(column: Sequence[Cell]) -> Formula:
    """The sum of adjacent cells in a column of this sheet; nothing to add is nil."""
    if not column:
        return Formula("0", Fraction(0))
    text = f"ROUND(SUM({column[0].address}:{column[-1].address}),2)"
    return Formula(text, sum((cell.exact for cell in column), Fraction(0)))


def sum_of_cells(cells: Sequence[Cell]) -> Formula:
    """The sum of a few cells of this sheet that are not adjacent."""
    text = f"ROUND({'+'.join(cell.address for cell in cells)},2)"
    return Formula(text, sum((cell.exact for cell in cells), Fraction(0)))


def sum_of_elsewhere(column: Sequence[Cell]) -> Formula:
    """The sum of adjacent cells in a column of another sheet; nothing to add is nil."""
    if not column:
        return Formula("0", Fraction(0))
    text = f"ROUND(SUM({column[0].elsewhere}:{column[-1].address}),2)"
    return Formula(text, sum((cell.exact for cell in column), Fraction(0)))


def sum_where(column: Sequence[Cell], exact: Fraction, conditions: Sequence[tuple[str, str]]) -> Formula:
    """The sum of the cells of another sheet whose rows match, which is `exact`.

    `conditions` are pairs of the letter of a column of texts on that sheet and what must be true of it ('=A5', '<>""').
    SUMIF would read a name such as '>5' as a condition.
    """
    if not column:
        return Formula("0", Fraction(0))
    sheet, first, last = column[0].sheet, column[0].row, column[-1].row
    tests = "*".join(f"({sheet}!{letter}{first}:{letter}{last}{test})" for letter, test in conditions)
    text = f"ROUND(SUMPRODUCT({tests}*{column[0].elsewhere}:{column[-1].address}),2)"
    return Formula(text, exact)


def both(one: Formula, other: Formula) -> Formula:
    """Two amounts that are formulas themselves, together."""
    return Formula(f"ROUND({one.text}+{other.text},2)", one.exact + other.exact)


def value_of(cell: Cell) -> Formula:
    """What stands in a cell of this sheet."""
    return Formula(cell.address, cell.exact)


def minutes_together(column: Sequence[Cell]) -> Formula:
    """The sum of adjacent whole numbers in a column of this sheet."""
    return Formula(f"SUM({column[0].address}:{column[-1].address})", sum((cell.exact for cell in column), Fraction(0)))


def hours(minutes: Cell) -> Formula:
    """Whole hours of minutes: below 30 down, from 30 up, at least one; of no minutes none."""
    text = f"IF({minutes.address}=0,0,MAX(1,INT(({minutes.address}+30)/60)))"
    return Formula(text, Fraction(hours_of([int(minutes.exact)])))


def number_of(exact: Fraction) -> Decimal:
    """An exact value as the number that is stored: seventeen digits, more than a spreadsheet keeps."""
    if exact.denominator == 1:
        return Decimal(exact.numerator)
    return _CONTEXT.divide(Decimal(exact.numerator), Decimal(exact.denominator))


def _half_up(expression: str, exact: Fraction) -> Formula:
    rounded = half_up(exact)
    cents = abs(exact) * _CENTS
    if abs(cents - int(cents) - Fraction(1, 2)) > _NEAR_A_HALF:
        return Formula(f"ROUND({expression},2)", rounded.exact)
    away_from_zero = abs(rounded.exact) > abs(exact) or cents - int(cents) == Fraction(1, 2)
    return Formula(f"{'ROUNDUP' if away_from_zero else 'ROUNDDOWN'}({expression},2)", rounded.exact)
