"""Facts that were recorded beside the deliveries, as the funding of a contract reads them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Connection

from importers.facts.accountability import ACCOUNTABILITY
from importers.facts.assignments import ASSIGNMENTS, Assignment
from importers.facts.determinations import DETERMINATIONS
from importers.facts.households import HOUSEHOLDS
from importers.facts.importing import facts_known
from importers.facts.outcomes import OUTCOMES, OutcomeScore
from importers.facts.trajectories import TRAJECTORIES, Trajectory
from kernel.money import Eur
from kernel.periods import Period
from settlement.funding.facts import HouseholdMember
from tariffs.index_figures import index_figures_known
from tariffs.indexation import IndexFigures

C = TypeVar("C", Assignment, Trajectory)


@dataclass(frozen=True, slots=True)
class Recorded:
    """By contract id the outcome scores, what was received and not rejected, what production statements come to by
    year, and determinations; households and index figures of all.

    By provider id assignments and trajectories."""

    scores: Mapping[int, Sequence[OutcomeScore]] = field(default_factory=dict)
    accountability: Mapping[int, frozenset[tuple[int, str]]] = field(default_factory=dict)
    production: Mapping[int, Mapping[int, Eur]] = field(default_factory=dict)
    determinations: Mapping[int, Mapping[tuple[int, str], Eur]] = field(default_factory=dict)
    households: tuple[HouseholdMember, ...] = ()
    assignments: Mapping[int, Sequence[Assignment]] = field(default_factory=dict)
    trajectories: Mapping[int, Sequence[Trajectory]] = field(default_factory=dict)
    index_figures: IndexFigures = field(default_factory=dict)


def read_recorded(connection: Connection, cutoff: int) -> Recorded:
    """What was known at `cutoff`."""
    received: dict[int, set[tuple[int, str]]] = {}
    production: dict[int, dict[int, Eur]] = {}
    for document in facts_known(connection, ACCOUNTABILITY, cutoff):
        if document.verdict != "rejected":
            received.setdefault(document.contract_id, set()).add((document.year, document.kind))
            if document.kind == "production_statement" and document.amount_eur is not None:
                production.setdefault(document.contract_id, {})[document.year] = document.amount_eur
    determined: dict[int, dict[tuple[int, str], Eur]] = {}
    for decision in facts_known(connection, DETERMINATIONS, cutoff):
        of_contract = determined.setdefault(decision.contract_id, {})
        of_contract[(decision.year, decision.component or "")] = decision.amount_eur
    return Recorded(
        scores=_by_contract(facts_known(connection, OUTCOMES, cutoff)),
        accountability={contract: frozenset(documents) for contract, documents in received.items()},
        production=production,
        determinations=determined,
        households=tuple(
            HouseholdMember(
                f"{member.municipality_id} {member.household.hex()}",
                str(member.client_id),
                member.period_from,
                member.period_until,
            )
            for member in facts_known(connection, HOUSEHOLDS, cutoff)
        ),
        assignments=_by_provider(facts_known(connection, ASSIGNMENTS, cutoff)),
        trajectories=_by_provider(facts_known(connection, TRAJECTORIES, cutoff)),
        index_figures=index_figures_known(connection, cutoff),
    )


def _by_provider(facts: Iterable[C]) -> dict[int, list[C]]:
    found: dict[int, list[C]] = {}
    for fact in facts:
        found.setdefault(fact.provider_id, []).append(fact)
    return found


def _by_contract(scores: Iterable[OutcomeScore]) -> dict[int, list[OutcomeScore]]:
    found: dict[int, list[OutcomeScore]] = {}
    for score in scores:
        found.setdefault(score.contract_id, []).append(score)
    return found


def figures_of(scores: Iterable[OutcomeScore], in_force: Period) -> dict[tuple[str, int], Decimal]:
    """The figures of calendar years by name: scores over all of a year in which the contract was in force.

    A score over a quarter is none: it is not that of the year. A final score counts before a provisional one.
    """
    found: dict[tuple[str, int], Decimal] = {}
    for score in sorted(scores, key=lambda score: score.status == "final"):
        year = score.period_from.year
        first, end = max(date(year, 1, 1), in_force.start), min(date(year + 1, 1, 1), in_force.end)
        if score.period_from <= first and end <= score.period_until <= date(year + 1, 1, 1):
            found[(score.indicator.lower(), year)] = score.score
    return found
