"""The parties to contracts: municipalities and providers, with their names in versions known from a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from contracts.tables import municipalities, municipality_versions, provider_versions, providers
from database.recordings import latest, lock_recordings, record
from kernel.findings import Finding
from kernel.identifiers import agb_code, municipality_code
from kernel.tabular import Column, Row, read_table, row_finding, unread_columns
from tariffs.products import word_of

Kind = Literal["municipality", "provider"]


@dataclass(frozen=True, slots=True)
class Party:
    """A municipality or a provider under the name it last had."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Parties:
    """Municipalities by CBS code, providers by AGB code."""

    municipalities: Mapping[str, Party]
    providers: Mapping[str, Party]


@dataclass(frozen=True, slots=True)
class PartiesImport:
    """What became of a file. `recording` is None when all of it was known."""

    recording: int | None
    added: int
    renamed: int
    known: int
    warnings: tuple[Finding, ...]


_KINDS: dict[str, Kind] = {
    "gemeente": "municipality", "municipality": "municipality",
    "aanbieder": "provider", "provider": "provider",
}  # fmt: skip
LAYOUT = (
    Column("kind", ("soort", "kind"), word_of(_KINDS)),
    Column("code", ("code",)),
    Column("name", ("naam", "name")),
)
# Of each kind: the table, its code, the table of its versions, and the column that ties them.
_TABLES = {
    "municipality": (
        municipalities,
        municipalities.c.code,
        municipality_versions,
        municipality_versions.c.municipality_id,
    ),
    "provider": (providers, providers.c.agb_code, provider_versions, provider_versions.c.provider_id),
}


def import_parties(connection: Connection, path: Path, by: str) -> PartiesImport:
    """Record the parties of a file that are new or have another name. Raises `Refusal` with every finding."""
    table = read_table(path, LAYOUT, lambda rows: _read(rows)[1])
    read, _ = _read(table.rows)
    lock_recordings(connection)
    parties = known_parties(connection, latest(connection))
    known: dict[Kind, Mapping[str, Party]] = {"municipality": parties.municipalities, "provider": parties.providers}
    names = {(kind, code): party.name for kind, found in known.items() for code, party in found.items()}
    changed = {key: name for key, name in read.items() if names.get(key) != name}
    renamed = sum(key in names for key in changed)
    added = len(changed) - renamed
    recording = None
    if changed:
        what = f"partijen: {added} nieuw, {renamed} met een andere naam"
        recording = record(connection, "parties", what, by, table.file_name, table.sha256)
        for (kind, code), name in sorted(changed.items()):
            _store(connection, kind, code, name, recording)
    return PartiesImport(recording, added, renamed, len(read) - len(changed), tuple(unread_columns(table)))


def known_parties(connection: Connection, cutoff: int) -> Parties:
    """Every party recorded up to `cutoff`, under its name then."""
    return Parties(_known(connection, "municipality", cutoff), _known(connection, "provider", cutoff))


def _known(connection: Connection, kind: Kind, cutoff: int) -> dict[str, Party]:
    parties, code, versions, party_id = _TABLES[kind]
    rows = connection.execute(
        select(code, parties.c.id, versions.c.name)
        .join(versions, party_id == parties.c.id)
        .where(versions.c.recording <= cutoff)
        .order_by(versions.c.recording)
    )
    return {code: Party(party, name) for code, party, name in rows}  # a later name replaces an earlier one


def _read(rows: Sequence[Row]) -> tuple[dict[tuple[Kind, str], str], list[Finding]]:
    """The names of parties, and what is wrong with their codes."""
    findings: list[Finding] = []
    read: dict[tuple[Kind, str], str] = {}
    for row in rows:
        kind: Kind = row["kind"]
        code = municipality_code(row["code"]) if kind == "municipality" else agb_code(row["code"])
        if code is None:
            message = f'"{row["code"]}" is geen code van deze soort'
            hint = "een gemeente heeft een CBS-code (GM0502), een aanbieder een AGB-code van acht cijfers"
            findings.append(row_finding("G01", row.number, message, hint, "code"))
        elif (kind, code) in read:
            findings.append(row_finding("G02", row.number, f"{code} staat er twee keer in", "laat er een weg", "code"))
        else:
            read[(kind, code)] = row["name"]
    return read, findings


def _store(connection: Connection, kind: Kind, code: str, name: str, recording: int) -> None:
    parties, code_column, versions, party_id = _TABLES[kind]
    connection.execute(upsert(parties).values({code_column: code}).on_conflict_do_nothing())
    found = connection.execute(select(parties.c.id).where(code_column == code)).scalar_one()
    connection.execute(insert(versions).values({party_id: found, "recording": recording, "name": name}))
