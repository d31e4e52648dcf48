"""Advances that were paid: recorded payments, set off against statements as the contract says.

What is recorded stays. Money that was paid back, or that never was paid, is a payment of its own, with a negative
amount.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, insert, select

from contracts.register import contract_ids
from database.recordings import latest, lock_recordings, record
from importers.days import parse_day
from importers.tables import advances
from kernel.findings import Finding
from kernel.money import Eur, total
from kernel.notation import counted, format_date, format_eur, parse_eur
from kernel.tabular import Column, Row, own_name, read_table, row_finding, unread_columns
from kernel.workbooks.cells import Holds


@dataclass(frozen=True, slots=True)
class Advance:
    """An advance paid on a contract, or paid back (negative); `reference` names it within the contract."""

    contract_id: int
    reference: str
    paid_on: date
    amount: Eur
    recording: int


@dataclass(frozen=True, slots=True)
class AdvancesImport:
    """What became of a file. `recording` is None when all of it was known; `total` is what is new."""

    recording: int | None
    added: int
    known: int
    total: Eur
    warnings: tuple[Finding, ...]


def _parse_amount(text: str) -> Eur:
    amount = parse_eur(text)
    if not amount:
        raise ValueError(f'"{text}" is geen betaald bedrag; vul in wat betaald is, of met een min wat is terugbetaald')
    return amount


LAYOUT = (
    Column("contract", ("contract",)),
    Column("paid_on", ("datum", "date"), parse_day, holds=Holds.DAY),
    Column("amount", ("bedrag", "amount"), _parse_amount, holds=Holds.AMOUNT),
    Column("reference", ("referentie", "reference"), own_name),
)

_Facts = tuple[date, Eur]


def import_advances(connection: Connection, path: Path, by: str) -> AdvancesImport:
    """Record the advances of a file that are new.

    An advance that comes again is known. Raises `Refusal` with every finding of the file: an unknown contract, or a
    reference that was used before for something else, beside cells that cannot be read.
    """
    lock_recordings(connection)
    cutoff = latest(connection)
    known = {
        (advance.contract_id, advance.reference): (advance.paid_on, advance.amount)
        for advance in advances_known(connection, cutoff)
    }
    new: dict[tuple[int, str], _Facts] = {}
    table = read_table(path, LAYOUT, partial(_sort_out, ids=contract_ids(connection, cutoff), known=known, new=new))
    recording = None
    if new:
        paid = total(amount for _, amount in new.values())
        what = f"voorschotten: {len(new)} nieuw, samen {format_eur(paid)}"
        recording = record(connection, "advances", what, by, table.file_name, table.sha256)
        connection.execute(
            insert(advances),
            [
                {
                    "contract_id": contract_id,
                    "reference": reference,
                    "paid_on": paid_on,
                    "amount_eur": amount,
                    "recording": recording,
                }
                for (contract_id, reference), (paid_on, amount) in new.items()
            ],
        )
    return AdvancesImport(
        recording,
        added=len(new),
        known=len(table.rows) - len(new),
        total=total(amount for _, amount in new.values()),
        warnings=tuple(unread_columns(table)),
    )


def advances_known(connection: Connection, cutoff: int) -> list[Advance]:
    """Every advance recorded up to `cutoff`, by contract, day and reference."""
    columns = advances.c
    rows = connection.execute(
        select(columns.contract_id, columns.reference, columns.paid_on, columns.amount_eur, columns.recording).where(
            columns.recording <= cutoff
        )
    )
    found = [Advance(*row) for row in rows]
    return sorted(found, key=lambda advance: (advance.contract_id, advance.paid_on, advance.reference))


def render_advances_import(result: AdvancesImport) -> str:
    """What to tell the user about an import."""
    if result.recording is None:
        return f"Al bekend: {counted(result.known, 'voorschot', 'voorschotten')}; er is niets vastgelegd."
    return (
        f"Vastlegging {result.recording}: {counted(result.added, 'voorschot', 'voorschotten')} nieuw, "
        f"samen {format_eur(result.total)}; "
        f"{result.known} al bekend."
    )


def _sort_out(
    rows: Sequence[Row],
    ids: Mapping[str, int],
    known: Mapping[tuple[int, str], _Facts],
    new: dict[tuple[int, str], _Facts],
) -> Iterator[Finding]:
    """Put the advances that are not known into `new`, and give what is wrong."""
    for row in rows:
        if row["contract"] not in ids:
            message = f"contract {row['contract']} is onbekend"
            yield row_finding("V01", row.number, message, "leg het contract eerst vast")
            continue
        key = (ids[row["contract"]], row["reference"])
        facts = (row["paid_on"], row["amount"])
        earlier = known.get(key) or new.get(key)
        if earlier is None:
            new[key] = facts
        elif earlier != facts:
            yield _contradiction(row, earlier)


def _contradiction(row: Row, earlier: _Facts) -> Finding:
    paid_on, amount = earlier
    message = (
        f"referentie {row['reference']} is al van een voorschot van {format_eur(amount)} op {format_date(paid_on)}"
    )
    return row_finding("V02", row.number, message, _OTHER_REFERENCE)


_OTHER_REFERENCE = (
    "geef een ander voorschot een andere referentie; neem een verkeerd voorschot terug met een eigen regel en een "
    "negatief bedrag"
)
