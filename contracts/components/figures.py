"""What a clause on a whole year reads: amounts and shares that are written out, or figures that are told afterwards."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from contracts.values import Amount, FigureName, Key, Misfit, Number, Part, Year

Share = Annotated[Number, Field(le=1)]


class YearAmount(Part):
    """An amount for the part of `year` in which the contract is in force."""

    year: Year
    amount_eur: Amount


class AnnualAmount(Part):
    """An amount over a calendar year: fixed (`eur`), of components (`of`), or a figure, perhaps `times` another.

    `eur` is for a full year; of a year partly in force it is so many months of twelve.
    """

    eur: Amount | None = None
    of: Annotated[tuple[Key, ...], Field(strict=False)] = ()
    figure: FigureName | None = None
    times: FigureName | None = None

    @property
    def figures_read(self) -> Iterator[str]:
        yield from (name for name in (self.figure, self.times) if name is not None)

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._one_base()
        yield self._times_a_figure()

    def _one_base(self) -> Iterator[Misfit]:
        if [self.eur is not None, bool(self.of), self.figure is not None].count(True) != 1:
            yield (), "er is niet precies één grondslag; geef eur, of of figure"

    def _times_a_figure(self) -> Iterator[Misfit]:
        if self.times is not None and self.figure is None:
            yield ("times",), "vermenigvuldigt een cijfer; geef figure, of laat times weg"


class FigureShare(Part):
    """A share that is told after the year; `complement`: what it leaves of the whole. Then no less and no more than."""

    figure: FigureName
    complement: bool = False
    at_least: Share | None = None
    at_most: Share | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._least_is_less()

    def _least_is_less(self) -> Iterator[Misfit]:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield ("at_least",), "is meer dan at_most; verwissel ze"


# A share that is written out, or one that is told.
AnyShare = Annotated[
    Annotated[Share, Tag("written")] | Annotated[FigureShare, Tag("told")],
    Discriminator(lambda said: "told" if isinstance(said, dict | FigureShare) else "written"),
]
