"""One workbook per contract of a run, written whole or not at all."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from kernel.findings import Refusal
from kernel.notation import format_month
from settlement.entitlement import Treatment
from settlement.invariants import BrokenInvariant
from settlement.reading import Run, SettledContract, read_run
from settlement.statements import corrections, lines, notes, population, recomputation, shadow, summary, volumes
from settlement.statements.book import Book
from settlement.statements.facts import Statement, read_register, read_statement
from settlement.statements.formulas import Cell

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Exported:
    """The files that were written, and the numbers of the contracts that are parked and so have no statement."""

    paths: tuple[Path, ...]
    parked: tuple[str, ...]


def export_statements(
    connection: Connection,
    run_id: int,
    out: Path,
    watch: Callable[[Iterable[SettledContract]], Iterable[SettledContract]] = iter,
) -> Exported:
    """Write a statement for every contract of a run that could be settled to the folder `out`.

    `watch` sees the contracts pass (progress).

    Raises `Refusal` when there is no such run, when it was discarded, and when the folder cannot be written.
    """
    run = read_run(connection, run_id)
    if run.state == "discarded":
        raise Refusal(f"run {run_id} is weggegooid", "maak een nieuwe run en exporteer die")
    register = read_register(connection, run)
    workbooks = {
        out / file_name(run, settled): workbook(read_statement(connection, run, settled, register))
        for settled in watch(run.contracts)
        if not settled.parked
    }
    for path, content in workbooks.items():
        _write_whole(path, content)
    return Exported(tuple(workbooks), tuple(settled.contract.number for settled in run.contracts if settled.parked))


def file_name(run: Run, settled: SettledContract) -> str:
    """'2026-03 A 41000001 run 3.xlsx': a name that stays in its folder and that no other statement has.

    Numbers that differ only in upper and lower case are one name on some systems, so those get the contract's id.
    """
    number = settled.contract.number
    alike = [other for other in run.contracts if other.contract.number.casefold() == number.casefold()]
    distinct = number if len(alike) == 1 else f"{number} {settled.id}"
    parts = (str(run.period), *distinct.split(), settled.contract.provider, "run", str(run.id))
    return " ".join(_UNSAFE.sub("-", part) for part in parts) + ".xlsx"


def workbook(statement: Statement) -> bytes:
    """The statement as an xlsx file; the same statement gives the same bytes.

    Raises `BrokenInvariant` when the formulas do not come to what the run says.
    """
    run, contract = statement.run, statement.settled.contract
    month = format_month(run.period.first_day)
    title = f"Afrekening {month}, contract {contract.number}, aanbieder {contract.provider}"
    book = Book(title, "" if statement.is_final else "CONCEPT", run.states["draft"][0])
    summary_page = book.page("Samenvatting", summary.WIDTHS)
    lines_page = book.page("Regels", volumes.WIDTHS, landscape=True, repeat_header=True)
    instalments = {}
    if population.lines_of(statement):
        instalments = population.write(book.page("Populatie", population.WIDTHS, repeat_header=True), statement)
    corrections_page = book.page("Correcties", corrections.WIDTHS, landscape=True, repeat_header=True)
    recomputed: Mapping[int, Sequence[Cell]] = {}
    if recomputation.lines_of(statement, *Treatment):
        page = book.page("Herrekening", volumes.WIDTHS, landscape=True, repeat_header=True)
        recomputed = recomputation.write(page, statement)
    shadow_amounts = None
    if shadow.lines_of(statement):
        page = book.page("Schaduw", volumes.WIDTHS, landscape=True, repeat_header=True)
        shadow_amounts = shadow.write(page, statement)
    sheets = summary.Sheets(
        month=lines.write(lines_page, statement, instalments),
        corrections=corrections.write(corrections_page, statement, instalments, recomputed),
        shadow=shadow_amounts,
    )
    to_pay = summary.write(summary_page, statement, sheets)
    if to_pay != statement.settled.to_pay:
        raise BrokenInvariant(f"contract {contract.number}: {to_pay} on paper, {statement.settled.to_pay} in the run")
    notes.write(book.page("Toelichting", notes.WIDTHS, landscape=True), statement)
    return book.content()


def _write_whole(path: Path, content: bytes) -> None:
    """Write under another name first, so that a process that is stopped leaves no half statement."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        message = f"{path} kan niet geschreven worden: {error.strerror}"
        raise Refusal(message, "kies een map waarin je mag schrijven") from None
