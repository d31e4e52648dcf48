"""The most that may be declared on an assignment, in a contract document."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from contracts.values import Misfit, Name, Part


class Frequency(Part):
    """Deliveries above what was assigned per week, per month or in total are not paid.

    `products`: on which it is checked, without them on all that are paid by volume. `six_weeks`: those of Wmo category
    01, which may be declared as if every product period had six weeks (IV077).
    """

    products: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    six_weeks: Annotated[tuple[Name, ...], Field(strict=False)] = ()

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._six_weeks_are_checked()

    def _six_weeks_are_checked(self) -> Iterator[Misfit]:
        if self.products and (unknown := sorted(set(self.six_weeks) - set(self.products))):
            said = f"{', '.join(unknown)} staat niet bij products; zet het erbij"
            yield ("six_weeks",), said
