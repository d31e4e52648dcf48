"""What a new version of a contract changes of what was posted: the months are settled with it and without it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from contracts.tables import contracts
from kernel.findings import Finding, Severity
from kernel.money import Eur, total
from kernel.notation import format_eur, format_months
from kernel.periods import Month
from settlement.contract import Outcome
from settlement.entitlement import LineKey, Treatment
from settlement.languages.dutch import DUTCH
from settlement.runs import settled
from settlement.tables import run_contracts, runs

_CODE = "W27"
_HINT = "dit komt in de volgende run als correctie; klopt het, geef dan --accept-changes"


def reach_back(connection: Connection, numbers: Sequence[str], recording: int) -> list[Finding]:
    """For each contract of `numbers` what its version of `recording` changes of its posted months.

    By component, municipality and line, also where they cancel out, with what is to be paid of it last. Nothing is
    kept of the two settlements. Raises `Refusal` where a contract has an approved run that is not posted.
    """
    findings = []
    for number, last in _posted_until(connection, numbers).items():
        before, after = (_outcome(connection, number, last, cutoff) for cutoff in (recording - 1, recording))
        findings += _changes(number, last, before, after)
    return findings


def _posted_until(connection: Connection, numbers: Sequence[str]) -> Mapping[str, Month]:
    """The last month that was posted on each contract of which one was."""
    query = (
        select(contracts.c.number, func.max(runs.c.period).label("period"))
        .join(run_contracts, run_contracts.c.contract_id == contracts.c.id)
        .join(runs, runs.c.id == run_contracts.c.run_id)
        .where(contracts.c.number.in_(numbers), runs.c.state == "posted", ~run_contracts.c.parked)
        .group_by(contracts.c.number)
        .order_by(contracts.c.number)
    )
    return {row.number: Month.of(row.period) for row in connection.execute(query)}


def _outcome(connection: Connection, number: str, period: Month, cutoff: int) -> Outcome:
    """What a run over a month would say of a contract; what pricing makes in the database is rolled back."""
    with connection.begin_nested() as kept_apart:
        _, [outcome] = settled(connection, period, cutoff, [number])
        kept_apart.rollback()
    return outcome


def _changes(number: str, last: Month, before: Outcome, after: Outcome) -> list[Finding]:
    place = f"contract {number}, geboekt t/m {last}"
    if after.parked:
        message = "met deze versie kan het contract niet worden afgerekend"
        hint = "zie met `bekostiging settle run --dry-run` waarom; moet het toch, geef dan --accept-changes"
        return [Finding(_CODE, Severity.WARNING, place, message, hint)]
    said, says = _amounts(before), _amounts(after)
    months: dict[tuple[str, str, str, Treatment], dict[Month, Eur]] = defaultdict(dict)
    for key in sorted({*said, *says}):
        if change := says.get(key, Eur.zero()) - said.get(key, Eur.zero()):
            months[key.component, key.municipality, key.label, key.treatment][key.month] = change
    if not months:
        return []
    findings = []
    for (component, municipality, label, treatment), changes in months.items():
        unpaid = "" if treatment is Treatment.PAYABLE else ", wordt niet betaald"
        what = f"{DUTCH.label(label)}, {format_months(sorted(changes))}{unpaid}"
        message = f"{what}: {format_eur(total(changes.values()))}"
        where = f"{place}, onderdeel {component}, {municipality}"
        findings.append(Finding(_CODE, Severity.WARNING, where, message, ""))
    paid = total(change for (*_, kind), of in months.items() if kind is Treatment.PAYABLE for change in of.values())
    findings.append(Finding(_CODE, Severity.WARNING, place, f"samen te betalen: {format_eur(paid)}", _HINT))
    return findings


def _amounts(outcome: Outcome) -> Mapping[LineKey, Eur]:
    return {line.key: line.amount for line in outcome.lines}
