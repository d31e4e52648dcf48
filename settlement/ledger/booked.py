"""The journal of posted runs on the accounts of one's own administration: what every export profile writes out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from contracts.parties import known_parties
from contracts.tables import contracts, municipalities, providers
from kernel.findings import Finding, Refusal, Severity
from kernel.money import Eur
from kernel.notation import format_date
from kernel.periods import Month
from settlement.ledger.accounts import Account, Accounts
from settlement.reading import unknown_run
from settlement.tables import journal_entries, journal_lines, runs

_DESCRIPTIONS = {
    ("entitlement", "cost"): "zorgkosten",
    ("entitlement", "payable"): "te betalen",
    ("set_off", "payable"): "verrekend voorschot",
    ("set_off", "advance"): "verrekend voorschot",
}


@dataclass(frozen=True, slots=True)
class BookedRun:
    """A posted run and the name of every provider, by AGB code, as it was known to that run."""

    number: int
    period: Month
    provider_names: dict[str, str]


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line of the journal on its account. Only a line of costs has municipality, task field and month of service."""

    run: BookedRun
    entry: str
    line: int
    event: str
    account: Account
    cost_centre: str
    task_field: str
    provider: str
    contract: str
    municipality: str
    amount: Eur
    service_month: Month | None
    prior_year: bool
    description: str


def posted_runs(connection: Connection) -> list[int]:
    """The numbers of all posted runs."""
    return list(connection.execute(select(runs.c.id).where(runs.c.state == "posted").order_by(runs.c.id)).scalars())


def read_run_heads(connection: Connection, numbers: Sequence[int]) -> list[BookedRun]:
    """The runs, each once, by number. Raises `Refusal` when one does not exist or is not posted."""
    return [_head(connection, number) for number in sorted(set(numbers))]


def read_booked(connection: Connection, booked_runs: Sequence[BookedRun], accounts: Accounts) -> list[BookedLine]:
    """The lines of these runs by booking period, entry and line.

    Raises `Refusal` when `accounts` lacks something, with a finding for each thing that is missing.
    """
    lines = [(run, line) for run in booked_runs for line in _journal(connection, run.number)]
    if missing := list(_missing(lines, accounts)):
        raise Refusal(
            f"het journaal van run {', '.join(str(run.number) for run in booked_runs)} past niet op de rekeningen",
            "vul uw bestand met rekeningen aan (docs/ledger.md) en geef het mee met --accounts",
            missing,
        )
    lines.sort(key=lambda pair: (pair[0].period, pair[1].entry, pair[1].line))
    return [_line(run, line, accounts) for run, line in lines]


def _head(connection: Connection, number: int) -> BookedRun:
    row = connection.execute(
        select(runs.c.state, runs.c.period, runs.c.cutoff).where(runs.c.id == number)
    ).one_or_none()
    if row is None:
        raise unknown_run(number)
    if row.state != "posted":
        hints = {
            "draft": f"keur hem goed en boek hem: bekostiging settle approve {number}, dan bekostiging settle post "
            f"{number}",
            "approved": f"boek hem: bekostiging settle post {number}",
            "discarded": "hij is weggegooid; kies een andere met `bekostiging settle list`",
        }
        raise Refusal(f"run {number} is niet geboekt en heeft dus geen journaal", hints[row.state])
    # Under the name of then: a provider that is renamed later does not change what was exported.
    names = {code: party.name for code, party in known_parties(connection, row.cutoff).providers.items()}
    return BookedRun(number, Month.of(row.period), names)


def _journal(connection: Connection, run: int) -> list[Any]:
    query = (
        select(
            journal_lines,
            journal_entries.c.kind,
            contracts.c.number.label("contract"),
            providers.c.agb_code,
            municipalities.c.code.label("municipality"),
        )
        .join(journal_entries, journal_entries.c.entry == journal_lines.c.entry)
        .join(contracts, contracts.c.id == journal_entries.c.contract_id)
        .join(providers, providers.c.id == journal_lines.c.provider_id)
        .outerjoin(municipalities, municipalities.c.id == journal_lines.c.municipality_id)
        .where(journal_entries.c.run_id == run)
    )
    return list(connection.execute(query).all())


def _missing(lines: Sequence[tuple[BookedRun, Any]], accounts: Accounts) -> Iterator[Finding]:
    """What the accounts lack for these lines, each thing once, and where to add it."""
    no_scheme = sorted({run.period for run, _ in lines if accounts.in_force(run.period) is None})
    for period in no_scheme:
        hint = f"zet er een [[scheme]] in met from = {period}-01 of eerder"
        yield Finding("L04", Severity.ERROR, f"boekperiode {period}", "er is geen rekeningschema voor", hint)
    by_scheme = [(scheme, line) for run, line in lines if (scheme := accounts.in_force(run.period)) is not None]
    for scheme in accounts.schemes:
        own = [line for its, line in by_scheme if its is scheme]
        where = f"in het schema vanaf {format_date(scheme.valid_from)}"
        for event, task_field in sorted({(line.account, line.task_field) for line in own}):
            if scheme.account_of(event, task_field) is None:
                place = f"gebeurtenis {event}" + (f", taakveld {task_field}" if task_field else "")
                instead = f' of task_fields."{task_field}"' if task_field else ""
                hint = f"vul accounts.{event}{instead} in"
                yield Finding("L02", Severity.ERROR, place, f"er is {where} geen rekening voor", hint)
        for municipality in sorted({line.municipality for line in own if line.municipality}):
            if scheme.cost_centre_of(municipality) is None:
                hint = f"vul cost_centres.{municipality} of cost_centres.default in"
                message = f"er is {where} geen kostenplaats voor"
                yield Finding("L03", Severity.ERROR, f"gemeente {municipality}", message, hint)


def _line(run: BookedRun, line: Any, accounts: Accounts) -> BookedLine:
    scheme = accounts.in_force(run.period)
    account = scheme.account_of(line.account, line.task_field) if scheme else None
    assert scheme is not None and account is not None, "what is missing was refused before"  # noqa: PT018
    return BookedLine(
        run=run,
        entry=line.entry,
        line=line.line,
        event=line.account,
        account=account,
        cost_centre=(scheme.cost_centre_of(line.municipality) or "") if line.municipality else "",
        task_field=line.task_field,
        provider=line.agb_code,
        contract=line.contract,
        municipality=line.municipality or "",
        amount=line.amount_eur,
        service_month=Month.of(line.service_month) if line.service_month else None,
        prior_year=line.prior_year,
        description=_DESCRIPTIONS[(line.kind, line.account)],
    )
