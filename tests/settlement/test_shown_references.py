"""A reference or assignment that could be a client number is used to find rows, and never shown or stored by a run."""

from __future__ import annotations

import json
from io import BytesIO

from openpyxl import load_workbook
from sqlalchemy import text

from importers.waiting import waiting_credits
from kernel.identifiers import is_bsn
from settlement.commands import explained_json, run_json
from settlement.explain import read_explained
from settlement.reading import read_run
from settlement.references import what_became_of
from settlement.statements.export import workbook
from settlement.statements.reader import read_shared, read_statements
from tests.settlement.books import PRICES, Books, delivery, effort_contract

NUMBERS = [number for number in map(str, range(999900000, 999900100)) if is_bsn(number)][:5]
FIRST, LATE, DOUBLED, CREDIT, ABSENT = NUMBERS


def test_a_reference_that_could_be_a_client_number_leaves_the_program_nowhere(books: Books) -> None:
    books.open(effort_contract())
    books.prices(*PRICES)
    of_no_number = [delivery(f"r{day}", "45A04", f"2026-01-{day:02d}", 60, assignment=f"T{day}") for day in range(1, 9)]
    books.deliver(*of_no_number, delivery(FIRST, "45A04", "2026-01-09", 60, assignment=FIRST))
    books.month("2026-01")
    books.deliver(delivery(DOUBLED, "45A04", "2026-01-10", 60), *of_no_number)
    books.deliver(delivery(DOUBLED, "45A04", "2026-01-11", 60), *of_no_number)
    books.deliver(delivery(LATE, "45A04", "2026-01-12", 60), *of_no_number)
    others = [delivery(f"k{day}", "45A04", "2026-01-12", 60, credits=f"r9{day}") for day in (1, 2)]
    books.deliver(delivery(CREDIT, "45A04", "2026-01-12", 60, credits=ABSENT), *others, *of_no_number)
    run = books.settle("2026-02")
    with books.transaction() as connection:
        [statement] = read_statements(connection, read_shared(connection, run), run.contracts)
        sheets = load_workbook(BytesIO(workbook(statement)))
        stored = connection.execute(text("SELECT causes::text || explanation::text FROM run_lines")).scalars().all()
        read = read_run(connection, run.id)
        shown = {
            "settle show --json": json.dumps(run_json(run), default=str, ensure_ascii=False),
            "explain --json": json.dumps(
                explained_json(read_explained(connection, run.id, 1), False), default=str, ensure_ascii=False
            ),
            "statement": "\n".join(
                str(value) for sheet in sheets for row in sheet.iter_rows(values_only=True) for value in row
            ),
            "database": "\n".join(stored),
            "import waiting": str(waiting_credits(connection)),
            **{
                f"explain --reference {number}": " ".join(what_became_of(connection, read, number))
                for number in NUMBERS
            },
        }
    assert {where: [n for n in NUMBERS if n in what] for where, what in shown.items()} == {w: [] for w in shown}
    assert {where for where, what in shown.items() if "•••••••••" not in what} == set()
