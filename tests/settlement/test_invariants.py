"""Every invariant can fail: what is stored is broken on purpose, and the check that must see it says so by name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from kernel.money import Eur
from kernel.periods import Month
from settlement import contract as settling
from settlement import invariants, runs
from settlement.invariants import BrokenInvariant, check_posting, check_run
from settlement.tables import runs as runs_table
from tests.settlement.books import OTHER, PRICES, Books, delivery, effort_contract, population_contract

# What to do to a posted run, by the name of the invariant that it breaks. Only triggers are switched off for it.
BREAKS = [
    (
        "the total of a contract is the sum of its payable lines",
        "UPDATE run_contracts SET total_eur = total_eur + 0.01 WHERE run_id = 2",
    ),
    (
        "the total of a contract is the sum of its payable lines",
        "UPDATE run_lines SET treatment = 'payable' WHERE run_id = 2 AND treatment = 'shadow'",
    ),
    (
        "a line on deliveries is the sum of its priced volumes",
        "UPDATE run_volumes SET amount_eur = amount_eur + 0.01 WHERE run_id = 2",
    ),
    (
        "a line on deliveries is the sum of its priced volumes",
        "DELETE FROM run_volumes WHERE run_id = 2 AND service_month = '2026-01-01'",
    ),
    (
        "the causes of a correction add up to it",
        """UPDATE run_lines SET causes = jsonb_set(causes, '{0,amount_eur}', '"0.01"')
           WHERE run_id = 2 AND causes <> '[]'""",
    ),
    (
        "what a line says, with what was posted before, is the entitlement",
        """UPDATE run_lines SET entitled_eur = entitled_eur + 1, posted_before_eur = posted_before_eur + 1
           WHERE run_id = 2 AND label = 'instalment'""",
    ),
    (
        "what a line says, with what was posted before, is the entitlement",
        "UPDATE runs SET posting = NULL, state = 'discarded' WHERE id = 1",
    ),
    (
        "what is set off is the sum of the advances that are set off",
        "UPDATE run_contracts SET set_off_eur = set_off_eur - 0.01 WHERE run_id = 2",
    ),
    (
        "no advance is set off for more than it is",
        """WITH more AS (UPDATE run_contracts SET set_off_eur = set_off_eur + 0.01 WHERE run_id = 2 AND set_off_eur > 0)
           UPDATE run_set_offs SET amount_eur = amount_eur + 0.01 WHERE run_id = 2""",
    ),
    (
        "every delivery of a month that was priced is in a volume, or is named in a finding",
        "UPDATE run_volumes SET rows = rows - 1 WHERE run_id = 2",
    ),
    (  # a slice of which nothing was priced at all
        "every delivery of a month that was priced is in a volume, or is named in a finding",
        """INSERT INTO delivery_totals SELECT municipality_id, provider_id, p.id, '2026-02-01', 1, 1, 60, '2026-02-01',
           '2026-02-01' FROM delivery_totals, products p WHERE p.code = '02A16' LIMIT 1""",
    ),
    (
        "a journal entry sums to zero",
        "UPDATE journal_lines SET amount_eur = amount_eur + 0.01 WHERE entry LIKE '000002%' AND account = 'payable'",
    ),
    (
        "the ledger is what the run says",
        """UPDATE journal_lines SET amount_eur = amount_eur * 2 WHERE entry LIKE '000002-B-E'""",
    ),
    (
        "the ledger is what the run says",
        """UPDATE journal_lines SET amount_eur = amount_eur * 2 WHERE entry LIKE '000002-B-V'""",
    ),
    (
        "the ledger is what the run says",
        "UPDATE journal_entries SET run_id = 1 WHERE entry LIKE '000002-A-E'",
    ),
]


@pytest.fixture(scope="module")
def posted(shared_books: Books) -> Books:
    """January and February, posted: with a correction, an advance, shadow lines, and rows outside every contract."""
    books = shared_books.open(population_contract(), effort_contract(set_off="up_to_payable"))
    books.prices(*PRICES)
    books.count(10000)
    books.advance("100.00")
    books.deliver(delivery("r1", "45A04", "2026-01-05", 95))
    books.month("2026-01")
    books.deliver(
        delivery("r2", "45A04", "2026-01-06", 30),
        delivery("r3", "45A04", "2026-02-05", 40),
        delivery("r4", "45A04", "2026-02-05", 15, provider="41000001"),
        delivery("r5", "45A04", "2026-02-05", 60, provider=OTHER),
    )
    run = books.month("2026-02")
    assert [finding.code for finding in run.findings] == ["P05"]
    assert str(run.contracts[1].set_off) == "5.00"
    return books


def test_what_was_posted_holds(posted: Books) -> None:
    with posted.transaction() as connection:
        for run in (1, 2):
            check_posting(connection, run)


@pytest.mark.parametrize(("name", "statement"), BREAKS, ids=[name for name, _ in BREAKS])
def test_what_is_broken_is_seen_by_name(posted: Books, name: str, statement: str) -> None:
    with posted.transaction(dry_run=True) as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        assert connection.execute(text(statement)).rowcount > 0
        with pytest.raises(BrokenInvariant, match=re.escape(f"run 2: {name} does not hold")):
            check_posting(connection, 2)


def test_every_invariant_is_broken_by_a_test() -> None:
    named = {
        *invariants._OF_A_RUN,
        *invariants._OF_ITS_DELIVERIES,
        *invariants._OF_A_POSTING,
    }
    assert {name for name, _ in BREAKS} == named


def test_a_draft_is_checked_before_it_is_posted(posted: Books) -> None:
    name, statement = BREAKS[2]
    with posted.transaction(dry_run=True) as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))
        with pytest.raises(BrokenInvariant, match=name):
            check_run(connection, 2)


# --- nothing of a broken run remains ----------------------------------------------------------------------------------


def test_a_run_that_contradicts_itself_is_not_stored(posted: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = settling.differences

    def wrong_by_a_cent(*args: object) -> list[object]:
        lines = honest(*args)  # type: ignore[arg-type]
        return [replace(line, entitled=line.entitled + Eur("0.01")) for line in lines]

    posted.deliver(delivery("r9", "45A04", "2026-03-05", 95))
    monkeypatch.setattr(settling, "differences", wrong_by_a_cent)
    with pytest.raises(BrokenInvariant), posted.transaction() as connection:
        runs.settle(connection, Month(2026, 3), "tester")
    with posted.transaction() as connection:
        assert connection.execute(select(func.max(runs_table.c.id))).scalar_one() == 2


def test_a_journal_that_is_not_the_run_is_not_posted(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.open(effort_contract())
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 95))
    run = books.settle("2026-01")
    books.approve(run)
    monkeypatch.setattr(runs, "book", lambda connection, run: None)
    with pytest.raises(BrokenInvariant, match="the ledger is what the run says"):
        books.post(run)
    assert books.read(run).state == "approved"
    monkeypatch.undo()
    books.post(run)
    assert books.read(run).state == "posted"
