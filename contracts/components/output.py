"""Funding by output in a contract document: pieces, periods of care, and trajectories in instalments."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from contracts.components.component import CountedFor, Fact, PricedPart, listed
from contracts.components.frequency import Frequency
from contracts.values import Misfit, Months, Name, Number, Part, Place, placed

Products = Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]


class Periods(Part):
    """A price for every month, or every four weeks of the contract, in which a client had care or was assigned."""

    products: Products
    per: Literal["month", "four_weeks"] = "month"
    when: Literal["care", "assigned"] = "care"


class Instalment(Part):
    """A share of the price of a trajectory.

    Due at its start, at its end, in its month number `month` (the month of the start is 1), or at its end when the
    agreed result was reached.
    """

    on: Literal["start", "month", "end", "result"]
    percent: Number
    month: Annotated[int, Field(ge=2, le=60)] | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._has_its_month()

    def _has_its_month(self) -> Iterator[Misfit]:
        if (self.on == "month") != (self.month is not None):
            yield ("month",), 'hoort bij on = "month", en daar alleen; vul het aan of haal het weg'


class Trajectories(Part):
    """A price for a whole trajectory, paid in shares.

    `early_stop`: what is due of one that stopped early: `pro_rata`, the price times what was done; `none`, what was
    paid until then; `start_only`, what is due at the start. `restart_months`: who begins again within so many months
    after the end of an earlier one pays no new start.
    """

    products: Products
    instalments: Annotated[tuple[Instalment, ...], Field(strict=False, min_length=1)]
    early_stop: Literal["pro_rata", "none", "start_only"]
    restart_months: Annotated[Months, Field(ge=1)] | None = None

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield self._all_of_the_price()

    def _all_of_the_price(self) -> Iterator[Misfit]:
        if (whole := sum(instalment.percent for instalment in self.instalments)) != 100:
            yield ("instalments",), f"de delen tellen op tot {whole}; samen moeten ze 100 zijn"


class OutputComponent(PricedPart):
    """Funding by output: products x price, periods of care, trajectories."""

    kind: Literal["output"]
    products: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    frequency: Frequency | None = None
    periods: Periods | None = None
    trajectories: Trajectories | None = None

    @property
    def products_named(self) -> Iterator[tuple[Place, str]]:
        yield from listed("products", self.products)
        for key, part in (("periods", self.periods), ("trajectories", self.trajectories)):
            yield from placed((key,), listed("products", part.products if part else ()))

    @property
    def products_paid(self) -> tuple[str, ...]:
        return self.products

    @property
    def products_counted(self) -> tuple[str, ...]:
        return tuple(product for part in (self.periods, self.trajectories) if part for product in part.products)

    def counted_for(self, product: str) -> CountedFor:
        return self.periods.when if self.periods and product in self.periods.products else "trajectory"

    @property
    def needs_every_month(self) -> bool:
        return self.needs_clients

    @property
    def needs_clients(self) -> bool:
        return self.frequency is not None or (self.periods is not None and self.periods.when == "care")

    def rules(self) -> Iterator[Iterable[Misfit]]:
        yield from super().rules()
        yield self._pays_something()
        yield self._checks_what_it_pays()

    def facts_read(self, municipality: str) -> Iterator[tuple[str, Iterable[Fact]]]:
        yield "assignments", self._assignments()
        yield "trajectories", self._trajectories()

    def _assignments(self) -> Iterator[Fact]:
        checked = (self.frequency.products or self.products) if self.frequency else ()
        assigned = self.periods.products if self.periods and self.periods.when == "assigned" else ()
        for product in (*checked, *assigned):
            yield (product,)

    def _trajectories(self) -> Iterator[Fact]:
        for product in self.trajectories.products if self.trajectories else ():
            yield (product,)

    def _pays_something(self) -> Iterator[Misfit]:
        if not (self.products or self.periods or self.trajectories):
            yield (), "er is niets dat betaald wordt; geef products, periods of trajectories"

    def _checks_what_it_pays(self) -> Iterator[Misfit]:
        if not self.frequency:
            return
        if not self.products:
            yield (
                ("frequency",),
                "gaat over products, en die zijn er niet; geef products of haal frequency weg",
            )
        elif unknown := sorted(set(self.frequency.products) - set(self.products)):
            yield (
                ("frequency", "products"),
                f"{', '.join(unknown)} staat niet bij products; zet het erbij of haal het weg",
            )
