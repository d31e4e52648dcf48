"""A temporary reduction in a contract document."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from contracts.components.component import ModifierPart
from contracts.values import Misfit, MonthText, Percent


class ReductionComponent(ModifierPart):
    """For some months a percentage less of what it applies to; `until` is the first month no longer reduced."""

    kind: Literal["reduction"]
    percent: Percent
    start: MonthText = Field(alias="from")
    until: MonthText

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._ends_after_it_starts()

    def _ends_after_it_starts(self) -> Iterator[Misfit]:
        if self.until <= self.start:
            yield (
                ("until",),
                f"het einde ({self.until}) ligt niet na het begin ({self.start}); "
                "until is de eerste maand zonder korting",
            )
