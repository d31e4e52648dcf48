"""A pay-off curve as a picture: SVG, with its band edges, so that a contract can be looked at before it is signed."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from xml.etree import ElementTree

from kernel.money import Exact
from kernel.notation import format_number
from settlement.payoff import Point

_WIDTH, _HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 120, 30, 60, 70
_TICKS = 6


def svg(title: str, x_name: str, y_name: str, points: Sequence[Point]) -> str:
    """The curve through `points`, in the order of their values; an edge is a dashed line with its percentage."""
    picture = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
            "font-family": "sans-serif",
            "font-size": "12",
        },
    )
    ElementTree.SubElement(picture, "title").text = title
    ElementTree.SubElement(picture, "rect", {"width": str(_WIDTH), "height": str(_HEIGHT), "fill": "white"})
    low, high, ticks = _scale([point.amount.exact for point in points])
    first, last = points[0].percent, points[-1].percent

    def x(percent: Fraction) -> Fraction:
        return _LEFT + (percent - first) / (last - first or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(amount: Fraction) -> Fraction:
        return _HEIGHT - _BOTTOM - (amount - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    for tick in ticks:
        _line(picture, (_LEFT, y(tick)), (_WIDTH - _RIGHT, y(tick)), "#bbbbbb" if tick == 0 else "#e8e8e8")
        _text(picture, (_LEFT - 8, y(tick) + 4), format_number(Decimal(int(tick))), "end")
    for point in points:
        if point.on_edge:
            _line(picture, (x(point.percent), _TOP), (x(point.percent), _HEIGHT - _BOTTOM), "#c05000", dashed=True)
            _text(picture, (x(point.percent), _TOP - 6), f"{_short(point.percent)}%", "middle", "#c05000")
    for percent in _round_percents(first, last):
        _text(picture, (x(percent), _HEIGHT - _BOTTOM + 18), f"{_short(percent)}%", "middle")
    path = " ".join(f"{_place(x(point.percent))},{_place(y(point.amount.exact))}" for point in points)
    ElementTree.SubElement(
        picture, "polyline", {"points": path, "fill": "none", "stroke": "#1f5fa8", "stroke-width": "2.5"}
    )
    _text(picture, (_LEFT, 24), title, "start", size=16)
    _text(picture, ((_LEFT + _WIDTH - _RIGHT) // 2, _HEIGHT - 22), x_name, "middle")
    _text(picture, (_LEFT, 42), y_name, "start", "#555555")
    ElementTree.indent(picture)
    return ElementTree.tostring(picture, encoding="unicode") + "\n"


def _scale(amounts: Sequence[Fraction]) -> tuple[Fraction, Fraction, list[Fraction]]:
    """The lowest and highest amount of the picture, and round amounts between; nil is always in it."""
    low, high = min(*amounts, Fraction(0)), max(*amounts, Fraction(0))
    if low == high:
        high = low + 1
    rough = (high - low) / _TICKS
    power = 10 ** (len(str(floor(rough))) - 1)
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    first, last = floor(low / step), ceil(high / step)
    return Fraction(first * step), Fraction(last * step), [Fraction(n * step) for n in range(first, last + 1)]


def _round_percents(first: Fraction, last: Fraction) -> list[Fraction]:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 500, 10_000) if (last - first) / step <= 12)
    number = Fraction(ceil(first / step) * step)
    found = []
    while number <= last:
        found.append(number)
        number += step
    return found


def _short(percent: Fraction) -> str:
    """'103' or '92,5': to two decimals, for the eye."""
    return f"{Decimal(percent.numerator) / percent.denominator:.2f}".rstrip("0").rstrip(".").replace(".", ",")


def _place(at: Exact) -> str:
    """A place in the picture, to a tenth of its units."""
    exact = Fraction(at)
    return f"{Decimal(exact.numerator) / exact.denominator:.1f}"


def _line(
    picture: ElementTree.Element,
    start: tuple[Exact, Exact],
    end: tuple[Exact, Exact],
    colour: str,
    dashed: bool = False,
) -> None:
    attributes = dict(zip(("x1", "y1", "x2", "y2"), map(_place, (*start, *end)), strict=True))
    dashes = {"stroke-dasharray": "5 4"} if dashed else {}
    ElementTree.SubElement(picture, "line", {**attributes, "stroke": colour, **dashes})


def _text(
    picture: ElementTree.Element,
    at: tuple[Exact, Exact],
    text: str,
    anchor: str,
    colour: str = "#222222",
    size: int = 12,
) -> None:
    attributes = {"x": _place(at[0]), "y": _place(at[1]), "text-anchor": anchor, "fill": colour}
    ElementTree.SubElement(picture, "text", {**attributes, "font-size": str(size)}).text = text
