"""Rows that do not count are told to whose they are, and to nobody else."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from settlement.reading import Run
from settlement.rejected import Rejected, rejected_rows
from settlement.statements.export import workbook
from settlement.statements.facts import Statement
from settlement.statements.reader import read_shared, read_statements
from tests.settlement.books import CARE, OTHER, Books, delivery, effort_contract

WRONG = "31-02-2026"
PRICES = ("45A04;2026-01-01;;60,00",)


@pytest.fixture
def region(books: Books) -> Books:
    """Contracts of CARE and OTHER for the same product."""
    books.open(effort_contract(products=["45A04"]), effort_contract("O", provider=OTHER, products=["45A04"]))
    books.prices(*PRICES)
    return books


def row(reference: str, day: str = "2026-01-05", minutes: int = 60, product: str = "45A04", **more: str) -> str:
    return delivery(reference, product, day, minutes, end="2026-01-05" if day == WRONG else "", **more)


def known(books: Books, provider: str, *, after: int = 0, cutoff: int = 10_000) -> Rejected:
    with books.transaction() as connection:
        return rejected_rows(connection, after, cutoff).get(provider, Rejected())


def told(books: Books, provider: str) -> list[tuple[int, str]]:
    return [(row.row_number, row.code) for file in known(books, provider).files for row in file.rows]


def counted(books: Books, provider: str) -> list[tuple[int, bool]]:
    return [(file.rejected, file.is_mixed) for file in known(books, provider).files]


def statement(books: Books, run: Run, number: str = "B") -> Statement:
    with books.transaction() as connection:
        settled = [contract for contract in run.contracts if contract.contract.number == number]
        [found] = read_statements(connection, read_shared(connection, run), settled)
    return found


def sheet(found: Statement, name: str = "Afgewezen") -> list[list[Any]]:
    book = load_workbook(BytesIO(workbook(found)))
    return [[cell.value for cell in row] for row in book[name].iter_rows()] if name in book else []


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_of_one_provider_is_told_row_by_row(region: Books) -> None:
    region.deliver(row("r1"), row("r2", WRONG))
    assert [number for number, _ in told(region, CARE)] == [3]
    assert told(region, OTHER) == []
    [shown] = [cells for cells in sheet(statement(region, region.settle("2026-01"))) if cells[1] == "3"]
    assert shown[3] == 'kolom "start": 31-02-2026 bestaat niet'
    assert shown[4]


NOBODYS = ("", "98765432")  # a provider that is empty, or unknown

MIXED = {
    "of another who counts": (row("o1", provider=OTHER),),
    "of another whose credit waits": (row("o1", provider=OTHER, credits="o0"),),
    "of another of whom nothing counts": (row("o1", "2026-01-05", 0, provider=OTHER),),
}


def test_a_row_of_a_provider_of_whom_nothing_counts_is_told_to_no_other(region: Books) -> None:
    region.deliver(row("r1"), row("o1", WRONG, provider=OTHER))
    assert (told(region, CARE), told(region, OTHER)) == ([], [(3, "D08")])
    assert counted(region, CARE) == []


@pytest.mark.parametrize("others", MIXED.values(), ids=MIXED)
def test_in_a_file_of_several_providers_each_row_is_told_to_its_own(region: Books, others: tuple[str, ...]) -> None:
    region.deliver(row("r1"), *others, row("r2", WRONG), row("r3", "2026-01-05", 0), row("r4", product="99X99"))
    assert told(region, CARE) == [(4, "D08"), (5, "D10"), (6, "D06")]
    assert counted(region, CARE) == [(3, False)]
    assert not set(told(region, OTHER)) & set(told(region, CARE))


@pytest.mark.parametrize("whose", NOBODYS)
def test_a_row_that_does_not_tell_whose_it_is_is_counted_where_it_may_be(region: Books, whose: str) -> None:
    region.deliver(row("r1"), row("o1", provider=OTHER), row("r2", provider=whose), row("r3", WRONG))
    assert (told(region, CARE), told(region, OTHER)) == ([(5, "D08")], [])
    assert (counted(region, CARE), counted(region, OTHER)) == ([(1, True), (1, False)], [(1, True)])
    text = str(sheet(statement(region, region.settle("2026-01"))))
    assert "nog 1 rij geweigerd" in text


def test_a_row_of_totals_is_nobodys_and_makes_no_file_mixed(region: Books) -> None:
    region.deliver(row("r1"), row("r2", WRONG), "totaal;;;;;;;120;;;;12,00")
    assert told(region, CARE) == [(3, "D08"), (4, "D17")]
    assert told(region, OTHER) == []
    assert counted(region, CARE) == [(2, False)]


@pytest.mark.parametrize("other", [row("o1", provider=OTHER), ""])
def test_rows_that_were_known_take_nothing_away(region: Books, other: str) -> None:
    region.deliver(*filter(None, [row("r1"), other]))
    region.deliver(*filter(None, [row("r1"), other, row("r2", WRONG)]))
    assert [code for _, code in told(region, CARE)] == ["D08"]


def test_a_file_of_which_nothing_counts_is_told_to_whose_it_is(region: Books) -> None:
    region.deliver(row("r1"))
    region.deliver(row("r2", WRONG), "totaal;;;;;;;60;;;;")
    assert told(region, CARE) == [(2, "D08"), (3, "D17")]
    assert known(region, OTHER) == Rejected()


def test_a_reference_that_is_taken_is_told_though_it_is_not_kept(region: Books) -> None:
    region.deliver(row("r1"), row("o1", provider=OTHER))
    region.month("2026-01")
    region.deliver(row("r1", minutes=30), row("o1", "2026-02-05", provider=OTHER))
    assert (told(region, CARE), told(region, OTHER)) == ([(2, "D39")], [(3, "D38")])


def test_only_what_came_since_the_previous_statement_is_told(region: Books) -> None:
    region.deliver(row("r1"), row("r2", WRONG))
    region.month("2026-01")
    february = region.settle("2026-02")
    assert not sheet(statement(region, february))
    region.deliver(row("r3", "2026-02-05"), row("r4", WRONG), row("r5", WRONG))
    assert len([cells for cells in sheet(statement(region, region.settle("2026-02"))) if WRONG in str(cells)]) == 2


def test_many_rows_are_counted(region: Books) -> None:
    region.deliver(row("r1"), *(row(f"w{number}", WRONG) for number in range(60)))
    shown = sheet(statement(region, region.settle("2026-01")))
    assert len([cells for cells in shown if WRONG in str(cells[3])]) == 50
    assert [cells[0] for cells in shown if str(cells[0]).startswith("En nog")] == ["En nog 10 afgewezen rijen."]


# --- references -------------------------------------------------------------------------------------------------------


def references(found: Rejected) -> list[tuple[str, str]]:
    return [(row.reference, row.code) for row in found.by_reference]


def test_credits_that_wait_are_told_until_they_count(region: Books) -> None:
    region.deliver(row("o1", provider=OTHER), row("c1", credits="r1"))
    assert references(known(region, CARE)) == [("c1", "D33")]
    assert references(known(region, OTHER)) == []
    first = region.month("2026-01")
    february = region.settle("2026-02")
    assert references(statement(region, february).rejected) == [("c1", "D33")]  # however long it waits
    region.deliver(row("r1"))
    assert references(known(region, CARE)) == []
    assert references(known(region, CARE, cutoff=february.cutoff)) == [("c1", "D33")]
    before, after = workbook(statement(region, february)), workbook(statement(region, region.read(february)))
    assert before == after
    assert references(statement(region, region.read(first)).rejected) == [("c1", "D33")]


def test_rows_that_other_rows_hold_back_are_told_under_their_reference(region: Books) -> None:
    region.deliver(row("r1"), row("r2"), row("r3"), row("r4"), row("o1", provider=OTHER))
    region.deliver(
        row("r1"), row("r2"), row("r3", minutes=61),  # r3 came as 60 minutes
        row("c1", minutes=61, credits="r1"),
        row("c2", credits="r2"), row("c3", credits="r2"), row("c4", credits="c2"),
        row("c5", credits="r3"),
    )  # fmt: skip
    assert sorted(references(known(region, CARE))) == [
        ("c1", "D36"), ("c3", "D37"), ("c4", "D35"), ("c5", "D34"), ("r3", "D31"),
    ]  # fmt: skip
    assert references(known(region, OTHER)) == []
    shown = sheet(statement(region, region.settle("2026-01")))
    assert {str(cells[2]) for cells in shown if str(cells[5]).startswith("D3")} == {"c1", "c3", "c4", "c5", "r3"}


def test_a_statement_of_an_earlier_cut_off_stays_the_same_file(region: Books, tmp_path: Path) -> None:
    region.deliver(row("r1"), row("r2", WRONG), row("c1", credits="r9"))
    run = region.month("2026-01")
    first = workbook(statement(region, run))
    region.deliver(row("r9"), row("r8", WRONG), row("r1"), row("r7", "2026-01-09"))
    region.prices("45A04;2026-01-01;;61,00")
    region.month("2026-02")
    assert workbook(statement(region, region.read(run))) == first
