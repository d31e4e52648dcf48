"""A consortium whose members send their own files: paid once, under the main contract, and divided by who delivered."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from importers.facts.assignments import ASSIGNMENTS
from importers.facts.importing import import_facts
from kernel.findings import Refusal
from kernel.periods import Month
from settlement.entitlement import Treatment
from settlement.explain import read_explained
from settlement.invariants import broken_in_the_books
from settlement.missing_files import missing_files
from settlement.reading import Run
from settlement.references import what_became_of
from settlement.statements.export import export_statements
from tests.settlement.books import CARE, OTHER, PRICES, TEAM, WHO, Books, delivery, effort_contract, said, to_date

MEMBERS = f"""
[[component]]
key = "leden"
kind = "consortium"
clause = "artikel 8"
applies_to = ["zorg"]
by = "delivery"
members = [
    {{ provider = "{CARE}", own_code = true }},
    {{ provider = "{TEAM}", own_code = true }},
    {{ provider = "{OTHER}", products = ["44A09"] }},
]
"""
CONSORTIUM = effort_contract() + MEMBERS
# 02A16: minutes per client and month become hours of 58.40. 45A04: minutes at 60.00 an hour. 44A09: 212.35 a day.
ROWS = {
    "2026-01": [
        delivery("r1", "02A16", "2026-01-05", 100, assignment="T1"),
        delivery("m1", "02A16", "2026-01-06", 95, assignment="T1", provider=TEAM),
        delivery("r2", "44A09", "2026-01-07", 1),
    ],
    "2026-02": [
        delivery("m2", "45A04", "2026-02-05", 30, provider=TEAM),
        delivery("m3", "45A04", "2026-01-09", 20, provider=TEAM),
    ],
    "2026-03": [delivery("m4", "02A16", "2026-01-06", 95, assignment="T1", provider=TEAM, credits="m1")],
}


def passed_on(run: Run) -> dict[tuple[str, str], str]:
    [contract] = run.contracts
    return {
        (str(one.line.key.month), one.line.key.label.removeprefix("passed_on ")): str(one.line.amount)
        for one in contract.lines
        if one.line.key.treatment is Treatment.PASSED_ON
    }


def month_by_month(books: Books, months: Sequence[str]) -> list[Run]:
    done = []
    for month in months:
        books.deliver(*ROWS[month])
        done.append(books.month(month))
    return done


def test_what_members_send_is_paid_once_and_divided_by_who_delivered(books: Books, tmp_path: Path) -> None:
    books.open(CONSORTIUM)
    books.prices(*PRICES)
    done = month_by_month(books, list(ROWS))
    assert [[finding.code for finding in run.findings] for run in done] == [[], [], []]  # nothing is outside a contract
    # 100 and 95 minutes are two hours each, of one client and assignment: 116.80 for both.
    assert said(done[0]) == {("2026-01", "02A16"): "233.60", ("2026-01", "44A09"): "212.35"}
    assert passed_on(done[0]) == {
        ("2026-01", CARE): "116.80", ("2026-01", TEAM): "116.80", ("2026-01", OTHER): "212.35"
    }  # fmt: skip
    assert said(done[1]) == {("2026-01", "45A04"): "20.00", ("2026-02", "45A04"): "30.00"}
    assert passed_on(done[1]) == {("2026-01", TEAM): "20.00", ("2026-02", TEAM): "30.00"}
    assert said(done[2]) == {("2026-01", "02A16"): "-116.80"}
    assert passed_on(done[2]) == {("2026-01", TEAM): "-116.80"}
    with books.transaction() as connection:
        assert not any(broken_in_the_books(connection).values())
        [contract] = done[0].contracts
        for run in done:
            assert len(export_statements(connection, run.id, tmp_path).paths) == 1
        number = next(one.number for one in contract.lines if one.line.key.label == "02A16")
        explained = read_explained(connection, done[0].id, number)
        assert [(group.billed_quantity, str(group.amount)) for group in explained.groups] == [(2, "116.80")] * 2
        paid = what_became_of(connection, done[0], "m1")
        assert len(paid) == 1
        assert "Telt mee onder contract B, onderdeel zorg" in paid[0]
        assert "samen 95 minuten, afgerond op 2 uur × 58,40 per uur = 116,80 euro" in paid[0]
    monthly = to_date(done)
    books.forget()
    books.open(CONSORTIUM)
    books.prices(*PRICES)
    books.deliver(*itertools.chain.from_iterable(ROWS.values()))
    assert to_date([books.month("2026-03")]) == monthly


def test_a_price_that_a_member_has_no_day_of_names_the_member(books: Books) -> None:
    books.open(CONSORTIUM)
    books.prices("45A04;2026-01-10;;60,00")
    books.deliver(delivery("m1", "45A04", "2026-01-05", 60, provider=TEAM))
    [contract] = books.settle("2026-01").contracts
    assert contract.parked
    assert [finding.place for finding in contract.findings] == [f"aanbieder {TEAM}, product 45A04, GM0502, 2026-01"]


def test_a_member_that_sends_nothing_is_missed(books: Books) -> None:
    books.open(CONSORTIUM)
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 60))
    with books.transaction() as connection:
        missing = missing_files(connection, Month(2026, 1))
    assert [(one.contract, one.provider, [str(month) for month in one.months]) for one in missing] == [
        ("B", TEAM, ["2026-01"])
    ]


def test_a_main_contractor_that_delivers_nothing_itself_is_not_missed(books: Books) -> None:
    shares = CONSORTIUM.partition("members = [")[0].replace('by = "delivery"', "")
    members = (
        f'members = [{{ provider = "{TEAM}", percent = "60", own_code = true }}, '
        f'{{ provider = "{OTHER}", percent = "40", own_code = true }}]\n'
    )
    books.open(shares + members)
    books.prices(*PRICES)
    books.deliver(delivery("m1", "45A04", "2026-01-05", 61, provider=TEAM))
    with books.transaction() as connection:
        assert [one.provider for one in missing_files(connection, Month(2026, 1))] == [OTHER]
    run = books.month("2026-01")  # by agreed shares, whoever delivered: 60% and 40% of 61.00
    assert passed_on(run) == {("2026-01", TEAM): "36.60", ("2026-01", OTHER): "24.40"}


def test_what_a_member_delivers_is_held_to_the_assignment_under_its_own_code(books: Books) -> None:
    books.open(
        CONSORTIUM.replace('price_of = "first_day"', 'price_of = "first_day"\nfrequency = { products = ["45A04"] }')
    )
    books.prices(*PRICES)
    with books.transaction() as connection:
        rows = [
            f"GM0502;T{n};{provider};45A04;c1;2026-01-01;2026-01-31;30;totaal" for n, provider in ((1, CARE), (2, TEAM))
        ]
        header = "gemeente;toewijzing;aanbieder;product;cliënt;vanaf;tot en met;volume;per"
        path = books.table(header, rows)
        import_facts(connection, ASSIGNMENTS, path, path.parent / "config", WHO)
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 30, assignment="T1"),
        delivery("m1", "45A04", "2026-01-05", 40, assignment="T2", provider=TEAM),
    )
    assert said(books.month("2026-01")) == {("2026-01", "45A04"): "70.00", ("2026-01", "frequency 45A04"): "-10.00"}


@pytest.mark.parametrize("members_first", [True, False])
def test_a_contract_of_its_own_for_the_same_product_is_refused(books: Books, members_first: bool) -> None:
    own = effort_contract("M", provider=TEAM, products=["45A04"], start="2026-01-01", until="2027-01-01")
    before, then = (CONSORTIUM, own) if members_first else (own, CONSORTIUM)
    books.open(before)
    with pytest.raises(Refusal) as refusal:
        books.contracts(then)
    [finding] = refusal.value.findings
    other = "B" if members_first else "M"
    assert finding.code == "C17"
    assert 'onderdeel "zorg", sleutel products' in finding.place
    assert finding.message == (
        f'product 45A04 van GM0502 is op dezelfde dagen ook van onderdeel "zorg" van contract {other}: '
        f"wat {TEAM} zelf aanlevert, zou twee keer betaald worden"
    )
    assert finding.hint.endswith("of laat own_code van dit lid weg")
    books.contracts(own.replace("2026-01-01", "2029-01-01").replace("2027-01-01", "2030-01-01"))  # after the other


def test_a_member_with_its_own_code_is_a_known_provider(books: Books) -> None:
    books.open()
    with pytest.raises(Refusal) as refusal:
        books.contracts(CONSORTIUM.replace(TEAM, "41000009"))
    [finding] = refusal.value.findings
    assert finding.code == "C05"
    assert "sleutel members[2].provider" in finding.place
