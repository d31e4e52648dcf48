"""Rejected rows go back to their sender as they were sent, with code, reason and remedy.

The file holds client numbers. It is made from the sender's own file, for that sender only, and can be made again.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TextIO

from importers.delivery_files import DeliveryFile, RowFinding, is_formula
from kernel.findings import Refusal, Severity

_REASON = ["code", "reden", "herstel"]


def make_folder(folder: Path) -> None:
    """Make the folder for rejected rows, before anything is imported. Raises `Refusal` when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"map {folder} kan niet gemaakt worden: {error.strerror}", "kies een andere map") from None


def write_rejected(file: DeliveryFile, findings: Iterable[RowFinding], folder: Path) -> Path:
    """Write the rejected rows of a file to a new file in `folder`, readable for this user alone (mode 0600).

    Mended, it is a delivery file again: the columns of the reason are not read. A cell that a spreadsheet would compute
    gets an apostrophe. Nothing is overwritten: what is there may have been mended already. Raises `Refusal` when it
    cannot be written; what was imported stays.
    """
    by_row: dict[int, list[RowFinding]] = {}
    for finding in findings:
        if finding.severity is Severity.ERROR:
            by_row.setdefault(finding.row_number, []).append(finding)
    target: Path | None = None
    try:
        target, out = _new_file(folder, Path(file.name).stem)
        with out:
            csv.writer(out, delimiter=file.delimiter).writerows(_lines(file, by_row))
    except OSError as error:
        if target:
            target.unlink(missing_ok=True)  # a part of the rows would pass for all of them
        raise Refusal(
            f"{file.name} is ingelezen, maar de geweigerde regels kunnen niet geschreven worden: {error.strerror}",
            "kies een andere map en lees hetzelfde bestand opnieuw in; wat al telt, telt niet nog eens",
        ) from None
    return target


def _new_file(folder: Path, stem: str) -> tuple[Path, TextIO]:
    for number in count(1):
        target = folder / f"{stem}.geweigerd{f'-{number}' if number > 1 else ''}.csv"
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        return target, open(handle, "w", encoding="utf-8-sig", newline="")
    raise AssertionError("there is always a next number")


def _lines(file: DeliveryFile, by_row: dict[int, list[RowFinding]]) -> Iterator[Sequence[str]]:
    # What was returned before and still is not right gets its new reason in place of the old one.
    (table,) = file.tables
    width = len(table.header) - (len(_REASON) if list(table.header[-len(_REASON) :]) == _REASON else 0)
    yield [*table.header[:width], *_REASON]
    for number, cells in table.rows():
        if number in by_row:
            reasons = [file.located(finding) for finding in by_row[number]]
            sent = cells[:width] if len(cells) == len(table.header) else cells
            yield [
                *("'" + cell if is_formula(cell) else cell for cell in sent),
                *[""] * (width - len(sent)),
                " / ".join(reason.code for reason in reasons),
                " / ".join(f"{reason.place}: {reason.message}" for reason in reasons),
                " / ".join(reason.hint for reason in reasons),
            ]
