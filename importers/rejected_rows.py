"""Rejected rows go back to their sender as they were sent, with code, reason and remedy.

The file holds client numbers. It is made from the sender's own file, for that sender only, and can be made again.
"""

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from database.whole_file import whole_file
from importers.deliveries import DeliveryImport
from importers.delivery_files import DeliveryFile, RowFinding
from importers.reasons import REASON, reason_places, without_reason
from importers.rejected_workbooks import write_workbook
from kernel.findings import Refusal, Severity
from kernel.texts import cell_out


def write_rejected(result: DeliveryImport, folder: Path) -> Path:
    """Write the rejected rows of a file to a new file in `folder`, readable for this user alone (mode 0600).

    Mended, it is a delivery file again, and the columns of the reason are known for what they are. A cell that a
    spreadsheet would compute gets an apostrophe in CSV, and is a text in a workbook. Nothing is overwritten: what is
    there may have been mended already. It is there whole or not at all: a part of the rows would pass for all of them.
    Raises `Refusal` when it cannot be written; what was imported stays.
    """
    file = result.file
    by_row: dict[int, list[RowFinding]] = {}
    for finding in result.findings:
        if finding.severity is Severity.ERROR:
            by_row.setdefault(finding.row_number, []).append(finding)
    reasons = {
        number: _reason(f"{file.place(number)} van uw bestand {file.name}", findings)
        for number, findings in by_row.items()
    }
    target = _new_name(folder, Path(file.name).stem, "csv" if file.delimiter else "xlsx")
    try:
        with whole_file(target) as out:
            if file.delimiter:
                text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
                csv.writer(text, delimiter=file.delimiter).writerows(_lines(file, reasons))
                text.flush()
                text.detach()  # the file is closed by who opened it
            else:
                write_workbook(out, result, reasons)
    except Refusal as refusal:
        if target.exists():  # another import took the name meanwhile
            return write_rejected(result, folder)
        raise Refusal(
            f"{file.name} is ingelezen, maar de geweigerde regels kunnen niet geschreven worden: {refusal.message}",
            "kies een andere map en lees hetzelfde bestand opnieuw in; wat al telt, telt niet nog eens",
        ) from None
    return target


def _reason(place: str, findings: Sequence[RowFinding]) -> tuple[str, ...]:
    """Code, reason and remedy. The row is named by its place in the file that was read, since it moves here."""
    messages = (f'kolom "{f.column}": {f.message}' if f.column else f.message for f in findings)
    return (
        " / ".join(finding.code for finding in findings),
        f"{place}: {' / '.join(messages)}",
        " / ".join(finding.hint for finding in findings),
    )


def _new_name(folder: Path, stem: str, ending: str) -> Path:
    names = (folder / f"{stem}.geweigerd{f'-{number}' if number > 1 else ''}.{ending}" for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def _lines(file: DeliveryFile, reasons: Mapping[int, Sequence[str]]) -> Iterator[Sequence[str]]:
    (table,) = file.tables
    of_reason = reason_places(table.header)
    header = without_reason(table.header, of_reason)
    yield [*map(cell_out, header), *REASON]
    for number, cells in table.rows():
        if number in reasons:
            sent = without_reason(cells, of_reason) if len(cells) == len(table.header) else cells
            yield [*map(cell_out, sent), *[""] * (len(header) - len(sent)), *map(cell_out, reasons[number])]
