"""Runs: what state allows what, what is parked and how it recovers, and what a posted run can never do again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from contracts.documents import contract_of
from contracts.tables import contracts, providers
from database.metadata import metadata
from database.recordings import record
from importers.advances import Advance
from kernel.findings import Refusal
from kernel.money import Eur
from settlement.contract import set_off
from settlement.entitlement import Treatment
from settlement.reading import Run, SettledContract
from settlement.tables import journal_entries, journal_lines, run_contracts, run_lines, runs
from tests.settlement.books import (
    CARE,
    OTHER,
    PRICES,
    PRODUCTS,
    Books,
    delivery,
    effort_contract,
    population_contract,
    said,
    to_date,
)

OTHER_CONTRACT = effort_contract("C", provider=OTHER)


@pytest.fixture
def january(books: Books) -> Books:
    """A contract A that is paid a budget, a contract B that is paid by volume, and deliveries of January on B."""
    books.open(population_contract(), effort_contract())
    books.prices(*PRICES)
    books.count(10000)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 95), delivery("r2", "44A09", "2026-01-20", 3, end="2026-01-22"))
    return books


def settled(run: Run, number: str = "B") -> SettledContract:
    return next(contract for contract in run.contracts if contract.contract.number == number)


def codes(run: Run, number: str | None = None) -> list[str]:
    return [finding.code for finding in (run.findings if number is None else settled(run, number).findings)]


def reasons(run: Run, number: str = "B") -> dict[tuple[str, str], list[tuple[str, str]]]:
    return {
        (str(line.line.key.month), line.line.key.label): [(c.kind, str(c.amount)) for c in line.line.causes]
        for line in settled(run, number).lines
    }


# --- states -----------------------------------------------------------------------------------------------------------


def test_from_draft_to_posted(january: Books) -> None:
    run = january.settle("2026-01")
    assert (run.state, run.posting, list(run.states)) == ("draft", None, ["draft"])
    january.approve(run)
    assert january.read(run).state == "approved"
    january.post(run)
    posted = january.read(run)
    assert (posted.state, posted.posting) == ("posted", run.cutoff + 1)
    assert {state: who for state, (_, who) in posted.states.items()} == dict.fromkeys(
        ("draft", "approved", "posted"), "tester"
    )


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ([], "post"),
        (["approve"], "approve"),
        (["approve", "post"], "approve"),
        (["approve", "post"], "post"),
        (["approve", "post"], "discard"),
        (["discard"], "approve"),
        (["discard"], "post"),
        (["discard"], "discard"),
        (["approve", "discard"], "post"),
    ],
)
def test_what_a_state_does_not_allow(january: Books, steps: list[str], refused: str) -> None:
    run = january.settle("2026-01")
    for step in steps:
        getattr(january, step)(run)
    before = january.read(run)
    with pytest.raises(Refusal, match=f"run {run.id} is "):
        getattr(january, refused)(run)
    assert january.read(run) == before


@pytest.mark.parametrize("step", ["approve", "post", "discard", "read"])
def test_a_run_that_is_not_there(january: Books, step: str) -> None:
    run = january.settle("2026-01", dry_run=True)
    with pytest.raises(Refusal, match="run 1 bestaat niet"):
        getattr(january, step)(run)


def test_an_approved_run_can_be_thrown_away_and_made_again(january: Books) -> None:
    first = january.settle("2026-01")
    january.approve(first)
    january.discard(first)
    again = january.month("2026-01")
    assert (again.state, again.output_sha256) == ("posted", first.output_sha256)


def test_a_draft_on_an_older_base_can_not_be_approved(january: Books) -> None:
    stale, first = january.settle("2026-01"), january.settle("2026-01")
    january.approve(first)
    with pytest.raises(Refusal, match=f"run {stale.id} is verouderd"):
        january.approve(stale)
    assert january.read(stale).state == "draft"
    january.post(first)
    with pytest.raises(Refusal, match="verouderd"):
        january.approve(stale)
    january.discard(stale)


def test_a_draft_is_stale_as_soon_as_one_of_its_contracts_moved_on(january: Books) -> None:
    both, only_b = january.settle("2026-01"), january.settle("2026-01", "B")
    january.approve(only_b)
    with pytest.raises(Refusal, match="verouderd"):
        january.approve(both)
    only_a = january.settle("2026-01", "A")
    january.approve(only_a)


def test_a_run_that_was_thrown_away_makes_nothing_stale(january: Books) -> None:
    draft, other = january.settle("2026-01"), january.settle("2026-01")
    january.approve(other)
    january.discard(other)
    january.approve(draft)
    january.post(draft)
    assert january.read(draft).state == "posted"


def test_no_other_run_while_one_is_approved(january: Books) -> None:
    run = january.settle("2026-01", "B")
    january.approve(run)
    for numbers in ((), ("B",), ("A", "B")):
        with pytest.raises(Refusal, match=f"contract B heeft een goedgekeurde run .* \\(run {run.id}\\)"):
            january.settle("2026-02", *numbers)
    assert [c.contract.number for c in january.settle("2026-02", "A").contracts] == ["A"]


def test_two_runs_on_one_base_are_impossible_also_without_the_guards(january: Books) -> None:
    first, second = january.settle("2026-01"), january.settle("2026-01")
    january.approve(first)
    claim = update(run_contracts).where(run_contracts.c.run_id == second.id).values(claims_sequence=True)
    with pytest.raises(IntegrityError, match="uq_run_contracts_one_run_per_base"), january.transaction() as connection:
        connection.execute(claim)


# --- at the same time -------------------------------------------------------------------------------------------------


def at_once(actions: Mapping[str, Callable[[], None]]) -> dict[str, str]:
    """Start all actions at the same moment; gives for each 'done' or the message of its refusal."""
    together = Barrier(len(actions))

    def attempt(action: Callable[[], None]) -> str:
        together.wait(10)
        try:
            action()
        except Refusal as refusal:
            return refusal.message
        return "done"

    with ThreadPoolExecutor(len(actions)) as threads:
        started = {name: threads.submit(attempt, action) for name, action in actions.items()}
        return {name: outcome.result(30) for name, outcome in started.items()}


def test_of_drafts_that_are_approved_at_once_one_wins(january: Books) -> None:
    drafts = [january.settle("2026-01") for _ in range(4)]
    outcomes = at_once({str(run.id): lambda run=run: january.approve(run) for run in drafts})  # type: ignore[misc]
    assert sorted(outcomes.values()).count("done") == 1
    assert sorted(january.read(run).state for run in drafts) == ["approved", "draft", "draft", "draft"]
    assert all("verouderd" in outcome for outcome in outcomes.values() if outcome != "done")


def test_drafts_over_overlapping_contracts_do_not_wait_for_each_other_for_ever(january: Books) -> None:
    drafts = {numbers: january.settle("2026-01", *numbers) for numbers in (("A", "B"), ("B",), ("A",))}
    outcomes = at_once({str(run.id): lambda run=run: january.approve(run) for run in drafts.values()})  # type: ignore[misc]
    won = {numbers for numbers, run in drafts.items() if outcomes[str(run.id)] == "done"}
    assert won in ({("A", "B")}, {("A",), ("B",)}) or won < {("A",), ("B",)}


def test_a_run_that_is_posted_at_once_is_posted_once(january: Books) -> None:
    run = january.settle("2026-01")
    january.approve(run)
    outcomes = at_once({str(thread): lambda: january.post(run) for thread in range(4)})
    assert sorted(outcomes.values()) == [
        "done",
        *["run 1 is geboekt; dit kan alleen met een run die goedgekeurd is"] * 3,
    ]
    with january.transaction() as connection:
        assert connection.execute(select(func.count()).select_from(journal_entries)).scalar_one() == 2
        assert january.read(run).posting == run.cutoff + 1


def test_a_run_that_is_posted_and_thrown_away_at_once(january: Books) -> None:
    run = january.settle("2026-01")
    january.approve(run)
    outcomes = at_once({"posted": lambda: january.post(run), "discarded": lambda: january.discard(run)})
    [won] = [name for name, outcome in outcomes.items() if outcome == "done"]
    assert january.read(run).state == won


def test_a_run_that_is_settled_while_another_is_approved_is_stale(january: Books) -> None:
    """The approval commits after the check of the other run has passed."""
    first = january.settle("2026-01")
    with january.transaction() as connection:
        from settlement import runs as use_cases

        use_cases.approve(connection, first.id, "tester")
        second = january.settle("2026-01")
    with pytest.raises(Refusal, match="verouderd"):
        january.approve(second)


# --- what can not be settled ------------------------------------------------------------------------------------------


def test_an_earlier_month_after_a_later_one_was_posted(january: Books) -> None:
    january.month("2026-02")
    with pytest.raises(Refusal, match="contract A is al geboekt tot en met 2026-02"):
        january.settle("2026-01")
    assert said(january.month("2026-02")) == {}


def test_a_contract_that_was_posted_further_leaves_the_others_free(january: Books) -> None:
    january.month("2026-02", "A")
    run = january.month("2026-01")
    assert (settled(run, "A").parked, codes(run, "A")) == (True, ["S01"])
    assert said(run)[("2026-01", "45A04")] == "95.00"
    with pytest.raises(Refusal, match="contract A is al geboekt tot en met 2026-02"):
        january.settle("2026-01", "A")
    assert said(january.settle("2026-02"), "A") == {}


def test_the_same_month_again_says_nothing(january: Books) -> None:
    first, second = january.month("2026-01"), january.month("2026-01")
    assert said(first) != {}
    assert [contract.lines for contract in second.contracts] == [[], []]
    assert [str(contract.to_pay) for contract in second.contracts] == ["0.00", "0.00"]


def test_a_contract_that_is_not_known(january: Books) -> None:
    with pytest.raises(Refusal, match="contract X, Y is niet bekend"):
        january.settle("2026-01", "Y", "B", "X")


def test_without_contracts(books: Books) -> None:
    books.open()
    with pytest.raises(Refusal, match="nog geen contracten"):
        books.settle("2026-01")


def test_before_any_contract_is_in_force(january: Books) -> None:
    with pytest.raises(Refusal, match="in 2024-12 is geen contract van kracht"):
        january.settle("2024-12")
    with pytest.raises(Refusal, match="contract A is in 2025-12 nog niet van kracht"):
        january.settle("2025-12", "A", "B")
    assert [c.contract.number for c in january.settle("2025-12").contracts] == ["B"]


def test_a_contract_is_settled_from_its_first_month_and_after_its_last(books: Books) -> None:
    books.open(effort_contract(start="2026-01-16", until="2026-02-01"))
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-16", 60))
    assert said(books.month("2026-01")) == {("2026-01", "45A04"): "60.00"}
    books.deliver(delivery("r2", "45A04", "2026-01-31", 30))
    assert said(books.month("2026-04")) == {("2026-01", "45A04"): "30.00"}


def test_a_mistyped_year_is_refused(january: Books) -> None:
    with pytest.raises(Refusal, match="2062-01 ligt te ver vooruit"):
        january.settle("2062-01")


# --- dry run ----------------------------------------------------------------------------------------------------------


def counts_of_rows(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def test_a_dry_run_says_the_same_and_writes_nothing(january: Books) -> None:
    january.month("2026-01")
    january.deliver(delivery("r3", "45A04", "2026-01-26", 31), delivery("r4", "45A04", "2026-02-03", 61))
    with january.transaction() as connection:
        before = counts_of_rows(connection)
    dry = january.settle("2026-02", dry_run=True)
    with january.transaction() as connection:
        assert counts_of_rows(connection) == before
    real = january.settle("2026-02")
    assert real.output_sha256 == dry.output_sha256
    assert real.contracts == dry.contracts
    assert real.findings == dry.findings
    assert real.id == dry.id


# --- parking ----------------------------------------------------------------------------------------------------------


def test_a_contract_without_a_price_is_parked_and_recovers(books: Books) -> None:
    books.open(population_contract(), effort_contract(), OTHER_CONTRACT)
    books.count(10000)
    books.advance("40.00")
    books.prices("45A04;2026-01-01;2026-02-01;60,00")
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 60),
        delivery("r2", "44A09", "2026-01-20", 3, end="2026-01-22"),
        delivery("r3", "45A04", "2026-01-06", 30, provider=OTHER, client="c2"),
    )
    first = books.settle("2026-01")
    parked = settled(first, "B")
    assert parked.parked
    assert codes(first, "B") == ["P01"]
    assert (parked.lines, parked.volumes, parked.set_offs, str(parked.total)) == ([], [], [], "0.00")
    assert said(first, "A") == {("2026-01", "instalment"): "100000.00"}
    assert said(first, "C") == {("2026-01", "45A04"): "30.00"}
    books.approve(first)
    # What is parked is free for another run, also while the others are approved.
    assert settled(books.settle("2026-01", "B"), "B").parked
    books.post(first)

    # February has no price either, and in March the prices of all three months are there.
    books.deliver(delivery("r4", "45A04", "2026-02-05", 45))
    second = books.month("2026-02")
    assert settled(second, "B").parked
    assert sorted(codes(second, "B")) == ["P01", "P01"]
    books.prices("45A04;2026-01-01;2026-02-01;60,00", "45A04;2026-02-01;;80,00", "44A09;2026-01-01;;212,35")
    books.deliver(delivery("r5", "45A04", "2026-03-05", 15))
    third = books.month("2026-03")
    assert codes(third, "B") == []
    assert said(third, "B") == {
        ("2026-01", "45A04"): "60.00",
        ("2026-01", "44A09"): "637.05",
        ("2026-02", "45A04"): "60.00",
        ("2026-03", "45A04"): "20.00",
    }
    assert reasons(third)[("2026-01", "44A09")] == [("first", "637.05")]
    assert str(settled(third).to_pay) == "737.05"  # 777.05 less the advance
    clean = books.settle("2026-03")
    assert to_date([clean]) == {}


def test_a_contract_that_is_parked_after_it_was_settled_loses_nothing(january: Books) -> None:
    january.month("2026-01")
    january.deliver(
        delivery("r3", "02A16", "2026-02-05", 95),
        delivery("r4", "45A04", "2026-01-30", 30),
        delivery("r5", "44A09", "2026-01-20", 3, end="2026-01-22", credits="r2"),
    )
    january.prices(*PRICES[:3], "02A16;2026-03-01;;58,40")
    assert settled(january.month("2026-02")).parked
    january.prices(*PRICES)
    run = january.month("2026-02")
    assert said(run) == {("2026-01", "45A04"): "30.00", ("2026-01", "44A09"): "-637.05", ("2026-02", "02A16"): "116.80"}
    assert reasons(run) == {
        ("2026-01", "45A04"): [("late", "30.00")],
        ("2026-01", "44A09"): [("credit", "-637.05")],
        ("2026-02", "02A16"): [],
    }


def test_a_budget_without_a_count_is_parked_and_recovers(books: Books) -> None:
    books.open(population_contract(), effort_contract())
    books.prices(*PRICES)
    first = books.month("2026-01")
    assert settled(first, "A").parked
    assert codes(first, "A") == ["F01"]
    books.count(10000)
    second = books.month("2026-02")
    assert said(second, "A") == {("2026-01", "instalment"): "100000.00", ("2026-02", "instalment"): "100000.00"}
    assert reasons(second, "A")[("2026-01", "instalment")] == [("first", "100000.00")]


def test_all_contracts_parked_can_be_posted_and_books_nothing(books: Books) -> None:
    books.open(effort_contract())
    books.deliver(delivery("r1", "45A04", "2026-01-05", 60))
    run = books.month("2026-01")
    assert run.state == "posted"
    with books.transaction() as connection:
        assert connection.execute(select(func.count()).select_from(journal_entries)).scalar_one() == 0


def test_a_row_without_a_price_that_is_credited_parks_nothing(january: Books) -> None:
    january.deliver(delivery("r3", "45A04", "2025-12-01", 95), delivery("r4", "02A16", "2025-12-01", 95))
    assert settled(january.settle("2026-01")).parked  # hours have no price in 2025
    january.deliver(delivery("r5", "02A16", "2025-12-01", 95, credits="r4"))
    run = january.month("2026-01")
    assert codes(run, "B") == []
    assert said(run)[("2025-12", "45A04")] == "91.83"


def test_a_budget_is_paid_also_when_what_it_covers_can_not_be_valued(books: Books) -> None:
    books.open(population_contract(covers=("45A04", "02A16")))
    books.count(10000)
    books.prices("02A16;2026-01-01;2026-01-16;58,40", "02A16;2026-01-16;;60,00")
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 95, provider="41000001"),
        delivery("r2", "02A16", "2026-01-05", 95, provider="41000001"),
        delivery("r3", "02A16", "2026-01-20", 95, provider="41000001"),
    )
    run = books.month("2026-01")
    assert sorted(codes(run, "A")) == ["P01", "P02"]
    assert said(run, "A") == {("2026-01", "instalment"): "100000.00"}
    assert [line.line.key.label for line in settled(run, "A").lines] == ["instalment"]


def test_two_prices_in_the_month_of_a_client_park_the_contract(january: Books) -> None:
    january.deliver(delivery("r3", "02A16", "2026-01-05", 95), delivery("r4", "02A16", "2026-01-25", 95))
    january.prices(*PRICES[:3], "02A16;2026-01-01;2026-01-16;58,40", "02A16;2026-01-16;;60,00")
    run = january.settle("2026-01")
    assert settled(run).parked
    assert codes(run, "B") == ["P02"]
    january.prices(*PRICES)
    assert said(january.month("2026-01"))[("2026-01", "02A16")] == "175.20"


def test_a_row_over_a_change_of_price_is_paid_and_pointed_out(january: Books) -> None:
    january.prices(*PRICES[:2], "44A09;2026-01-01;2026-01-21;212,35", "44A09;2026-01-21;;300,00")
    run = january.settle("2026-01")
    assert not settled(run).parked
    assert codes(run, "B") == ["P03"]
    assert said(run)[("2026-01", "44A09")] == "637.05"


def test_another_claim_is_paid_as_it_was_calculated_and_pointed_out(january: Books) -> None:
    january.deliver(
        delivery("r3", "45A04", "2026-01-06", 60, claimed="60,00"),
        delivery("r4", "45A04", "2026-01-07", 60, claimed="61,25"),
    )
    run = january.settle("2026-01")
    assert codes(run, "B") == ["P04"]
    assert "1,25" in settled(run).findings[0].message.replace(".", ",")
    assert said(run)[("2026-01", "45A04")] == "215.00"


# --- outside every contract -------------------------------------------------------------------------------------------


def test_deliveries_outside_every_contract_are_named_in_every_run_until_it_is_repaired(january: Books) -> None:
    january.deliver(
        delivery("r3", "45A04", "2026-01-06", 60, provider=OTHER),
        delivery("r4", "45A04", "2026-02-06", 60, municipality="GM0597"),
    )
    first = january.month("2026-01")
    assert codes(first) == ["P05"]
    assert OTHER in first.findings[0].place
    assert first.needs_attention
    second = january.month("2026-02")
    assert [finding.place.split(",")[0] for finding in second.findings] == [f"aanbieder {CARE}", f"aanbieder {OTHER}"]
    # One gets a contract, the other is credited.
    january.contracts(OTHER_CONTRACT)
    january.deliver(delivery("r5", "45A04", "2026-02-06", 60, municipality="GM0597", credits="r4"))
    third = january.month("2026-03")
    assert codes(third) == []
    assert said(third, "C") == {("2026-01", "45A04"): "60.00"}


def test_only_what_concerns_the_contracts_of_a_run_is_named(january: Books) -> None:
    january.deliver(delivery("r3", "45A04", "2026-01-06", 60, provider=OTHER))
    assert codes(january.settle("2026-01", "B")) == []
    assert codes(january.settle("2026-01")) == ["P05"]


def test_rows_before_and_after_a_contract_are_outside(books: Books) -> None:
    books.open(effort_contract(start="2026-01-10", until="2026-01-20"))
    books.prices(*PRICES)
    books.deliver(*[delivery(f"r{day}", "45A04", f"2026-01-{day:02d}", day) for day in (9, 10, 19, 20)])
    run = books.settle("2026-01")
    assert said(run) == {("2026-01", "45A04"): "29.00"}
    assert codes(run) == ["P05"]
    assert "2 leveringen" in run.findings[0].message


def test_one_row_outside_that_is_as_large_as_one_that_is_withdrawn(books: Books) -> None:
    """What is outside is counted in rows: a debit outside and its credit cancel out, one without the other does not."""
    books.open(effort_contract(start="2026-01-10"))
    books.prices(*PRICES)
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 60), delivery("r2", "45A04", "2026-01-05", 60, credits="r1")
    )  # fmt: skip
    assert codes(books.settle("2026-01")) == []


def test_what_is_outside_is_counted_as_it_was_known_at_the_cutoff(january: Books) -> None:
    january.deliver(delivery("r3", "45A04", "2026-01-06", 60, provider=OTHER))
    first = january.settle("2026-01")
    january.deliver(delivery("r4", "45A04", "2026-01-07", 60, provider=OTHER))
    again = january.settle("2026-01", cutoff=first.cutoff)
    assert again.output_sha256 == first.output_sha256
    assert "1 levering" in again.findings[0].message
    assert "2 leveringen" in january.settle("2026-01").findings[0].message


def test_a_product_that_changed_its_task_field_on_a_day_is_inside_before_and_after(january: Books) -> None:
    row = "Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;{};{};{}"
    january.products(row.format("6.751", "2025-01-01", "2026-01-16"), row.format("6.752", "2026-01-16", ""))
    january.deliver(delivery("r3", "45A04", "2026-01-16", 60))
    run = january.settle("2026-01")
    assert codes(run) == []
    assert said(run)[("2026-01", "45A04")] == "155.00"


def test_deliveries_of_a_product_that_was_taken_out_of_the_catalogue_are_named(january: Books) -> None:
    """A credited row lets its product end before it; then the credit is contradicted and the row counts again."""
    january.month("2026-01")
    january.deliver(delivery("r3", "44A09", "2026-01-20", 3, end="2026-01-22", credits="r2"))
    january.products("Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.762;2025-01-01;2026-01-15")
    january.deliver(delivery("r3", "44A09", "2026-01-12", 2, end="2026-01-13"))
    run = january.month("2026-02")
    assert said(run) == {("2026-01", "44A09"): "-637.05"}
    assert codes(run) == ["P05"]


# --- contracts that change --------------------------------------------------------------------------------------------


def test_a_contract_that_ends_earlier_takes_back_what_came_after(january: Books) -> None:
    january.deliver(delivery("r3", "45A04", "2026-02-10", 60), delivery("r4", "45A04", "2026-03-10", 30))
    for period in ("2026-01", "2026-02", "2026-03"):
        january.month(period)
    january.contracts(population_contract(until="2026-03-01"), effort_contract(until="2026-03-01"))
    run = january.month("2026-03")
    # 1,200,000 x 2 / 12 = 200,000 over two months
    assert said(run, "A") == {("2026-03", "instalment"): "-100000.00"}
    assert said(run, "B") == {("2026-03", "45A04"): "-30.00"}
    assert reasons(run, "B") == {("2026-03", "45A04"): [("terms", "-30.00")]}
    assert codes(run) == ["P05"]
    assert str(settled(run, "A").to_pay) == "-100000.00"
    assert to_date([january.settle("2026-03")]) == {}
    # And once more as it was.
    january.contracts(population_contract(), effort_contract())
    back = january.month("2026-04")
    assert said(back, "A") == {("2026-03", "instalment"): "100000.00", ("2026-04", "instalment"): "100000.00"}
    assert said(back, "B") == {("2026-03", "45A04"): "30.00"}
    assert codes(back) == []


def test_a_contract_that_ends_in_the_middle_of_a_month(january: Books) -> None:
    january.month("2026-01")
    january.contracts(effort_contract(until="2026-01-20"))
    run = january.month("2026-02")
    assert said(run) == {("2026-01", "44A09"): "-637.05"}
    assert codes(run) == ["P05"]


def test_a_contract_that_starts_later_takes_back_what_came_before(january: Books) -> None:
    january.month("2026-01")
    january.contracts(effort_contract(start="2026-03-01"))
    run = january.month("2026-02")
    assert said(run) == {("2026-01", "45A04"): "-95.00", ("2026-01", "44A09"): "-637.05"}
    assert codes(run) == ["P05", "P05"]


def test_a_product_that_leaves_the_contract_is_taken_back(january: Books) -> None:
    january.month("2026-01")
    january.contracts(effort_contract(products=("45A04", "02A16")))
    run = january.month("2026-02")
    assert said(run) == {("2026-01", "44A09"): "-637.05"}
    assert codes(run) == ["P05"]


def test_a_product_that_comes_into_the_contract_is_paid_from_its_start(books: Books) -> None:
    books.open(effort_contract(products=("45A04",)))
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 60), delivery("r2", "44A09", "2026-01-20", 1))
    assert codes(books.month("2026-01")) == ["P05"]
    books.contracts(effort_contract())
    run = books.month("2026-02")
    assert said(run) == {("2026-01", "44A09"): "212.35"}
    assert reasons(run) == {("2026-01", "44A09"): [("first", "212.35")]}


def test_another_price_list_of_the_contract(january: Books) -> None:
    january.month("2026-01")
    january.prices("45A04;2026-01-01;;66,00", "44A09;2026-01-01;;212,35", price_list="eigen")
    january.contracts(effort_contract(price_list="eigen"))
    run = january.month("2026-02")
    assert said(run) == {("2026-01", "45A04"): "9.50"}
    assert reasons(run) == {("2026-01", "45A04"): [("price", "9.50")]}


def test_an_amount_per_inhabitant_that_is_agreed_anew_is_no_recount(january: Books) -> None:
    january.month("2026-01")
    january.count(10150, "final")
    assert reasons(january.month("2026-01"), "A")[("2026-01", "instalment")] == [("recount", "500.00")]
    base = 'amount_per_inhabitant_eur = "126.00"\ncount_date = 2026-01-01\nrecount = { dead_band_percent = "1" }'
    january.contracts(population_contract(base=base))
    run = january.month("2026-02")
    # 105,525.00 (126 x 10,000 x 1.005 / 12) for 100,500.00
    assert reasons(run, "A")[("2026-01", "instalment")] == [("terms", "5025.00")]


def test_a_correction_tells_what_was_before_it_and_not_what_was_first(january: Books) -> None:
    january.deliver(delivery("r3", "02A16", "2026-01-06", 360))
    january.month("2026-01")
    for number, (period, price, hours) in enumerate((("2026-02", "61.75", "7"), ("2026-03", "63.00", "8"))):
        january.prices(PRICES[0], f"45A04;2026-01-01;;{price}", *PRICES[2:])
        january.deliver(delivery(f"s{number}", "02A16", "2026-01-20", 60))
        lines = {line.line.key.label: line.line for line in settled(january.month(period)).lines}
        [late], [changed] = lines["02A16"].causes, lines["45A04"].causes
        assert (late.values["billed_quantity_before"], late.values["billed_quantity"]) == (str(int(hours) - 1), hours)
        assert (changed.values["before_eur"], changed.values["now_eur"]) == (("60.00", "61.75")[number], price)


def test_a_correction_is_booked_where_the_amount_was_booked(january: Books) -> None:
    january.month("2026-01")
    january.products(PRODUCTS[0].replace("6.751", "6.752"))
    january.deliver(delivery("r3", "45A04", "2026-01-30", 60), delivery("r4", "45A04", "2026-02-03", 60))
    lines = settled(january.month("2026-02")).lines
    assert {str(line.line.key.month): line.line.task_field for line in lines} == {
        "2026-01": "6.751",
        "2026-02": "6.752",
    }


def test_a_budget_that_pays_from_now_on_what_was_paid_by_volume(january: Books) -> None:
    """The product moves from payable to shadow: what was paid is taken back, what it would have cost is shown."""
    january.month("2026-01")
    base = 'budget_eur = "1200.00"'
    january.contracts(population_contract("B", provider=CARE, base=base, covers=("45A04", "44A09")))
    run = january.month("2026-02")
    found = {
        (line.line.key.label, line.line.key.treatment): str(line.line.amount)
        for line in settled(run).lines
        if str(line.line.key.month) == "2026-01"
    }
    assert found == {
        ("45A04", Treatment.PAYABLE): "-95.00",
        ("44A09", Treatment.PAYABLE): "-637.05",
        ("45A04", Treatment.SHADOW): "95.00",
        ("44A09", Treatment.SHADOW): "637.05",
        ("instalment", Treatment.PAYABLE): "100.00",
    }


# --- two contracts that share a month ---------------------------------------------------------------------------------

FIRST_HALF = effort_contract("B1", until="2026-01-16")
SECOND_HALF = effort_contract("B2", start="2026-01-16")


@pytest.fixture
def halves(books: Books) -> Books:
    """Two contracts of one provider that follow each other in the middle of January."""
    books.open(FIRST_HALF, SECOND_HALF)
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-15", 60), delivery("r2", "45A04", "2026-01-16", 30))
    return books


def test_contracts_that_follow_each_other_in_a_month(halves: Books) -> None:
    run = halves.month("2026-01")
    assert said(run, "B1") == {("2026-01", "45A04"): "60.00"}
    assert said(run, "B2") == {("2026-01", "45A04"): "30.00"}
    assert codes(run) == []


def test_one_of_two_contracts_that_share_a_month(halves: Books) -> None:
    assert said(halves.month("2026-01", "B1"), "B1") == {("2026-01", "45A04"): "60.00"}
    assert said(halves.month("2026-01", "B2"), "B2") == {("2026-01", "45A04"): "30.00"}


def test_a_new_version_of_one_of_two_contracts_that_share_a_month(halves: Books) -> None:
    halves.month("2026-01")
    halves.contracts(FIRST_HALF.replace('title = "Zorg"', 'title = "Zorg en meer"'))
    run = halves.month("2026-02")
    assert to_date([run]) == {}


def test_one_of_two_contracts_that_share_a_month_is_parked(books: Books) -> None:
    contracts_ = (effort_contract("B1", until="2026-01-16"), population_contract(
        "B2", provider=CARE, start="2026-02-01", covers=("45A04",)))  # fmt: skip
    books.open(*contracts_)
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-15", 60), delivery("r2", "45A04", "2026-02-16", 30))
    run = books.month("2026-02")
    assert codes(run, "B2") == ["F01"]
    assert said(run, "B1") == {("2026-01", "45A04"): "60.00"}


# --- advances ---------------------------------------------------------------------------------------------------------


def paid(books: Books, set_off: str) -> list[tuple[str, str, str]]:
    """Owed, set off and paid from January to April, of an advance of 200.00 on 95.00, 30.00, -20.00 and 300.00."""
    books.open(effort_contract(set_off=set_off))
    books.prices(*PRICES)
    books.advance("200.00")
    books.advance("40.00", day="2026-03-31", reference="V2")
    months = [
        ("2026-01", [delivery("r1", "45A04", "2026-01-05", 95)]),
        ("2026-02", [delivery("r2", "45A04", "2026-02-05", 30)]),
        ("2026-03", [delivery("r3", "45A04", "2026-03-05", 75),
                     delivery("r4", "45A04", "2026-01-05", 95, credits="r1")]),
        ("2026-04", [delivery("r5", "45A04", "2026-04-05", 300)]),
    ]  # fmt: skip
    found = []
    for period, rows in months:
        books.deliver(*rows)
        contract = settled(books.month(period))
        found.append((str(contract.total), str(contract.set_off), str(contract.to_pay)))
    return found


def test_an_advance_is_set_off_in_full_against_the_next_statement(books: Books) -> None:
    assert paid(books, "full") == [
        ("95.00", "200.00", "-105.00"),
        ("30.00", "0.00", "30.00"),
        ("-20.00", "40.00", "-60.00"),
        ("300.00", "0.00", "300.00"),
    ]


def test_an_advance_is_set_off_as_far_as_something_is_owed(books: Books) -> None:
    assert paid(books, "up_to_payable") == [
        ("95.00", "95.00", "0.00"),
        ("30.00", "30.00", "0.00"),
        ("-20.00", "0.00", "-20.00"),
        ("300.00", "115.00", "185.00"),
    ]


def test_the_oldest_advance_goes_first(books: Books) -> None:
    books.open(effort_contract(set_off="up_to_payable"))
    books.prices(*PRICES)
    books.advance("50.00", day="2026-01-20", reference="A-late")
    books.advance("60.00", day="2026-01-10", reference="Z-early")
    books.deliver(delivery("r1", "45A04", "2026-01-05", 95))
    run = books.month("2026-01")
    assert {s.advance_reference: str(s.amount) for s in settled(run).set_offs} == {
        "Z-early": "60.00",
        "A-late": "35.00",
    }


def test_an_advance_after_the_period_waits(books: Books) -> None:
    books.open(effort_contract())
    books.prices(*PRICES)
    books.advance("50.00", day="2026-02-01")
    assert str(settled(books.month("2026-01")).set_off) == "0.00"
    assert str(settled(books.month("2026-02")).set_off) == "50.00"


@pytest.mark.parametrize(
    ("how", "before", "owed", "expected"),
    [
        ("full", {}, "100.00", {"V1": "500.00", "V2": "-500.00"}),
        ("up_to_payable", {}, "100.00", {"V1": "500.00", "V2": "-500.00"}),
        ("up_to_payable", {"V1": "300.00"}, "100.00", {"V1": "200.00", "V2": "-500.00"}),
        ("up_to_payable", {"V1": "500.00"}, "100.00", {"V2": "-500.00"}),
        ("up_to_payable", {"V1": "500.00", "V2": "-500.00"}, "100.00", {}),
    ],
)
def test_an_advance_that_was_taken_back_is_as_if_it_never_was(
    how: str, before: dict[str, str], owed: str, expected: dict[str, str]
) -> None:
    contract = contract_of(effort_contract(set_off=how))
    paid = [
        Advance(1, "V1", date(2026, 1, 10), Eur("500.00"), 4), Advance(1, "V2", date(2026, 1, 12), Eur("-500.00"), 5),
    ]  # fmt: skip
    found = set_off(contract, paid, {reference: Eur(amount) for reference, amount in before.items()}, Eur(owed))
    assert {part.advance_reference: str(part.amount) for part in found} == expected


def test_an_advance_is_of_one_contract(books: Books) -> None:
    books.open(effort_contract(), OTHER_CONTRACT)
    books.prices(*PRICES)
    books.advance("50.00", contract="C")
    run = books.month("2026-01")
    assert (str(settled(run, "B").to_pay), str(settled(run, "C").to_pay)) == ("0.00", "-50.00")


# --- for ever ---------------------------------------------------------------------------------------------------------

PERMANENT = [
    "recordings", "run_lines", "run_volumes", "run_months", "run_set_offs", "run_findings", "run_states",
    "journal_entries", "journal_lines", "deliveries", "delivery_totals", "batches", "advances", "population_counts",
    "prices", "price_versions", "contract_versions", "product_versions",
]  # fmt: skip


@pytest.fixture(scope="module")
def posted(shared_books: Books) -> Books:
    """A posted month in which every table has a row; no test changes anything that stays."""
    shared_books.open(population_contract(), effort_contract())
    shared_books.prices(*PRICES)
    shared_books.count(10000)
    shared_books.advance("10.00")
    shared_books.deliver(
        delivery("r1", "45A04", "2026-01-05", 95, claimed="1,00"), delivery("rX", "99X99", "2026-01-05", 95)
    )  # fmt: skip
    shared_books.month("2026-01")
    return shared_books


@pytest.mark.parametrize("table", PERMANENT)
@pytest.mark.parametrize("action", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_what_was_written_is_never_changed(posted: Books, table: str, action: str) -> None:
    column = metadata.tables[table].columns.keys()[-1]
    with pytest.raises(IntegrityError, match="is append-only"), posted.transaction() as connection:
        assert connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one() > 0
        connection.execute(text(action.format(table, f'"{column}"')))


@pytest.mark.parametrize(
    "statement",
    [
        update(runs).values(state="draft", posting=None),
        update(runs).values(state="discarded", posting=None),
        update(runs).values(output_sha256="x"),
        update(runs).values(cutoff=1),
        update(run_contracts).values(total_eur=Eur("1.00")),
        update(run_contracts).values(claims_sequence=False),
        delete(run_contracts),
        delete(runs),
    ],
    ids=str,
)
def test_a_posted_run_is_never_changed(posted: Books, statement: object) -> None:
    refused = r"append-only|goes from posted|does not change"
    with pytest.raises(IntegrityError, match=refused), posted.transaction() as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("table", "column", "another"),
    [
        ("run_lines", "line", "999"),
        ("run_volumes", "component", "'x'"),
        ("run_months", "service_month", "date '2031-01-01'"),
        ("run_findings", "finding", "999"),
    ],
)
def test_a_run_says_nothing_more_once_it_is_made(posted: Books, table: str, column: str, another: str) -> None:
    columns = [another if c.name == column else f'"{c.name}"' for c in metadata.tables[table].columns]
    with pytest.raises(IntegrityError, match="says all it says"), posted.transaction() as connection:
        connection.execute(text(f"INSERT INTO {table} SELECT {', '.join(columns)} FROM {table} LIMIT 1"))


@pytest.mark.parametrize("amounts", [["10.00", "-9.99"], ["10.00"], []])
def test_an_entry_that_does_not_balance_is_not_committed(posted: Books, amounts: list[str]) -> None:
    written = False
    with pytest.raises(IntegrityError, match="journal entry X sums to"), posted.transaction() as connection:
        write_entry(connection, amounts)
        written = True
    assert written, "it is the commit that refuses"


def test_an_entry_that_balances_is_committed(posted: Books) -> None:
    with posted.transaction(dry_run=True) as connection:
        write_entry(connection, ["10.00", "-9.99", "-0.01"])


def write_entry(connection: Connection, amounts: list[str]) -> None:
    contract = connection.execute(select(func.min(contracts.c.id))).scalar_one()
    provider = connection.execute(select(func.min(providers.c.id))).scalar_one()
    connection.execute(
        insert(journal_entries).values(
            entry="X", run_id=1, contract_id=contract, kind="entitlement", booking_period=date(2026, 1, 1)
        )
    )
    for line, amount in enumerate(amounts, start=1):
        connection.execute(
            insert(journal_lines).values(
                entry="X", line=line, account="cost", provider_id=provider, task_field="", prior_year=False,
                amount_eur=Eur(amount),
            )
        )  # fmt: skip


# --- a machine that stops ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
@pytest.mark.parametrize("at", ["recordings", "run_states", "journal_entries", "journal_lines"])
def test_a_posting_that_is_killed_leaves_an_approved_run(january: Books, at: str) -> None:
    run = january.settle("2026-01")
    january.approve(run)
    script = shutil.which("bekostiging", path=str(Path(sys.executable).parent))
    assert script
    url = january.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with january.transaction() as holder:
        before = counts_of_rows(holder)
        holder.execute(text(f"LOCK TABLE {at} IN SHARE MODE"))  # the next insert into it waits
        posting = subprocess.Popen(
            [script, "settle", "post", str(run.id)], env={**os.environ, "BEKOSTIGING_DATABASE_URL": url}
        )
        wait_until(january, "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation IS NOT NULL)")
        posting.send_signal(signal.SIGKILL)
        assert posting.wait(10) == -signal.SIGKILL
    alone = "NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    wait_until(january, f"{alone} AND state <> 'idle')")
    assert january.read(run).state == "approved"
    with january.transaction() as connection:
        assert counts_of_rows(connection) == before
    january.post(run)
    assert january.read(run).posting == run.cutoff + 1


def wait_until(books: Books, condition: str) -> None:
    for _ in range(300):
        with books.transaction() as connection:
            if connection.execute(text(f"SELECT {condition}")).scalar_one():
                return
        time.sleep(0.1)
    raise AssertionError(f"never: {condition}")


def test_a_recording_that_is_rolled_back_leaves_no_gap(january: Books) -> None:
    with pytest.raises(RuntimeError), january.transaction() as connection:
        record(connection, "test", "nothing", "tester")
        raise RuntimeError
    run = january.month("2026-01")
    assert run.posting == run.cutoff + 1


# --- an unchanged month -----------------------------------------------------------------------------------------------


def test_a_month_in_which_nothing_changed_is_not_priced_again(january: Books) -> None:
    january.month("2026-01")
    january.deliver(delivery("r3", "45A04", "2026-02-03", 60))
    run = january.month("2026-02")
    assert {str(volume.month) for volume in settled(run).volumes} == {"2026-02"}
    january.prices(*PRICES, "02A16;2025-01-01;2026-01-01;50,00")  # a price that no month in the books has
    assert settled(january.month("2026-03")).volumes == []


@pytest.mark.parametrize(
    "change",
    [
        lambda books: books.deliver(delivery("r9", "45A04", "2026-01-30", 60)),
        lambda books: books.prices(PRICES[0], "45A04;2026-01-01;;60,60", *PRICES[2:]),
        lambda books: books.contracts(effort_contract(set_off="up_to_payable")),
        lambda books: books.products(PRODUCTS[0].replace("minuut;uur;regel", "minuut;uur;client en maand")),
    ],
    ids=["delivery", "price", "contract", "product"],
)
def test_whatever_an_amount_depends_on_makes_its_month_priced_again(
    january: Books, change: Callable[[Books], object]
) -> None:
    january.month("2026-01")
    change(january)
    run = january.month("2026-02")
    assert {str(volume.month) for volume in settled(run).volumes} == {"2026-01"}
    with january.transaction() as connection:
        posted_lines = connection.execute(select(func.count()).select_from(run_lines)).scalar_one()
    assert posted_lines > 0
