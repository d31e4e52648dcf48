"""Credits that wait: valid rows that do not count until their debit is there and is not contradicted."""

from collections import defaultdict
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from sqlalchemy import Connection, text

from importers.credit_verdicts import own_verdicts
from kernel.identifiers import as_shown


@dataclass(frozen=True, slots=True)
class WaitingCredit:
    """A credit that waits, and since which recording. `is_contradicted`: its debit came, and does not count."""

    provider: str
    municipality: str
    reference: str
    previous_reference: str
    is_contradicted: bool
    recording: int
    file_name: str


def waiting_credits(connection: Connection) -> list[WaitingCredit]:
    """Every credit that waits now, by provider, municipality and where it stands. References may be shown as they are:
    what could be a client number in them is masked."""
    rows = connection.execute(
        text(f"""
        SELECT p.agb_code, m.code, w.reference, w.previous_reference, w.own_verdict = 'D34' AS is_contradicted,
               w.batch, b.file_name
        FROM ({own_verdicts()}) AS w
        JOIN providers p ON p.id = w.provider_id
        JOIN municipalities m ON m.id = w.municipality_id
        JOIN batches b ON b.recording = w.batch
        WHERE w.own_verdict IN ('D33', 'D34')
        ORDER BY p.agb_code, m.code, w.batch, w.row_number""")
    )
    return [
        WaitingCredit(
            row.agb_code,
            row.code,
            as_shown(row.reference),
            as_shown(row.previous_reference),
            row.is_contradicted,
            row.batch,
            row.file_name,
        )
        for row in rows
    ]


def waiting_tables(credits: list[WaitingCredit]) -> list[Table]:
    """A table for each provider."""
    by_provider: dict[str, list[WaitingCredit]] = defaultdict(list)
    for credit in credits:
        by_provider[credit.provider].append(credit)
    tables = []
    for provider, own in by_provider.items():
        table = Table(title=f"Aanbieder {provider}: {len(own)}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("Gemeente", no_wrap=True)
        table.add_column("Creditregel", overflow="fold")
        table.add_column("Wacht op debetregel", overflow="fold")
        table.add_column("Sinds", justify="right", no_wrap=True)
        table.add_column("Bestand", overflow="fold")
        for credit in own:
            why = " (tegengesproken)" if credit.is_contradicted else ""
            table.add_row(
                credit.municipality,
                credit.reference,
                credit.previous_reference + why,
                str(credit.recording),
                credit.file_name,
            )
        tables.append(table)
    return tables
