"""The journal of a posted run as a file for the financial administration.

One generic profile: CSV with `;`, a decimal comma without thousands separators, months as 202601, UTF-8 without byte
order mark, lines that end in CR LF, every line with a sign (debit positive). The file holds journal lines and nothing
else, so that any administration can read it; its control totals stand in a second file beside it. No product and no
client appear in either.

The same run and the same accounts give the same bytes.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from contracts.tables import contracts, municipalities, providers
from kernel.findings import Finding, Refusal, Severity
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.ledger.accounts import Accounts
from settlement.reading import unknown_run
from settlement.tables import journal_entries, journal_lines, runs

HEADER = (
    "boeking", "regel", "rekening", "rekeningnaam", "kostenplaats", "taakveld", "aanbieder", "contract", "gemeente",
    "bedrag", "dienstperiode", "boekperiode", "vorig jaar", "omschrijving",
)  # fmt: skip
TOTALS_HEADER = ("bestand", "run", "boekperiode", "regels", "debet", "credit", "sha256")

_DESCRIPTIONS = {
    ("entitlement", "cost"): "zorgkosten",
    ("entitlement", "payable"): "te betalen",
    ("set_off", "payable"): "verrekend voorschot",
    ("set_off", "advance"): "verrekend voorschot",
}
# How a cell begins that a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class JournalFile:
    """The journal of a run as bytes, with its control totals. `debit` and `credit` are both positive, and equal."""

    run: int
    period: Month
    content: bytes
    lines: int
    debit: Eur
    credit: Eur

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def totals(self, file_name: str) -> bytes:
        """The companion file: one line of control totals."""
        values = (
            file_name, str(self.run), _yyyymm(self.period), str(self.lines), _decimal(self.debit),
            _decimal(self.credit), self.sha256,
        )  # fmt: skip
        return _csv([TOTALS_HEADER, values])


def export_journal(connection: Connection, run: int, accounts: Accounts) -> JournalFile:
    """The journal of a posted run on the accounts of one's own administration, by entry and line.

    Raises `Refusal` when the run does not exist or is not posted, and when `accounts` lacks something: then with a
    finding for each account and cost centre that is missing.
    """
    period = _posted_period(connection, run)
    lines = _journal(connection, run)
    if missing := list(_missing(lines, accounts)):
        raise Refusal(
            f"het journaal van run {run} past niet op de rekeningen",
            "vul het bestand met rekeningen aan (docs/ledger.md)",
            missing,
        )
    amounts = [line.amount_eur for line in lines]
    debit = total(amount for amount in amounts if amount > Eur.zero())
    credit = -total(amount for amount in amounts if amount < Eur.zero())
    assert debit == credit, f"the journal of run {run} does not balance: {debit} and {credit}"
    content = _csv([HEADER, *(_cells(line, accounts) for line in lines)])
    return JournalFile(run, period, content, len(lines), debit, credit)


def write_journal(journal: JournalFile, out: Path) -> Path:
    """Write the journal to `out` and its control totals beside it; returns where the totals are.

    Each file appears whole or not at all, the totals last. Raises `Refusal` when the place cannot be written to.
    """
    totals = out.with_name(f"{out.stem}.totalen.csv")
    try:
        _write_whole(out, journal.content)
        _write_whole(totals, journal.totals(out.name))
    except OSError as error:
        hint = "kies met --out een bestand in een bestaande map"
        raise Refusal(f"{out} kan niet geschreven worden: {error.strerror}", hint) from None
    return totals


def _posted_period(connection: Connection, run: int) -> Month:
    row = connection.execute(select(runs.c.state, runs.c.period).where(runs.c.id == run)).one_or_none()
    if row is None:
        raise unknown_run(run)
    if row.state != "posted":
        hints = {
            "draft": f"keur hem goed en boek hem: bekostiging settle approve {run}, dan bekostiging settle post {run}",
            "approved": f"boek hem: bekostiging settle post {run}",
            "discarded": "hij is weggegooid; kies een andere met `bekostiging settle list`",
        }
        raise Refusal(f"run {run} is niet geboekt en heeft dus geen journaal", hints[row.state])
    return Month.of(row.period)


def _journal(connection: Connection, run: int) -> list[Any]:
    """The lines of a run, sorted here: the order of text in a database depends on its locale."""
    query = (
        select(
            journal_lines,
            journal_entries.c.kind,
            journal_entries.c.booking_period,
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
    return sorted(connection.execute(query), key=lambda line: (line.entry, line.line))


def _missing(lines: Sequence[Any], accounts: Accounts) -> Iterable[Finding]:
    """What the accounts lack for these lines, each thing once."""
    for event, task_field in sorted({(line.account, line.task_field) for line in lines}):
        if accounts.account_of(event, task_field) is not None:
            continue
        place = f"gebeurtenis {event}" + (f", taakveld {task_field}" if task_field else "")
        yield Finding("L02", Severity.ERROR, place, "er is geen rekening voor", f"vul accounts.{event} in")
    for municipality in sorted({line.municipality for line in lines if line.municipality}):
        if accounts.cost_centre_of(municipality) is None:
            hint = f"vul cost_centres.{municipality} of cost_centres.default in"
            yield Finding("L03", Severity.ERROR, f"gemeente {municipality}", "er is geen kostenplaats voor", hint)


def _cells(line: Any, accounts: Accounts) -> tuple[str, ...]:
    account = accounts.account_of(line.account, line.task_field)
    assert account is not None, "what is missing was refused before"
    return (
        line.entry,
        str(line.line),
        account.number,
        _text(account.name),
        (accounts.cost_centre_of(line.municipality) or "") if line.municipality else "",
        _text(line.task_field),
        line.agb_code,
        _text(line.contract),
        line.municipality or "",
        _decimal(line.amount_eur),
        _yyyymm(Month.of(line.service_month)) if line.service_month else "",
        _yyyymm(Month.of(line.booking_period)),
        "J" if line.prior_year else "N",
        _text(f"{line.contract} {_DESCRIPTIONS[(line.kind, line.account)]}"),
    )


def _text(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Amounts do not come here: their minus sign means minus."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _decimal(amount: Eur) -> str:
    """-1132,45: a decimal comma, no thousands separators."""
    return str(amount).replace(".", ",")


def _yyyymm(month: Month) -> str:
    return f"{month.year:04d}{month.month:02d}"


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _write_whole(path: Path, content: bytes) -> None:
    """Write under another name and rename, so that nobody reads half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.deel")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
