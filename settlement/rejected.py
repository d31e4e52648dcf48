"""Rows of a provider that do not count, as known at a cut-off: rejected when their file was read, or waiting.

A rejected row is told to the provider that it names. One that does not tell whose it is, is told where all others in
the file are of one provider; else those with rows in the file read only how many there are. Rows that are held back by
what other rows say (importers.rules.RECEIVED_VERDICTS) keep their reference, and so are known to be theirs in any file.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, func, literal, select, text
from sqlalchemy.sql.selectable import FromClause

from contracts.tables import providers
from importers.credit_verdicts import own_verdicts
from importers.places import row_numbers
from importers.rules import (
    CONTRADICTED,
    CREDITED_BEFORE,
    RECEIVED_VERDICTS,
    VERDICTS,
    WAITING,
    WAITING_FOR_CONTRADICTED,
)
from importers.tables import (
    batch_findings,
    batches,
    contradicted_references,
    credits,
    delivery_totals,
    received_references,
)
from kernel.findings import Severity
from kernel.identifiers import as_shown

MOST_ROWS_OF_A_FILE = 50
_KEY = ("municipality_id", "provider_id", "law", "service_month", "reference")
_WAITING = (WAITING.code, WAITING_FOR_CONTRADICTED.code)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row, where it stands ('17', or 'blad "januari", rij 17'), and why it does not count.

    `reference` is kept only of rows that other rows hold back; `column` is where a cell is wrong, else empty.
    """

    recording: int
    file_name: str
    row_number: int
    place: str
    column: str
    reference: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """The rejected rows of one file: at most `MOST_ROWS_OF_A_FILE` of `rejected`.

    When `is_mixed` they may be another's, and none is told.
    """

    recording: int
    rows: tuple[RejectedRow, ...]
    rejected: int
    is_mixed: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """What of one provider does not count."""

    files: tuple[RejectedFile, ...] = ()
    by_reference: tuple[RejectedRow, ...] = ()

    def since(self, recording: int) -> "Rejected":
        """What was recorded after `recording`, and the credits that wait, however long."""
        return Rejected(
            tuple(file for file in self.files if file.recording > recording),
            tuple(row for row in self.by_reference if row.recording > recording or row.code in _WAITING),
        )

    def __bool__(self) -> bool:
        return bool(self.files or self.by_reference)


def rejected_rows(connection: Connection, after: int, cutoff: int) -> dict[str, Rejected]:
    """By provider, the rows of files after recording `after` that do not count at `cutoff`."""
    files = _files(connection, after, cutoff)
    by_reference = _by_reference(connection, after, cutoff)
    return {
        agb_code: Rejected(tuple(files.get(agb_code, ())), tuple(by_reference.get(agb_code, ())))
        for agb_code in sorted({*files, *by_reference})
    }


def _files(connection: Connection, after: int, cutoff: int) -> dict[str, list[RejectedFile]]:
    """Files with rejected rows by each provider whose they are, or may be."""
    is_rejected = and_(
        batch_findings.c.recording > after,
        batch_findings.c.recording <= cutoff,
        batch_findings.c.severity == Severity.ERROR,
        batch_findings.c.code.not_in(RECEIVED_VERDICTS),
    )
    only_sender = case((func.cardinality(batches.c.providers) == 1, batches.c.providers[1]))
    whose = func.coalesce(batch_findings.c.provider, only_sender, "")
    place = func.dense_rank().over(
        partition_by=(batch_findings.c.recording, whose), order_by=batch_findings.c.row_number
    )
    ranked = (
        select(batch_findings, whose.label("whose"), place.label("place"), batches.c.file_name)
        .join(batches, batches.c.recording == batch_findings.c.recording)
        .where(is_rejected)
        .subquery()
    )
    counts = select(ranked.c.recording, ranked.c.whose, func.max(ranked.c.place)).group_by(
        ranked.c.recording, ranked.c.whose
    )
    rejected = {(recording, whose): number for recording, whose, number in connection.execute(counts)}
    shown = (
        select(ranked)
        .where(ranked.c.place <= MOST_ROWS_OF_A_FILE, ranked.c.whose != "")
        .order_by(ranked.c.recording, ranked.c.row_number, ranked.c.code, ranked.c.column_name)
    )
    rows: dict[tuple[int, str], list[RejectedRow]] = defaultdict(list)
    findings = connection.execute(shown).all()
    places = row_numbers(connection, ((row.recording, row.row_number) for row in findings))
    for row in findings:
        where = places[(row.recording, row.row_number)]
        told = RejectedRow(
            row.recording, row.file_name, row.row_number, where, row.column_name, "", row.code, row.message, row.hint
        )
        rows[row.recording, row.whose].append(told)
    senders = senders_of(connection, {recording for recording, whose in rejected if not whose})
    found: dict[str, list[RejectedFile]] = defaultdict(list)
    for (recording, whose), number in sorted(rejected.items()):
        for agb_code in [whose] if whose else senders.get(recording, ()):
            own = tuple(rows[recording, whose]) if whose else ()
            found[agb_code].append(RejectedFile(recording, own, number, is_mixed=not whose))
    return found


def senders_of(connection: Connection, recordings: Collection[int]) -> dict[int, list[str]]:
    """By recording, the providers with rows in a file that count or are credits."""
    of_totals = select(delivery_totals.c.recording, delivery_totals.c.provider_id)
    of_credits = select(credits.c.batch.label("recording"), credits.c.provider_id)
    either = (
        of_totals.where(delivery_totals.c.recording.in_(recordings))
        .union(of_credits.where(credits.c.batch.in_(recordings)))
        .subquery()
    )
    query = (
        select(either.c.recording, providers.c.agb_code)
        .join(providers, providers.c.id == either.c.provider_id)
        .order_by(either.c.recording, providers.c.agb_code)
    )
    found: dict[int, list[str]] = {}
    for recording, agb_code in connection.execute(query):
        found.setdefault(recording, []).append(agb_code)
    return found


def _by_reference(connection: Connection, after: int, cutoff: int) -> dict[str, list[RejectedRow]]:
    """Rows whose reference is kept and that do not count, in the order in which they came in."""
    found: dict[str, list[RejectedRow]] = defaultdict(list)
    held = connection.execute(_contradicted(after, cutoff)).all()
    credited = connection.execute(text(_CREDITS), {"after": after, "cutoff": cutoff, "waiting": list(_WAITING)}).all()
    for rows in (held, credited):
        places = row_numbers(connection, ((row.batch, row.row_number) for row in rows))
        for row in rows:
            verdict = VERDICTS[row.code]
            where = places[(row.batch, row.row_number)]
            reference, previous = as_shown(row.reference), as_shown(row.previous_reference or "")
            said = verdict.message.format(reference=reference, previous_reference=previous)
            told = RejectedRow(
                row.recording, row.file_name, row.row_number, where, "", reference, row.code, said, verdict.hint
            )
            found[row.agb_code].append(told)
    return found


def _contradicted(after: int, cutoff: int) -> Any:
    """References that came with different deliveries, under the first row that had them."""
    return (
        select(
            contradicted_references.c.recording,
            received_references.c.batch,
            received_references.c.row_number,
            received_references.c.reference,
            received_references.c.previous_reference,
            providers.c.agb_code,
            batches.c.file_name,
            literal(CONTRADICTED.code).label("code"),
        )
        .join(received_references, _same(contradicted_references, received_references, "reference"))
        .join(providers, providers.c.id == contradicted_references.c.provider_id)
        .join(batches, batches.c.recording == received_references.c.batch)
        .where(contradicted_references.c.recording > after, contradicted_references.c.recording <= cutoff)
        .order_by(contradicted_references.c.recording, received_references.c.reference)
    )


# Credits that do not count at the cut-off: every one that waits, and those refused after `after`.
_CREDITS = f"""
    SELECT c.batch AS recording, c.batch, c.row_number, c.reference, c.previous_reference, p.agb_code, b.file_name,
           coalesce(c.own_verdict, '{CREDITED_BEFORE.code}') AS code
    FROM ({own_verdicts(at_cutoff=True)}) AS c
    JOIN providers p ON p.id = c.provider_id
    JOIN batches b ON b.recording = c.batch
    WHERE c.batch <= :cutoff AND (c.batch > :after OR c.own_verdict = ANY(:waiting))
        AND c.own_verdict IS DISTINCT FROM '{CONTRADICTED.code}'
        AND coalesce((SELECT sum(d.sign) FROM deliveries d
            WHERE d.municipality_id = c.municipality_id AND d.service_month = c.service_month AND d.batch = c.batch
                AND d.row_number = c.row_number AND d.recording <= :cutoff), 0) = 0
    ORDER BY c.batch, c.row_number
"""


def _same(one: FromClause, other: FromClause, column: str) -> Any:
    """Where the reference of `other` is what `column` of `one` says."""
    keys = [one.c[name] == other.c[name] for name in _KEY[:-1]]
    return and_(*keys, one.c[column] == other.c.reference)
