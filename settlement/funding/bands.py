"""Prices by band: each unit at the price of the band it falls in, so that the total has no jumps."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from contracts.components.effort import Band
from kernel.explanations import Step
from kernel.money import Eur, half_up
from kernel.notation import plain
from settlement.funding.figures import shown


def in_bands(bands: Sequence[Band], units: Fraction) -> list[tuple[Band, Fraction]]:
    """The units that fall in each band, for the bands that are reached."""
    parts, lower = [], Fraction(0)
    for band in bands:
        upper = units if band.up_to is None else min(units, Fraction(band.up_to))
        if upper > lower:
            parts.append((band, upper - lower))
            lower = upper
    return parts


def amount_in_bands(bands: Sequence[Band], units: Fraction) -> Eur:
    """What `units` cost together, rounded once, half up."""
    return half_up(sum((part * Fraction(band.price_eur) for band, part in in_bands(bands, units)), Fraction(0)))


def banded(bands: Sequence[Band], units: Fraction, values: Mapping[str, str]) -> Step:
    """`amount_in_bands` with the units in each band; `values` say what the units are."""
    steps, lower = [], ""
    for band, part in in_bands(bands, units):
        said = {"units": plain(part), "price_eur": str(band.price_eur), "unit": values["unit"]}
        said |= {name: str(edge) for name, edge in (("lower", lower), ("upper", band.up_to)) if edge}
        said["per"] = "_".join(name for name in ("lower", "upper") if name in said) or "only"
        steps.append(Step("band", said, shown(part * Fraction(band.price_eur))))
        lower = str(band.up_to)
    return Step("in_bands", {**values, "units": plain(units)}, str(amount_in_bands(bands, units)), steps=tuple(steps))
