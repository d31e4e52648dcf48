"""What a statement shows: one contract of a run, with the names and versions that belong to it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, select

from contracts.model import INSTALMENT
from contracts.parties import Party
from database.recordings import TIME_ZONE, recordings
from kernel.findings import Finding, Severity
from kernel.money import Eur
from kernel.notation import format_date
from kernel.periods import Month, Period
from settlement.entitlement import Line, LineKey, PricedVolume, Timing, Treatment
from settlement.reading import NumberedLine, Run, SettledContract, outstanding_advances, posted_in_year
from settlement.tables import run_contracts
from tariffs.price_lists import PriceVersion, price_version_known
from tariffs.products import Product, catalogue

POSTED = "posted"


@dataclass(frozen=True, slots=True)
class Register:
    """What the statements of a run share. `recorded` tells by recording when it was made."""

    municipalities: Mapping[str, str]
    products: Mapping[str, Product]
    price_versions: Mapping[str, PriceVersion]
    contract_recordings: Mapping[int, int]
    recorded: Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Statement:
    """One contract of a run, with its priced volumes by line.

    `posted_in_year` was posted earlier over service months of the run's year.
    """

    run: Run
    settled: SettledContract
    volumes: Mapping[LineKey, Sequence[PricedVolume]]
    register: Register
    posted_in_year: Eur
    outstanding_advances: Eur

    @property
    def is_final(self) -> bool:
        return self.run.state == POSTED

    @property
    def year(self) -> int:
        return self.run.period.year

    @property
    def not_settled(self) -> list[Finding]:
        """What of this provider no statement of the run pays: other contracts that are parked, and deliveries outside.

        Deliveries outside a contract are known to the run by the place they are found at, which begins with whose.
        """
        provider = self.settled.contract.provider
        parked = [
            replace(finding, place=f"contract {other.contract.number}, {finding.place}")
            for other in self.run.contracts
            if other.parked and other.contract.provider == provider
            for finding in other.findings
            if finding.severity is Severity.ERROR
        ]
        outside = [finding for finding in self.run.findings if finding.place.startswith(f"aanbieder {provider},")]
        return parked + outside

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
        said = {numbered.line.key for numbered in self.settled.lines}
        return [
            volume
            for key, volumes in self.volumes.items()
            if key.month == self.run.period and key.treatment is Treatment.PAYABLE and key not in said
            if not any(volume.amount for volume in volumes)
            for volume in volumes
            if volume.rows
        ]

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
        if line.key.label != INSTALMENT:
            return self.product(line.key.label, line.key.month)
        values = line.explanation.values
        return f"termijn {values['number']} van {values['of']}" if "number" in values else "termijn"

    def recorded_on(self, recording: int) -> str:
        """'vastlegging 11 van 02-04-2026'."""
        return f"vastlegging {recording} van {format_date(day_of(self.register.recorded[recording]))}"


def read_register(connection: Connection, run: Run) -> Register:
    """The names and versions that a run's statements mention, as they were at its cut-off."""
    lists = {component.price_list for settled in run.contracts for component in settled.contract.component}
    versions = {name: price_version_known(connection, name, run.cutoff) for name in sorted(lists)}
    price_versions = {name: version for name, version in versions.items() if version is not None}
    contract_recordings = {
        row.contract_id: row.contract_recording
        for row in connection.execute(
            select(run_contracts.c.contract_id, run_contracts.c.contract_recording).where(
                run_contracts.c.run_id == run.id
            )
        )
    }
    mentioned = {run.cutoff, *contract_recordings.values(), *(version.recording for version in price_versions.values())}
    if run.posting is not None:
        mentioned.add(run.posting)
    moments = connection.execute(
        select(recordings.c.number, recordings.c.recorded_at).where(recordings.c.number.in_(mentioned))
    )
    return Register(
        municipalities=distinct_names(run.municipalities),
        products=catalogue(connection, run.cutoff),
        price_versions=price_versions,
        contract_recordings=contract_recordings,
        recorded={row.number: row.recorded_at for row in moments},
    )


def read_statement(connection: Connection, run: Run, settled: SettledContract, register: Register) -> Statement:
    """Everything the statement of one contract shows."""
    return Statement(
        run=run,
        settled=settled,
        volumes=by_line(settled.volumes),
        register=register,
        posted_in_year=posted_in_year(connection, settled.id, run),
        outstanding_advances=outstanding_advances(connection, settled.id, run),
    )


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
