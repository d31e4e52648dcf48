"""A temporary reduction in a contract document."""

from typing import Literal

from pydantic import Field, model_validator

from contracts.components.component import ModifierPart
from contracts.values import MonthText, Percent


class ReductionComponent(ModifierPart):
    """For some months a percentage less of what it applies to; `until` is the first month no longer reduced."""

    kind: Literal["reduction"]
    percent: Percent
    start: MonthText = Field(alias="from")
    until: MonthText

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "ReductionComponent":
        if self.until <= self.start:
            raise ValueError(
                f"het einde ({self.until}) ligt niet na het begin ({self.start}); "
                "until is de eerste maand zonder korting"
            )
        return self
