"""What a statement shows: one contract of a run, with the names and versions that belong to it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from contracts.parties import Party
from database.recordings import TIME_ZONE
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.periods import Month, Period
from settlement.entitlement import INSTALMENT, Line, LineKey, PricedVolume, Timing, Treatment
from settlement.languages.language import Language
from settlement.pricing.rows import PricingGroup
from settlement.reading import NumberedLine, PreviousStatement, Run, SettledContract
from settlement.rejected import Rejected
from settlement.year_budget import YearBudget
from tariffs.price_lists import PriceVersion
from tariffs.products import Product

POSTED = "posted"


@dataclass(frozen=True, slots=True)
class Register:
    """What the statements of a run share. `recorded` tells by recording when it was made."""

    municipalities: Mapping[str, str]
    products: Mapping[str, Product]
    price_versions: Mapping[str, PriceVersion]
    recorded: Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Statement:
    """One contract of a run, with its priced volumes by line. `run` is without its contracts and findings.

    `posted_by_month` was posted earlier over service months of the run's year, by month and whether from a budget;
    `beside_in_year` is what the year says that is not payable, and `set_off_in_year` of advances, this run included;
    `not_settled` is what of its provider no statement pays. `deliveries` are the pricing groups by line, if wanted.
    """

    run: Run
    settled: SettledContract
    language: Language
    volumes: Mapping[LineKey, Sequence[PricedVolume]]
    register: Register
    posted_by_month: Mapping[tuple[Month, bool], Eur]
    beside_in_year: Mapping[Treatment, Eur]
    set_off_in_year: Eur
    outstanding_advances: Eur
    budgets: Sequence[YearBudget]
    previous: PreviousStatement | None
    not_settled: Sequence[Finding]
    rejected: Rejected
    deliveries: Mapping[LineKey, Sequence[PricingGroup]] | None

    @property
    def is_final(self) -> bool:
        return self.run.state == POSTED

    @property
    def year(self) -> int:
        return self.run.period.year

    @property
    def month_name(self) -> str:
        return self.language.month(self.run.period.first_day)

    @property
    def posted_in_year(self) -> Eur:
        return total(self.posted_by_month.values())

    def lines(self, treatment: Treatment, *timings: Timing) -> list[NumberedLine]:
        """The lines of a treatment and timing, in the order of the run."""
        return [
            numbered
            for numbered in self.settled.lines
            if numbered.line.key.treatment is treatment and numbered.line.timing in timings
        ]

    def volumes_of(self, line: Line) -> Sequence[PricedVolume]:
        """The priced volumes that a line on deliveries is made of."""
        return self.volumes.get(line.key, ())

    def nil_volumes(self) -> list[PricedVolume]:
        """Deliveries of the month that are worth nothing, for which a run has no line."""
        return nil_volumes(self.run.period, self.settled, self.volumes)

    def municipality(self, code: str) -> str:
        """The name of a municipality, with its code where two have that name."""
        return self.register.municipalities[code]

    def product(self, code: str, month: Month) -> str:
        """The name of a product in a month; the earlier name where it changes within."""
        in_month = Period(month.first_day, month.end)
        versions = self.register.products[code].versions
        return next((version for version in versions if version.period.overlaps(in_month)), versions[-1]).name

    def subject(self, line: Line) -> str:
        """What a line is about, in words: the name of the product, or which instalment."""
        if not line.key.of_contract:
            return self.product(line.key.label, line.key.month)
        values = line.explanation.values
        if line.key.label != INSTALMENT or "number" not in values:
            return self.language.label(line.key.label)
        return self.language.say("instalment.number", number=values["number"], of=values["of"])

    def recorded_on(self, recording: int) -> str:
        """'vastlegging 11 van 02-04-2026'."""
        day = self.language.day(day_of(self.register.recorded[recording]))
        return self.language.say("recording", recording=recording, day=day)


def nil_volumes(
    period: Month, settled: SettledContract, volumes: Mapping[LineKey, Sequence[PricedVolume]]
) -> list[PricedVolume]:
    """Deliveries of the run's month that are worth nothing, for which it has no line."""
    said = {numbered.line.key for numbered in settled.lines}
    return [
        volume
        for key, of_key in volumes.items()
        if key.month == period and key.treatment is Treatment.PAYABLE and key not in said
        if not any(volume.amount for volume in of_key)
        for volume in of_key
        if volume.rows
    ]


def distinct_names(parties: Mapping[str, Party]) -> dict[str, str]:
    """Names by code, with the code behind a name that is not the only one."""
    times = Counter(party.name.casefold() for party in parties.values())
    return {
        code: party.name if times[party.name.casefold()] == 1 else f"{party.name} ({code})"
        for code, party in parties.items()
    }


def by_line(volumes: Iterable[PricedVolume]) -> dict[LineKey, list[PricedVolume]]:
    """Priced volumes by the line they belong to."""
    found: dict[LineKey, list[PricedVolume]] = {}
    for volume in volumes:
        found.setdefault(volume.key, []).append(volume)
    return found


def day_of(moment: datetime) -> date:
    """The Dutch calendar day of a moment."""
    return moment.astimezone(TIME_ZONE).date()
