"""The most that may be declared on an assignment, in a contract document."""

from typing import Annotated

from pydantic import Field, model_validator

from contracts.values import Name, Part


class Frequency(Part):
    """Deliveries above what was assigned per week, per month or in total are not paid.

    `products`: on which it is checked, without them on all that are paid by volume. `six_weeks`: those of Wmo category
    01, which may be declared as if every product period had six weeks (IV077).
    """

    products: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    six_weeks: Annotated[tuple[Name, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _six_weeks_are_checked(self) -> "Frequency":
        if self.products and (unknown := sorted(set(self.six_weeks) - set(self.products))):
            raise ValueError(f"six_weeks noemt {', '.join(unknown)}, dat niet bij products staat; zet het erbij")
        return self
