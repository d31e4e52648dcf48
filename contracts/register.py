"""The register of contracts: documents in whole versions, accepted only when everything in them can be settled."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from contracts.acceptance import acceptance_findings
from contracts.documents import Document, contract_of, documents_as_read, refuse_documents
from contracts.model import Contract, ExampleSettler
from contracts.parties import known_parties
from contracts.review import PriceLists, review_catchments, warnings
from contracts.tables import contract_versions, contracts
from database.recordings import latest, lock_recordings, record, recordings
from kernel.findings import Finding, Refusal
from tariffs.price_lists import all_versions_known, priced_periods
from tariffs.products import catalogue

# What new versions of contracts, by number, that were recorded so change of what was posted on them.
ReachBack = Callable[[Connection, Sequence[str], int], list[Finding]]


@dataclass(frozen=True, slots=True)
class RegisteredContract:
    """A contract as known at a cut-off: its id, the recording and text of its latest version, and what that says."""

    id: int
    recording: int
    contract: Contract
    document: str


@dataclass(frozen=True, slots=True)
class ContractVersion:
    """One version of a contract document, whole."""

    recording: int
    recorded_at: datetime
    recorded_by: str
    document: str


@dataclass(frozen=True, slots=True)
class ContractsAdded:
    """What became of the documents, by contract number. `recording` is None when all were known."""

    recording: int | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    known: tuple[str, ...]
    warnings: tuple[Finding, ...]
    posted_changes: tuple[Finding, ...] = ()


def add_contracts(
    connection: Connection,
    paths: Sequence[Path],
    by: str,
    settle_example: ExampleSettler,
) -> ContractsAdded:
    """Record the documents that are new or changed, as one recording, or nothing at all.

    Raises `Refusal` with every finding of every document.
    """
    documents = documents_as_read(paths)
    lock_recordings(connection)
    cutoff = latest(connection)
    known = {registered.contract.number: registered for registered in contracts_known(connection, cutoff)}
    contracts_before = {number: registered.contract for number, registered in known.items()}
    findings = acceptance_findings(
        documents,
        contracts_before,
        known_parties(connection, cutoff),
        catalogue(connection, cutoff),
        settle_example,
    )
    if findings:
        raise refuse_documents(findings)
    price_lists = price_lists_for(connection, documents)
    added = [document for document in documents if document.contract.number not in known]
    same = [d for d in documents if d.contract.number in known and known[d.contract.number].document == d.text]
    changed = [document for document in documents if document not in added and document not in same]
    return ContractsAdded(
        recording=_store(connection, added, changed, by) if added or changed else None,
        added=_numbers(added),
        changed=_numbers(changed),
        known=_numbers(same),
        warnings=(
            *(finding for document in documents for finding in warnings(document, price_lists)),
            *review_catchments(documents, contracts_before),
        ),
    )


def add_knowingly(
    connection: Connection,
    paths: Sequence[Path],
    by: str,
    settle_example: ExampleSettler,
    reach_back: ReachBack,
    *,
    accept_changes: bool,
) -> ContractsAdded:
    """Record documents, with what they change of what was posted.

    Raises `Refusal` as `add_contracts` does, and for such changes unless they are accepted.
    """
    result = add_contracts(connection, paths, by, settle_example)
    if result.recording is None or not result.changed:
        return result
    changes = reach_back(connection, result.changed, result.recording)
    if changes and not accept_changes:
        raise Refusal(
            "niets is vastgelegd: de nieuwe versie verandert wat al geboekt is",
            "laat de geboekte maanden zoals ze zijn, of geef --accept-changes",
            changes,
        )
    return replace(result, posted_changes=tuple(changes))


def price_lists_for(connection: Connection, documents: Iterable[Document]) -> PriceLists:
    """The price lists that there are, with the prices of those that the documents name."""
    cutoff = latest(connection)
    names = {version.list_name for version in all_versions_known(connection, cutoff)}
    named = {name for document in documents for name in document.contract.price_lists}
    return PriceLists(names, priced_periods(connection, named, cutoff))


def contract_ids(connection: Connection, cutoff: int) -> dict[str, int]:
    """The id of every contract recorded up to `cutoff`, by number."""
    rows = connection.execute(
        select(contracts.c.number, contracts.c.id)
        .join(contract_versions, contract_versions.c.contract_id == contracts.c.id)
        .where(contract_versions.c.recording <= cutoff)
    )
    return {row.number: row.id for row in rows}


def contracts_known(connection: Connection, cutoff: int) -> list[RegisteredContract]:
    """Every contract in the latest version recorded up to `cutoff`, by number."""
    rows = connection.execute(
        select(contracts.c.number, contracts.c.id, contract_versions.c.recording, contract_versions.c.document)
        .join(contract_versions, contract_versions.c.contract_id == contracts.c.id)
        .where(contract_versions.c.recording <= cutoff)
        .order_by(contract_versions.c.recording)
    )
    newest = {row.number: row for row in rows}  # a later version replaces an earlier one
    return [
        RegisteredContract(row.id, row.recording, contract_of(row.document), row.document)
        for _, row in sorted(newest.items())
    ]


def versions_of(connection: Connection, number: str) -> list[ContractVersion]:
    """Every version of a contract, the oldest first. Raises `Refusal` when there is no such contract."""
    rows = connection.execute(
        select(
            contract_versions.c.recording,
            recordings.c.recorded_at,
            recordings.c.recorded_by,
            contract_versions.c.document,
        )
        .join(contracts, contracts.c.id == contract_versions.c.contract_id)
        .join(recordings, recordings.c.number == contract_versions.c.recording)
        .where(contracts.c.number == number)
        .order_by(contract_versions.c.recording)
    )
    versions = [ContractVersion(*row) for row in rows]
    if not versions:
        raise Refusal(f"contract {number} is niet bekend", 'zie "bekostiging contract list"')
    return versions


def _numbers(documents: Iterable[Document]) -> tuple[str, ...]:
    return tuple(sorted(document.contract.number for document in documents))


def _store(connection: Connection, added: Sequence[Document], changed: Sequence[Document], by: str) -> int:
    documents = sorted([*added, *changed], key=lambda document: document.contract.number)
    only = documents[0] if len(documents) == 1 else None
    what = f"contracten: {len(added)} nieuw, {len(changed)} gewijzigd"
    recording = record(
        connection, "contracts", what, by, only.file_name if only else None, only.sha256 if only else None
    )
    for document in documents:
        number = document.contract.number
        connection.execute(upsert(contracts).values(number=number).on_conflict_do_nothing())
        contract_id = connection.execute(select(contracts.c.id).where(contracts.c.number == number)).scalar_one()
        connection.execute(
            insert(contract_versions).values(
                contract_id=contract_id, recording=recording, document=document.text, sha256=document.sha256
            )
        )
    return recording
