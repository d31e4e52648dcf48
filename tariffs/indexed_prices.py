"""A price list that rises by a percentage from a day on, as a file that can be imported as its next version."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kernel.findings import Refusal
from kernel.money import CENT
from kernel.notation import format_date
from kernel.texts import text_out
from tariffs.indexation import indexed_price
from tariffs.price_lists import LAYOUT, Price

_READ = ("product", "valid_from", "valid_until", "price")


def indexed_price_file(prices: Sequence[Price], percent: Decimal, start: date, decimals: int) -> bytes:
    """The prices of a list, those that hold on `start` raised from that day, half up to so many decimals.

    Raises `Refusal` when a price begins on or after that day, since it may have been raised already.
    """
    if begun := next((price for price in prices if price.valid_from >= start), None):
        raise Refusal(
            f"product {begun.product} heeft al een prijs vanaf {format_date(begun.valid_from)}",
            f"indexeer een versie van de prijslijst zonder prijzen vanaf {format_date(start)}",
        )
    headers = {column.name: column.headers[0] for column in LAYOUT}
    lines = [";".join(headers[name] for name in _READ)]
    for price in prices:
        if price.valid_until is not None and price.valid_until <= start:
            lines.append(_line(price.product, price.valid_from, price.valid_until, price.price))
        else:
            raised = indexed_price(price.price, percent, decimals)
            lines.append(_line(price.product, price.valid_from, start, price.price))
            lines.append(_line(price.product, start, price.valid_until, raised))
    return ("\n".join(lines) + "\n").encode()


def _line(product: str, start: date, until: date | None, price: Decimal) -> str:
    """A row; a price with more than two decimals has four, since a comma before three digits means two things."""
    written = price.quantize(CENT if price == price.quantize(CENT) else Decimal("0.0001"))
    days = (format_date(start), format_date(until) if until else "")
    return ";".join((text_out(product), *days, str(written).replace(".", ",")))
