"""One workbook per contract of a run, written whole or not at all."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from database import migrations
from database.connection import open_engine
from database.whole_file import REPLACE, make_folder, write_papers
from kernel.findings import Refusal
from kernel.processes import in_processes
from settlement.entitlement import Treatment
from settlement.invariants import BrokenInvariant
from settlement.languages.dutch import DUTCH
from settlement.languages.language import Language
from settlement.reading import Run, SettledContract, read_outline, rows_by_contract
from settlement.rejected import Rejected, rejected_rows
from settlement.statements import (
    calculation,
    corrections,
    deliveries,
    lines,
    notes,
    population,
    recomputation,
    rejected,
    shadow,
    summary,
    volumes,
    year,
)
from settlement.statements.book import Book, Page
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell
from settlement.statements.reader import Shared, not_settled, read_shared, read_statements

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_WORTH_A_PROCESS = 20  # statements: fewer are made before another process has started
_MOST_PROCESSES = 8  # each has a connection, and holds some 150 MB and the deliveries of one part
_CONTRACTS_AT_ONCE = 25
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Exported:
    """The files that were written, and the numbers of the contracts without a statement.

    `parked` could not be settled. `ended` ended before the month, and there is nothing to say about them.
    """

    paths: tuple[Path, ...]
    parked: tuple[str, ...]
    ended: tuple[str, ...]


def export_statements(
    connection: Connection,
    run_id: int,
    out: Path,
    watch: Callable[[Iterable[SettledContract]], Iterable[SettledContract]] = iter,
    language: Language = DUTCH,
    *,
    detail: bool = True,
    replace: bool = False,
    otherwise: str = REPLACE,
) -> Exported:
    """Write a statement for every contract of a run that could be settled to the folder `out`.

    `watch` sees the contracts pass (progress). Without `detail` the deliveries are left out.

    Raises `Refusal` when there is no such run, when it was discarded, when the folder cannot be written, and when a
    file there is another statement, unless `replace`: then none is written (`otherwise` is what to do then).
    """
    migrations.hold(connection, shared=True)  # a change of tables would wait for this process, and others for it
    run = read_outline(connection, run_id)
    if run.state == "discarded":
        raise Refusal(f"run {run_id} is weggegooid", "maak een nieuwe run en exporteer die")
    settled = _with_a_statement(connection, run)
    paths = [out / name for name in file_names(run, settled, language)]
    contents = _workbooks(connection, run, settled, language, detail)
    make_folder(out)
    papers = ((path, content) for _, path, content in zip(watch(settled), paths, contents, strict=True))
    write_papers(papers, replace=replace, otherwise=otherwise)
    return Exported(
        tuple(paths),
        tuple(contract.contract.number for contract in run.contracts if contract.parked),
        tuple(
            contract.contract.number
            for contract in run.contracts
            if not contract.parked and contract.id not in {one.id for one in settled}
        ),
    )


def _with_a_statement(connection: Connection, run: Run) -> list[SettledContract]:
    """The contracts that could be settled and are told of.

    A provider of which rows were rejected, or something is not settled, has at least one statement that says so.
    """
    settled = [contract for contract in run.contracts if not contract.parked]
    told = [contract for contract in run.told if not contract.parked]
    reached = {contract.contract.provider for contract in told}
    left = [contract for contract in settled if contract.contract.provider not in reached]
    if not left:
        return told
    waiting = not_settled(run)
    refused = rejected_rows(connection, min(contract.previous_cutoff for contract in left), run.cutoff)
    last_of = {
        contract.contract.provider: contract.id
        for contract in left
        if waiting.get(contract.contract.provider)
        or refused.get(contract.contract.provider, Rejected()).since(contract.previous_cutoff)
    }
    ids = {contract.id for contract in told} | set(last_of.values())
    return [contract for contract in settled if contract.id in ids]


def _workbooks(
    connection: Connection, run: Run, settled: Sequence[SettledContract], language: Language, detail: bool
) -> Iterator[bytes]:
    """The workbooks of contracts, in their order. Of many, other processes read and make a part each.

    They need not see what this transaction sees: of a run with its cut-off only its state changes, and that they get.
    """
    if not settled:
        return
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES) if len(settled) >= _WORTH_A_PROCESS else 1
    rows = rows_by_contract(connection, run.id) if detail else {}
    parts = _in_parts(settled, rows, processes)
    if processes == 1:
        shared = read_shared(connection, run, language, detail=detail)
        for part in parts:
            yield from map(workbook, read_statements(connection, shared, part))
        return
    url = connection.engine.url.render_as_string(hide_password=False)
    for made in in_processes(_make, parts, processes, _prepare, (url, run, language, detail)):
        yield from made


def _in_parts(
    settled: Sequence[SettledContract], rows: Mapping[int, int], processes: int
) -> Iterator[list[SettledContract]]:
    """Contracts with about `_ROWS_AT_ONCE` deliveries together and no more than a few dozen, for each process some.

    `rows`: by contract id the deliveries that are read for it.
    """
    most = min(_CONTRACTS_AT_ONCE, -(-len(settled) // processes))
    part: list[SettledContract] = []
    for contract in settled:
        part.append(contract)
        if len(part) == most or sum(rows.get(one.id, 0) for one in part) >= _ROWS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


_asked: tuple[str, Run, Language, bool]


def _prepare(_place: int, url: str, run: Run, language: Language, detail: bool) -> None:
    global _asked
    _asked = (url, run, language, detail)


@cache
def _reading() -> tuple[Connection, Shared]:
    """A connection of this process, and what its statements share; made with the first, so that a refusal is told."""
    url, run, language, detail = _asked
    connection = open_engine(url).connect()
    return connection, read_shared(connection, run, language, detail=detail)


def _make(contracts: Sequence[SettledContract]) -> list[bytes]:
    connection, shared = _reading()
    return [workbook(statement) for statement in read_statements(connection, shared, contracts)]


def file_names(run: Run, contracts: Sequence[SettledContract], language: Language = DUTCH) -> list[str]:
    """'2026-03 A 41000001 run 3.xlsx': names that stay in their folder and that no other statement has.

    In another language than Dutch it ends with that: 'run 3 en.xlsx'. Numbers that differ only in upper and lower case
    are one name on some systems, so those get the contract's id.
    """
    times = Counter(contract.contract.number.casefold() for contract in run.contracts)
    ending = () if language is DUTCH else (language.code,)
    names = []
    for contract in contracts:
        number = contract.contract.number
        distinct = number if times[number.casefold()] <= 1 else f"{number} {contract.id}"
        parts = (str(run.period), *distinct.split(), contract.contract.provider, "run", str(run.id), *ending)
        names.append(" ".join(_UNSAFE.sub("-", part) for part in parts) + ".xlsx")
    return names


def workbook(statement: Statement) -> bytes:
    """The statement as an xlsx file; the same statement gives the same bytes.

    Raises `BrokenInvariant` when the formulas do not come to what the run says.
    """
    run, contract, say = statement.run, statement.settled.contract, statement.language.say
    title = say("title.of_file", month=statement.month_name, contract=contract.number, provider=contract.provider)
    mark = "" if statement.is_final else say("draft")
    book = Book(title, mark, run.states["draft"][0], statement.language)
    sheets: list[str] = []

    def page(sheet: str, widths: Sequence[int], *, landscape: bool = True, repeat_header: bool = True) -> Page:
        sheets.append(sheet)
        return book.page(say(f"sheet.{sheet}"), widths, landscape=landscape, repeat_header=repeat_header)

    summary_page = page("summary", summary.WIDTHS, landscape=False, repeat_header=False)
    lines_page = page("lines", volumes.WIDTHS)
    budget = population.Written()
    if population.lines_of(statement):
        budget = population.write(page("population", population.WIDTHS, landscape=False), statement)
    computed = dict(budget.instalments)
    if calculation.lines_of(statement, computed):
        computed |= calculation.write(page("calculation", calculation.WIDTHS, landscape=False), statement, computed)
    corrections_page = page("corrections", corrections.WIDTHS)
    recomputed: Mapping[int, Sequence[Cell]] = {}
    if recomputation.lines_of(statement, *Treatment):
        recomputed = recomputation.write(page("recomputation", volumes.WIDTHS), statement)
    shadow_amounts = None
    if shadow.lines_of(statement):
        shadow_amounts = shadow.write(page("shadow", volumes.WIDTHS), statement, computed)
    month = lines.write(lines_page, statement, computed)
    corrected = corrections.write(corrections_page, statement, computed, recomputed)
    if statement.deliveries:
        said = {**month.by_line, **recomputed, **(shadow_amounts.by_line if shadow_amounts else {})}
        delivered = page("deliveries", deliveries.widths(statement.deliveries))
        deliveries.write(delivered, statement, statement.deliveries, said, month.without_line)
    course = page("year", year.WIDTHS, landscape=False, repeat_header=False)
    year.write(course, statement, (month, corrected.this_year), budget.budgets)
    to_pay = summary.write(summary_page, statement, summary.Sheets(month, corrected))
    if to_pay != statement.settled.to_pay:
        raise BrokenInvariant(f"contract {contract.number}: {to_pay} on paper, {statement.settled.to_pay} in the run")
    if statement.rejected:
        rejected.write(page("rejected", rejected.WIDTHS), statement)
    notes.write(page("notes", notes.WIDTHS, repeat_header=False), statement, sheets)
    return book.content()
