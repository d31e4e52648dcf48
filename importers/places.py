"""Where rows of delivery files stand, as a person looks for them: a row, and of which sheet when there are several."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select

from importers.delivery_files import DeliveryFile
from importers.tables import batch_sheets


def record_sheets(connection: Connection, recording: int, file: DeliveryFile) -> None:
    """Store which numbers of rows are of which sheet, of a file with rows on several sheets."""
    if len(file.tables) > 1:
        sheets = zip(file.first_numbers, file.tables, strict=True)
        rows = [{"recording": recording, "after_row": first, "sheet": table.sheet} for first, table in sheets]
        connection.execute(insert(batch_sheets), rows)


def row_places(connection: Connection, rows: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """The place of each row that is given by its batch and its number: 'rij 17', or 'blad "januari", rij 17'."""
    wanted = set(rows)
    sheets: dict[int, list[tuple[int, str]]] = {}
    batches = {batch for batch, _ in wanted}
    for row in connection.execute(select(batch_sheets).where(batch_sheets.c.recording.in_(batches))):
        sheets.setdefault(row.recording, []).append((row.after_row, row.sheet))
    return {(batch, number): _place(number, sheets.get(batch, ())) for batch, number in wanted}


def row_numbers(connection: Connection, rows: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """The same below a heading that says it is a row: '17', or 'blad "januari", rij 17'."""
    return {row: place.removeprefix("rij ") for row, place in row_places(connection, rows).items()}


def _place(number: int, sheets: Sequence[tuple[int, str]]) -> str:
    if not sheets:
        return f"rij {number}"
    after, sheet = max(sheet for sheet in sheets if sheet[0] < number)
    return f'blad "{sheet}", rij {number - after}'
