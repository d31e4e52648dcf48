"""Every invariant can fail: what is stored is broken on purpose, and the check that must see it says so by name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Table, func, select, text

from database.metadata import metadata
from kernel.money import Eur
from kernel.periods import Month
from settlement import contract as settling
from settlement import invariants, runs
from settlement.invariants import BrokenInvariant, broken_in_the_books, check_posting, check_run
from settlement.reading import read_run
from settlement.statements.reader import not_settled
from settlement.tables import runs as runs_table
from tests.settlement.books import CARE, OTHER, PRICES, Books, delivery, effort_contract, population_contract

# What to do to a posted run, by the name of the invariant that it breaks. Only triggers are switched off for it.
BREAKS_OF_A_RUN = [
    (
        "het totaal van een contract is de som van zijn betaalbare regels",
        "UPDATE run_contracts SET total_eur = total_eur + 0.01 WHERE run_id = 2",
    ),
    (
        "het totaal van een contract is de som van zijn betaalbare regels",
        "UPDATE run_lines SET treatment = 'payable' WHERE run_id = 2 AND treatment = 'shadow'",
    ),
    (
        "een regel over leveringen is de som van zijn volumes",
        "UPDATE run_volumes SET amount_eur = amount_eur + 0.01 WHERE run_id = 2",
    ),
    (
        "een regel over leveringen is de som van zijn volumes",
        "DELETE FROM run_volumes WHERE run_id = 2 AND service_month = '2026-01-01'",
    ),
    (
        "de redenen van een correctie tellen op tot de correctie",
        """UPDATE run_lines SET causes = jsonb_set(causes, '{0,amount_eur}', '"0.01"')
           WHERE run_id = 2 AND causes <> '[]'""",
    ),
    (
        "wat een regel zegt is het recht tot nu toe, min wat al geboekt was",
        """UPDATE run_lines SET entitled_eur = entitled_eur + 1, posted_before_eur = posted_before_eur + 1
           WHERE run_id = 2 AND label = 'instalment'""",
    ),
    (
        "wat een regel zegt is het recht tot nu toe, min wat al geboekt was",
        "UPDATE runs SET posting = NULL, state = 'discarded' WHERE id = 1",
    ),
    (
        "wat verrekend wordt is de som van de voorschotten die verrekend worden",
        "UPDATE run_contracts SET set_off_eur = set_off_eur - 0.01 WHERE run_id = 2",
    ),
    (
        "geen voorschot wordt voor meer verrekend dan het is",
        """WITH more AS (UPDATE run_contracts SET set_off_eur = set_off_eur + 0.01 WHERE run_id = 2 AND set_off_eur > 0)
           UPDATE run_set_offs SET amount_eur = amount_eur + 0.01 WHERE run_id = 2""",
    ),
    (
        "elke levering van een berekende maand zit in een volume, of staat in een bevinding",
        "UPDATE run_volumes SET rows = rows - 1 WHERE run_id = 2",
    ),
    (  # a slice of which nothing was priced at all
        "elke levering van een berekende maand zit in een volume, of staat in een bevinding",
        """INSERT INTO delivery_totals SELECT municipality_id, provider_id, p.id, '2026-02-01', 1, 1, 60, '2026-02-01',
           '2026-02-01' FROM delivery_totals, products p WHERE p.code = '02A16' LIMIT 1""",
    ),
    (
        "een journaalpost telt op tot nul",
        "UPDATE journal_lines SET amount_eur = amount_eur + 0.01 WHERE entry LIKE '000002%' AND account = 'payable'",
    ),
    (
        "het journaal boekt wat een contract kost, wat er te betalen is en wat verrekend wordt",
        """UPDATE journal_lines SET amount_eur = amount_eur * 2 WHERE entry LIKE '000002-B-E'""",
    ),
    (
        "het journaal boekt wat een contract kost, wat er te betalen is en wat verrekend wordt",
        """UPDATE journal_lines SET amount_eur = amount_eur * 2 WHERE entry LIKE '000002-B-V'""",
    ),
    (
        "het journaal boekt wat een contract kost, wat er te betalen is en wat verrekend wordt",
        "UPDATE journal_entries SET run_id = 1 WHERE entry LIKE '000002-A-E'",
    ),
    (
        "het journaal boekt kosten per gemeente, taakveld en maand zoals de regels van de run",
        """UPDATE journal_lines SET task_field = '6.762' WHERE entry LIKE '000002-B-E' AND account = 'cost'""",
    ),
]
# What to do to anything that is stored.
BREAKS_OF_THE_BOOKS = [
    (
        "vastleggingen zijn genummerd zonder gaten en gaan niet terug in de tijd",
        "UPDATE recordings SET number = 1000 WHERE number = (SELECT max(number) FROM recordings)",
    ),
    (
        "vastleggingen zijn genummerd zonder gaten en gaan niet terug in de tijd",
        "UPDATE recordings SET recorded_at = now() + interval '1 day' WHERE number = 1",
    ),
    (
        "elke geboekte run is een vastlegging, en elke boeking een run",
        "UPDATE recordings SET kind = 'prices' WHERE number = (SELECT posting FROM runs WHERE id = 2)",
    ),
    (
        "elke geboekte run is een vastlegging, en elke boeking een run",
        "UPDATE recordings SET kind = 'posting' WHERE kind = 'prices'",
    ),
    (
        "de geboekte runs van een contract zijn genummerd zonder gaten",
        "UPDATE run_contracts SET sequence = 3 WHERE run_id = 2",
    ),
    (
        "een journaalpost hoort bij een geboekte run, in zijn boekperiode",
        "UPDATE runs SET state = 'approved', posting = NULL WHERE id = 2",
    ),
    (
        "een journaalpost hoort bij een geboekte run, in zijn boekperiode",
        "UPDATE journal_entries SET booking_period = '2026-03-01' WHERE entry = '000002-B-E'",
    ),
    (  # the base of a line after which none comes: no run reads it again
        "wat geboekt is telt op tot het recht volgens de laatste geboekte regel",
        """UPDATE run_lines SET entitled_eur = entitled_eur + 1, posted_before_eur = posted_before_eur + 1
           WHERE run_id = 2 AND label = '45A04' AND service_month = '2026-01-01'""",
    ),
    (
        "een contract is het document waarvan de controlesom is vastgelegd",
        "UPDATE contract_versions SET document = document || ' ' WHERE contract_id = 1",
    ),
    (
        "de totalen van leveringen zijn de sommen van de leveringen",
        "UPDATE delivery_totals SET rows = rows + 1 WHERE quantity = 95",
    ),
    (
        "de totalen van leveringen zijn de sommen van de leveringen",
        "UPDATE delivery_totals SET quantity = quantity + 1 WHERE quantity = 95",
    ),
    (
        "de totalen van leveringen zijn de sommen van de leveringen",
        "UPDATE delivery_totals SET first_start = first_start - 1 WHERE quantity = 95",
    ),
    (
        "de totalen van leveringen zijn de sommen van de leveringen",
        "UPDATE delivery_totals SET last_start = last_start + 1 WHERE quantity = 95",
    ),
    (
        "de totalen van leveringen zijn de sommen van de leveringen",
        "DELETE FROM delivery_totals WHERE quantity = 95",
    ),
    (
        "de totalen van leveringen zijn de sommen van de leveringen",
        "DELETE FROM deliveries WHERE reference = 'r1'",
    ),
    *(
        (
            "elke rij verwijst naar een gemeente, aanbieder, product, cliënt en bestand die er zijn",
            f"UPDATE {table} SET {column} = 999999 WHERE ctid IN (SELECT ctid FROM {table} LIMIT 1)",
        )
        for table, columns in invariants._POINTERS.items()
        for column in columns
    ),
    (
        "wat van een run bewaard is, geeft nog zijn controlegetal",
        "UPDATE run_lines SET timing = 'correction' WHERE run_id = 2 AND line = 1",
    ),
    (
        "elke gelezen rij is aangenomen, afgewezen, wachtend of al bekend",
        "UPDATE batches SET rows_accepted = rows_accepted - 1, rows_known = rows_known + 1 WHERE rows_accepted > 1",
    ),
    (
        "elke gelezen rij is aangenomen, afgewezen, wachtend of al bekend",
        "DELETE FROM batch_findings WHERE code = 'D33'",
    ),
    (
        "elke gelezen rij is aangenomen, afgewezen, wachtend of al bekend",
        "DELETE FROM batch_findings WHERE code = 'D31'",
    ),
    (
        "elke gedeclareerde euro is aangenomen, afgewezen, wachtend of al bekend",
        """UPDATE batches SET claimed_accepted_eur = claimed_accepted_eur - 1, claimed_known_eur = claimed_known_eur + 1
           WHERE claimed_accepted_eur > 0""",
    ),
    (
        "elke gedeclareerde euro is aangenomen, afgewezen, wachtend of al bekend",
        "UPDATE credits SET claimed_cents = claimed_cents + 1 WHERE reference = 'r7'",
    ),
    (
        "een referentie hoort bij één ontvangen rij",
        """INSERT INTO received_references
               (municipality_id, provider_id, law, reference, service_month, batch, row_number)
           SELECT municipality_id, provider_id, law, reference, '2026-02-01', batch, row_number
           FROM received_references WHERE reference = 'r1'""",
    ),
    (
        "een ontvangen rij telt één keer; een creditering telt als haar debet telt",
        "DELETE FROM received_references WHERE reference = 'r1'",
    ),
    (  # its debit is gone, so it should wait
        "een ontvangen rij telt één keer; een creditering telt als haar debet telt",
        "DELETE FROM received_references WHERE reference = 'r8'",
    ),
    (  # another row is contradicted, and still counts
        "een ontvangen rij telt één keer; een creditering telt als haar debet telt",
        "UPDATE contradicted_references SET reference = 'r3'",
    ),
    (
        "een ontvangen rij telt één keer; een creditering telt als haar debet telt",
        "DELETE FROM deliveries WHERE reference = 'r9' AND sign = -1",
    ),
]


def _named(breaks: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in breaks]


def _break(connection: Connection, statement: str) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    assert connection.execute(text(statement)).rowcount > 0


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
        delivery("r6", "45A04", "2026-02-07", 60, claimed="60,00"),
        delivery("r7", "45A04", "2026-02-08", 60, credits="r70", claimed="7,50"),
        delivery("r8", "45A04", "2026-02-09", 60),
        delivery("r9", "45A04", "2026-02-09", 60, credits="r8"),
    )
    books.deliver(delivery("r6", "45A04", "2026-02-07", 61, claimed="61,00"), delivery("r1", "45A04", "2026-01-05", 95))
    run = books.month("2026-02")
    assert [finding.code for finding in run.findings] == ["P05"]
    assert str(run.contracts[1].set_off) == "5.00"
    return books


def test_what_was_posted_holds(posted: Books) -> None:
    with posted.transaction() as connection:
        for run in (1, 2):
            check_posting(connection, run)


def test_the_books_hold(posted: Books) -> None:
    with posted.transaction() as connection:
        found = broken_in_the_books(connection)
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(("name", "statement"), BREAKS_OF_A_RUN, ids=_named(BREAKS_OF_A_RUN))
def test_what_is_broken_in_a_run_is_seen_by_name(posted: Books, name: str, statement: str) -> None:
    with posted.transaction(dry_run=True) as connection:
        _break(connection, statement)
        with pytest.raises(BrokenInvariant, match=re.escape(f"run 2: klopt niet: {name} (")):
            check_posting(connection, 2)
        assert any(place.startswith("run 2, ") for place in broken_in_the_books(connection)[name])


@pytest.mark.parametrize(("name", "statement"), BREAKS_OF_THE_BOOKS, ids=_named(BREAKS_OF_THE_BOOKS))
def test_what_is_broken_in_the_books_is_seen_by_name(posted: Books, name: str, statement: str) -> None:
    with posted.transaction(dry_run=True) as connection:
        _break(connection, statement)
        assert broken_in_the_books(connection)[name]


def test_every_invariant_is_broken_by_a_test() -> None:
    of_a_run = {*invariants._OF_A_RUN, *invariants._OF_ITS_DELIVERIES, *invariants._OF_A_POSTING}
    assert {name for name, _ in BREAKS_OF_A_RUN} == of_a_run
    assert {name for name, _ in BREAKS_OF_THE_BOOKS} == {*invariants._OF_THE_BOOKS, invariants._AS_IT_WAS_SAID}


def test_tables_without_foreign_keys_are_looked_at() -> None:
    """Every number in a volume table that names something elsewhere is followed, and every such table is known."""
    tables = [table for table in metadata.tables.values() if "municipality_id" in table.c]
    loose = {
        table.name: {column.name for column in table.c if column.name in invariants._POINTED_TO}
        - _with_foreign_key(table)
        for table in tables
    }
    assert {name: columns for name, columns in loose.items() if columns} == {
        table: set(columns) for table, columns in invariants._POINTERS.items()
    }


def _with_foreign_key(table: Table) -> set[str]:
    return {column.name for column in table.c if column.foreign_keys}


def test_a_draft_is_checked_before_it_is_posted(posted: Books) -> None:
    name, statement = BREAKS_OF_A_RUN[2]
    with posted.transaction(dry_run=True) as connection:
        _break(connection, statement)
        with pytest.raises(BrokenInvariant, match=name):
            check_run(connection, 2)


def test_what_a_finding_is_about_does_not_depend_on_its_words(books: Books) -> None:
    books.open(effort_contract(start="2026-01-10"))
    books.prices(*PRICES)
    books.deliver(delivery("r1", "45A04", "2026-01-05", 95), delivery("r2", "45A04", "2026-01-12", 95))
    run = books.settle("2026-01")
    with books.transaction(dry_run=True) as connection:
        _break(connection, "UPDATE run_findings SET place = 'elders', message = 'in andere woorden'")
        check_run(connection, run.id)
        found = not_settled(read_run(connection, run.id))
    assert {provider: [finding.code for finding in told] for provider, told in found.items()} == {CARE: ["P05"]}


# --- nothing of a broken run remains ----------------------------------------------------------------------------------


def test_a_run_that_contradicts_itself_is_not_stored(posted: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = settling.differences

    def wrong_by_a_cent(*args: object) -> list[object]:
        lines = honest(*args)  # type: ignore[arg-type]
        return [replace(line, entitled=line.entitled + Eur("0.01")) for line in lines]

    posted.deliver(delivery("r20", "45A04", "2026-03-05", 95))
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
    with pytest.raises(BrokenInvariant, match="het journaal boekt wat een contract kost"):
        books.post(run)
    assert books.read(run).state == "approved"
    monkeypatch.undo()
    books.post(run)
    assert books.read(run).state == "posted"
