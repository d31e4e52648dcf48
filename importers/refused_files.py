"""Files of which nothing was taken in: refused whole, or with every row rejected. Their sender did send something."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from contracts.parties import known_parties
from contracts.tables import providers
from database.recordings import latest
from importers.delivery_files import examine
from importers.tables import batches, delivery_totals, refused_files
from kernel.findings import Refusal
from kernel.tabular import being_read, name_of

_MOST_ROWS = 100_000  # are looked at to find whose a file is


def record_refused(connection: Connection, path: Path, refusal: Refusal, by: str) -> None:
    """Remember that a file was refused, in a transaction after the one that refused it. A file that is gone is not."""
    try:
        with being_read(path), path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except Refusal:
        return
    recording = latest(connection)
    known = known_parties(connection, recording).providers
    connection.execute(
        insert(refused_files).values(
            recording=recording,
            refused_at=func.now(),
            refused_for=by,
            file_name=name_of(path),
            sha256=sha256,
            reason=refusal.message,
            providers=sorted(_named(path) & known.keys()),
        )
    )


def _named(path: Path) -> set[str]:
    """What stands in the columns of providers, as far as the file can be read."""
    found: set[str] = set()
    try:
        for table in examine(path).tables:
            place = table.places["provider"] or 0
            rows = islice(table.rows(), _MOST_ROWS)
            found |= {cells[place].strip().zfill(8) for _, cells in rows if len(cells) > place}
    except Refusal:
        pass
    return found


def nothing_taken_in(connection: Connection) -> Mapping[str, list[str]]:
    """By provider the names of its files of which nothing was taken in, since the last of which something was."""
    accepted = (
        select(providers.c.agb_code, func.max(delivery_totals.c.recording).label("recording"))
        .join(providers, providers.c.id == delivery_totals.c.provider_id)
        .group_by(providers.c.agb_code)
    )
    last = {row.agb_code: row.recording for row in connection.execute(accepted)}
    rejected = select(batches.c.recording, batches.c.file_name, batches.c.providers).where(
        batches.c.rows_rejected == batches.c.rows_read, batches.c.providers.is_not(None)
    )
    refused = select(refused_files.c.recording, refused_files.c.file_name, refused_files.c.providers)
    found: dict[str, list[str]] = defaultdict(list)
    for recording, file_name, named in sorted(map(tuple, connection.execute(rejected.union_all(refused)))):
        for agb_code in named:
            if recording >= last.get(agb_code, 0) and file_name not in found[agb_code]:
                found[agb_code].append(file_name)
    return found
