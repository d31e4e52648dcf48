"""The journal of posted runs as a file for the financial administration, with control totals in a second file.

No product and no client appear in either. The same runs and the same accounts give the same bytes.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from database.whole_file import REPLACE, write_papers
from kernel.money import Eur, total
from kernel.periods import Month
from kernel.texts import text_out
from settlement.ledger.accounts import Accounts
from settlement.ledger.booked import BookedLine, read_booked, read_run_heads
from settlement.ledger.generic import csv_bytes, decimal_comma, generic, yyyymm
from settlement.ledger.hledger import hledger

# By name: how the lines are written, and how the name of the file ends.
PROFILES: Mapping[str, tuple[Callable[[Sequence[BookedLine]], bytes], str]] = {
    "generic": (generic, ".csv"),
    "hledger": (hledger, ".journal"),
}
TOTALS_HEADER = ("bestand", "run", "boekperiode", "regels", "debet", "credit", "sha256")


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The control totals of a run. `debit` and `credit` are both positive, and equal."""

    run: int
    period: Month
    lines: int
    debit: Eur
    credit: Eur


@dataclass(frozen=True, slots=True)
class JournalFile:
    """The journal of one or more runs as bytes, with the control totals of each."""

    content: bytes
    runs: Sequence[RunTotals]

    @property
    def lines(self) -> int:
        return sum(run.lines for run in self.runs)

    @property
    def debit(self) -> Eur:
        return total(run.debit for run in self.runs)

    @property
    def credit(self) -> Eur:
        return total(run.credit for run in self.runs)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def totals(self, file_name: str) -> bytes:
        """The companion file: control totals, a line for each run."""
        return csv_bytes(
            [
                TOTALS_HEADER,
                *(
                    (
                        text_out(file_name), str(run.run), yyyymm(run.period), str(run.lines), decimal_comma(run.debit),
                        decimal_comma(run.credit), self.sha256,
                    )
                    for run in self.runs
                ),
            ]
        )  # fmt: skip


def export_journal(connection: Connection, run: int, accounts: Accounts) -> JournalFile:
    """The journal of one posted run in the generic profile; see `export_journals`."""
    return export_journals(connection, [run], accounts)


def export_journals(
    connection: Connection, numbers: Sequence[int], accounts: Accounts, profile: str = "generic"
) -> JournalFile:
    """The journal of posted runs on the accounts of one's own administration, by booking period, entry and line.

    Raises `Refusal` when a run does not exist or is not posted, and when `accounts` lacks something: then with a
    finding for each thing that is missing.
    """
    heads = read_run_heads(connection, numbers)
    lines = read_booked(connection, heads, accounts)
    write, _ = PROFILES[profile]
    amounts: dict[int, list[Eur]] = {head.number: [] for head in heads}
    for line in lines:
        amounts[line.run.number].append(line.amount)
    return JournalFile(write(lines), [_totals(head.number, head.period, amounts[head.number]) for head in heads])


def write_journal(journal: JournalFile, out: Path, *, replace: bool = False, otherwise: str = REPLACE) -> Path:
    """Write the journal to `out` and its control totals beside it, last; returns where the totals are.

    Raises `Refusal` when the place cannot be written to, and when it holds another file, unless `replace` (`otherwise`
    is what to do then).
    """
    totals = out.with_name(f"{out.stem if out.suffix == '.csv' else out.name}.totalen.csv")
    write_papers([(out, journal.content), (totals, journal.totals(out.name))], replace=replace, otherwise=otherwise)
    return totals


def _totals(run: int, period: Month, amounts: Sequence[Eur]) -> RunTotals:
    debit = total(amount for amount in amounts if amount > Eur.zero())
    credit = -total(amount for amount in amounts if amount < Eur.zero())
    assert debit == credit, f"the journal of run {run} does not balance: {debit} and {credit}"
    return RunTotals(run, period, len(amounts), debit, credit)
