"""Facts enter in versions: the row of the latest recording holds, and what was recorded stays.

A file enters whole or not at all. A row that says something else of a known fact is its next version; a row that says
`ingetrokken` takes it back. A fact that is not in the file stays as it is. So what was known at a cut-off is the latest
version of every fact up to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from contracts.components.lump_sum import LumpSumComponent
from contracts.parties import known_parties
from contracts.register import contracts_known
from database.recordings import latest, lock_recordings, record
from database.settings import KEY_FILE
from importers.client_numbers import pseudonym_key
from importers.facts.kind import CLIENT, FactKind, Stated, until_of
from importers.kept_out import numbers_of_clients
from importers.pseudonyms import pseudonym
from kernel.findings import Finding
from kernel.identifiers import possible_client_numbers
from kernel.notation import counted
from kernel.periods import Period
from kernel.tabular import Row, own_name, read_table, row_finding, unread_columns
from tariffs.ends import on_a_last_day
from tariffs.products import catalogue

F = TypeVar("F")
_HASHED = ("bsn", "client", "household")
_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class FactsImport:
    """What became of a file. `recording` is None when all of it was known."""

    recording: int | None
    added: int
    changed: int
    withdrawn: int
    known: int
    warnings: tuple[Finding, ...]


def import_facts(connection: Connection, kind: FactKind[Any], path: Path, config_dir: Path, by: str) -> FactsImport:
    """Record the facts of a file that are new, changed or withdrawn. Raises `Refusal` with every finding."""
    before: dict[_Key, Stated] = {}
    stated: dict[_Key, Stated] = {}

    def judge(rows: Sequence[Row]) -> Iterator[Finding]:
        # The key before the lock, as deliveries do: else the first of both at once would wait for each other.
        key = pseudonym_key(connection, config_dir) if _name_clients(rows) else None
        lock_recordings(connection)
        cutoff = latest(connection)
        before.update(_latest_versions(connection, kind, cutoff))
        yield from _holding_clients(connection, config_dir, kind, rows)
        yield from _sort_out(rows, _Reading(connection, kind, _register(connection, cutoff), key), before, stated)

    table = read_table(path, kind.layout, judge)
    changes = {key: fact.values for key, fact in stated.items() if key not in before or _differ(fact, before[key])}
    withdrawn = sum(values["withdrawn"] for values in changes.values())
    added = sum(key not in before or before[key].values["withdrawn"] for key in changes)
    changed = len(changes) - withdrawn - added
    recording = None
    if changes:
        what = f"{kind.many}: {added} nieuw, {changed} gewijzigd, {withdrawn} ingetrokken"
        recording = record(connection, kind.name, what, by, table.file_name, table.sha256)
        rows = [{**values, "recording": recording} for values in changes.values()]
        connection.execute(insert(kind.table), rows)
    ends = {f"rij {row.number}": row.values.get("period_until") for row in table.rows}
    warnings = (*unread_columns(table), *on_a_last_day(table.file_name, "V08", ends))
    return FactsImport(recording, added, changed, withdrawn, len(stated) - len(changes), warnings)


def _holding_clients(
    connection: Connection, config_dir: Path, kind: FactKind[Any], rows: Sequence[Row]
) -> Iterator[Finding]:
    """A finding for each text that holds the number of a client, of any file; the columns of clients are hashed."""
    texts = [column for column in kind.layout if column.read in (str, own_name)]
    kept = [column for column in texts if column.name not in _HASHED and not column.name.endswith("_id")]
    found = [
        (number, row, column)
        for row in rows
        for column in kept
        if isinstance(value := row[column.name], str)
        for number in possible_client_numbers(value)
    ]
    known = {*numbers_of_clients(connection, config_dir / KEY_FILE, (number for number, *_ in found))}
    for number, row, column in found:
        if number in known:
            hint = "geef het een naam of nummer zonder dat nummer"
            yield row_finding("V05", row.number, "bevat het nummer van een cliënt", hint, column.headers[0])


def facts_known(connection: Connection, kind: FactKind[F], cutoff: int) -> list[F]:
    """Every fact of a kind in its latest version recorded up to `cutoff`, in the order of its key."""
    names = [field.name for field in fields(kind.fact)]  # type: ignore[arg-type]
    versions = _latest_versions(connection, kind, cutoff).values()
    return [
        kind.fact(**{name: fact.values[name] for name in names}) for fact in versions if not fact.values["withdrawn"]
    ]


def render_facts_import(kind: FactKind[Any], result: FactsImport) -> str:
    """What to tell the user about an import."""
    if result.recording is None:
        return f"Al bekend: {counted(result.known, kind.one, kind.many)}; er is niets vastgelegd."
    return (
        f"Vastlegging {result.recording}: {kind.many}: {result.added} nieuw, {result.changed} gewijzigd, "
        f"{result.withdrawn} ingetrokken, {result.known} al bekend."
    )


def _latest_versions(connection: Connection, kind: FactKind[Any], cutoff: int) -> dict[_Key, Stated]:
    """The latest version of every fact, also of those that were withdrawn."""
    columns = kind.table.c
    key = [columns[name] for name in kind.key]
    rows = connection.execute(
        select(kind.table)
        .ext(distinct_on(*key))
        .where(columns.recording <= cutoff)
        .order_by(*key, columns.recording.desc())
    ).mappings()
    found = [dict(row) for row in rows]
    return {_key(kind, values): Stated(values) for values in found}


def _key(kind: FactKind[Any], values: Mapping[str, Any]) -> _Key:
    return tuple(values[name] for name in kind.key)


def _differ(fact: Stated, known: Stated) -> bool:
    """Whether a fact says something else. Of one that is taken back it does not matter what it said."""
    if fact.values["withdrawn"] and known.values["withdrawn"]:
        return False
    return any(known.values[name] != value for name, value in fact.values.items())


@dataclass(frozen=True, slots=True)
class _Reference:
    """What a fact may refer to: the ids by code, for columns whose name ends in `suffix`."""

    suffix: str
    word: str
    ids: Mapping[str, int]
    remedy: str


@dataclass(frozen=True, slots=True)
class _Register:
    """All that facts may refer to."""

    references: tuple[_Reference, ...]
    categories: frozenset[str]
    years: Mapping[str, range]  # by contract number, those it is in force
    lump_sums: Mapping[str, tuple[str, ...]]  # by contract number, the components that can be determined

    def referred(self, row: Row) -> Iterator[tuple[str, str, _Reference]]:
        """The columns of a row that refer to something, with the code that stands there."""
        for name, value in row.values.items():
            for reference in self.references:
                if name.endswith(reference.suffix) and value is not None:
                    yield name, value, reference


def _register(connection: Connection, cutoff: int) -> _Register:
    parties = known_parties(connection, cutoff)
    products = catalogue(connection, cutoff)
    contracts = contracts_known(connection, cutoff)
    references = (
        _Reference("contract_id", "contract", {c.contract.number: c.id for c in contracts}, "leg het eerst vast"),
        _Reference(
            "municipality_id",
            "gemeente",
            {code: party.id for code, party in parties.municipalities.items()},
            "leg de gemeente eerst vast (contract parties)",
        ),
        _Reference(
            "provider_id",
            "aanbieder",
            {code: party.id for code, party in parties.providers.items()},
            "leg de aanbieder eerst vast (contract parties)",
        ),
        _Reference("product_id", "product", {code: p.id for code, p in products.items()}, "leg het product eerst vast"),
    )
    return _Register(
        references,
        frozenset(version.category for product in products.values() for version in product.versions),
        {c.contract.number: _years(c.contract.in_force.period) for c in contracts},
        {
            c.contract.number: tuple(one.key for one in c.contract.component if isinstance(one, LumpSumComponent))
            for c in contracts
        },
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is needed to turn the cells of a row into values of the table."""

    connection: Connection
    kind: FactKind[Any]
    register: _Register
    key: bytes | None  # for client numbers, when the rows hold any


def _sort_out(
    rows: Sequence[Row], reading: _Reading, before: Mapping[_Key, Stated], stated: dict[_Key, Stated]
) -> Iterator[Finding]:
    """Put what the rows state into `stated`, and give what is wrong."""
    kind = reading.kind
    first_rows: dict[_Key, int] = {}
    good: list[Row] = []
    for row in rows:
        wrong = [*_unknown(row, reading.register), *kind.judge(row)]
        yield from wrong
        good += [] if wrong else [row]
    for row, values in zip(good, _values(good, reading), strict=True):
        key = _key(kind, values)
        if (first := first_rows.setdefault(key, row.number)) != row.number:
            message, hint = f"rij {first} zegt dit ook, of iets anders over hetzelfde", "laat een van beide weg"
            yield row_finding("V04", row.number, message, hint)
        elif values["withdrawn"] and key not in before:
            hint = "neem de rij over zoals hij is vastgelegd, of laat hem weg"
            yield row_finding("V07", row.number, "er is niets bekend om in te trekken", hint)
        else:
            stated[key] = Stated(values, row.number)
    holds = [fact for fact in {**before, **stated}.values() if not fact.values["withdrawn"]]
    yield from kind.judge_all(holds)


def _unknown(row: Row, register: _Register) -> Iterator[Finding]:
    """What a row refers to that is not known."""
    for _, code, reference in register.referred(row):
        if code not in reference.ids:
            yield row_finding("V03", row.number, f"{reference.word} {code} is onbekend", reference.remedy)
    category = row.values.get("category")
    if category is not None and category not in register.categories:
        yield row_finding("V03", row.number, f"categorie {category} is onbekend", "kies een categorie uit de catalogus")
    if "year" in row.values and not row["withdrawn"]:
        yield from _outside_years(row, register.years.get(row["contract_id"]))
    if "component" in row.values and not row["withdrawn"]:
        yield from _undetermined(row, register.lump_sums.get(row["contract_id"]))


def _years(in_force: Period) -> range:
    return range(in_force.start.year, in_force.last_day.year + 1)


def _outside_years(row: Row, years: range | None) -> Iterator[Finding]:
    """A fact of a year that the contract does not have, so that nothing would read it; None when it is not known."""
    if years is not None and row["year"] not in years:
        message = f"contract {row['contract_id']} geldt niet in {row['year']}: niets leest deze rij"
        first, last = years[0], years[-1]
        hint = f"vul {first} in" if first == last else f"vul een jaar in van {first} tot en met {last}"
        yield row_finding("V03", row.number, message, hint)


def _undetermined(row: Row, lump_sums: Sequence[str] | None) -> Iterator[Finding]:
    """A determination that no component would read; None when the contract is not known."""
    number, component = row["contract_id"], row["component"]
    if lump_sums == ():
        message = f"contract {number} heeft geen lumpsum: niets leest deze vaststelling"
        yield row_finding("V03", row.number, message, "laat de rij weg, of verbeter het contract")
    elif lump_sums is not None and component is not None and component not in lump_sums:
        message = f"onderdeel {component} is geen lumpsum van contract {number}: niets leest deze vaststelling"
        yield row_finding("V03", row.number, message, f"kies uit {', '.join(lump_sums)}")


def _values(rows: Sequence[Row], reading: _Reading) -> list[dict[str, Any]]:
    """The values of rows as the table has them: ids for codes, pseudonyms for clients and households."""
    found: list[dict[str, Any]] = []
    for row in rows:
        values = dict(row.values)
        values |= {name: reference.ids[code] for name, code, reference in reading.register.referred(row)}
        if "period_from" in values:
            values["period_until"] = until_of(row)
            del values["period_through"]
        values["withdrawn"] = bool(values["withdrawn"])
        found.append(values)
    if CLIENT[0] in reading.kind.layout:
        _hide_clients(found, reading)
    return found


def _name_clients(rows: Sequence[Row]) -> bool:
    """Whether some row names a client; counts need no key."""
    return any(row.values.get(column.name) for row in rows for column in CLIENT)


def _hide_clients(rows: Sequence[dict[str, Any]], reading: _Reading) -> None:
    """Replace the numbers of clients by the ids of their pseudonyms, and references of households by theirs."""
    written = [(values.pop("bsn"), values.pop("client")) for values in rows]
    clients = [bsn or other for bsn, other in written]
    if not any(clients):  # counts only, which need no key
        for values in rows:
            values["client_id"] = None
        return
    key = reading.key
    assert key is not None, "rows that name a client have it"
    hidden = {client: bytes.fromhex(pseudonym(key, client)) for client in clients if client}
    ids = _client_ids(reading.connection, sorted(hidden.values()))
    for values, client in zip(rows, clients, strict=True):
        values["client_id"] = ids[hidden[client]] if client else None
        if "household" in values:
            values["household"] = bytes.fromhex(pseudonym(key, f"household {values['household']}"))


def _client_ids(connection: Connection, pseudonyms: Sequence[bytes]) -> dict[bytes, int]:
    given = {"pseudonyms": list(pseudonyms)}
    connection.execute(
        text("INSERT INTO clients (pseudonym) SELECT unnest(cast(:pseudonyms AS bytea[])) ON CONFLICT DO NOTHING"),
        given,
    )
    found = connection.execute(
        text("SELECT pseudonym, id FROM clients WHERE pseudonym = ANY(cast(:pseudonyms AS bytea[]))"), given
    )
    return {bytes(row.pseudonym): row.id for row in found}
