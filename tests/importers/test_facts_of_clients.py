"""Facts of clients: no number of a client is kept, nobody is counted twice or lives in two households."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from database.connection import open_engine, transaction
from database.recordings import latest, lock_recordings
from importers.client_numbers import pseudonym_key
from importers.facts.assignments import ASSIGNMENTS
from importers.facts.households import HOUSEHOLDS, HouseholdMember
from importers.facts.importing import FactsImport, facts_known, import_facts
from importers.facts.kind import FactKind
from importers.facts.referrals import REFERRALS
from importers.facts.trajectories import TRAJECTORIES
from kernel.findings import Refusal
from tests.importers.conftest import Desk

HOUSEHOLD_HEADER = "gemeente;huishouden;bsn;vanaf;tot;ingetrokken"
REFERRAL_HEADER = "gemeente;referentie;aanbieder;categorie;vanaf;tot en met;verwijzer;aantal;cliënt;ingetrokken"
Take = Callable[..., FactsImport]


@pytest.fixture
def take(desk: Desk) -> Take:
    def take(kind: FactKind[Any], *lines: str) -> FactsImport:
        path = desk.write("\n".join(lines) + "\n", "feiten.csv")
        with desk.connection.begin_nested():
            return import_facts(desk.connection, kind, path, desk.config_dir, "tester")

    return take


def _members(desk: Desk) -> list[HouseholdMember]:
    return facts_known(desk.connection, HOUSEHOLDS, latest(desk.connection))


def _said(refusal: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [str(finding) for finding in refusal.value.findings]


def test_the_client_of_a_household_is_the_client_of_the_deliveries(
    desk: Desk, take: Take, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(client="999900006")))
    take(HOUSEHOLDS, HOUSEHOLD_HEADER, "GM0502;h1;999900006;01-01-2026;;", "GM0502;h1;999900018;01-01-2026;;")
    delivered = desk.connection.execute(text("SELECT DISTINCT client_id FROM deliveries")).scalar_one()
    members = _members(desk)
    assert delivered in {member.client_id for member in members}
    assert len({member.client_id for member in members}) == 2
    assert len({member.household for member in members}) == 1


def test_neither_client_nor_household_can_be_read_back(desk: Desk, take: Take) -> None:
    take(HOUSEHOLDS, HOUSEHOLD_HEADER, "GM0502;999900006;999900006;01-01-2026;;")
    take(REFERRALS, REFERRAL_HEADER, "GM0502;v1;41000002;45;05-01-2026;05-01-2026;huisarts;;999900006;")
    for table in ("household_members", "referrals", "clients", "recordings"):
        kept = desk.connection.execute(text(f"SELECT string_agg({table}::text, ' ') FROM {table}")).scalar_one()
        assert "999900006" not in kept
        assert b"999900006".hex() not in kept
    (member,) = _members(desk)
    pseudonyms = desk.connection.execute(text("SELECT pseudonym FROM clients")).scalars().all()
    assert member.household not in [bytes(pseudonym) for pseudonym in pseudonyms]


def test_a_client_lives_in_one_household_at_a_time(desk: Desk, take: Take) -> None:
    with pytest.raises(Refusal) as refusal:
        take(
            HOUSEHOLDS,
            HOUSEHOLD_HEADER,
            "GM0502;h1;999900006;01-01-2026;01-12-2026;",
            "GM0502;h2;999900006;01-02-2026;01-03-2026;",
            "GM0599;h3;999900006;01-11-2026;;",
            "GM0502;h1;999900018;01-01-2026;01-02-2026;",
            "GM0502;h2;999900018;01-02-2026;;",
        )
    hint = "sluit het ene verblijf af voor het andere begint"
    assert _said(refusal) == [
        f"rij 3: de cliënt is op een deel van deze dagen al in een huishouden (rij 2); {hint}",
        f"rij 4: de cliënt is op een deel van deze dagen al in een huishouden (rij 2); {hint}",
    ]
    assert _members(desk) == []


def test_a_household_is_left_before_another_is_joined(desk: Desk, take: Take) -> None:
    take(HOUSEHOLDS, HOUSEHOLD_HEADER, "GM0502;h1;999900006;01-01-2026;;")
    with pytest.raises(Refusal) as refusal:
        take(HOUSEHOLDS, HOUSEHOLD_HEADER, "GM0599;h2;999900006;01-06-2026;;")
    assert "(vastlegging 3)" in _said(refusal)[0]
    result = take(
        HOUSEHOLDS,
        HOUSEHOLD_HEADER,
        "GM0599;h2;999900006;01-06-2026;;",
        "GM0502;h1;999900006;01-01-2026;01-06-2026;",
    )
    assert (result.added, result.changed) == (1, 1)
    take(
        HOUSEHOLDS,
        HOUSEHOLD_HEADER,
        "GM0599;h2;999900006;01-06-2026;;ja",
        "GM0502;h9;999900006;01-05-2026;;",
        "GM0502;h1;999900006;01-01-2026;01-05-2026;",
    )
    assert [member.period_from.month for member in _members(desk)] == [1, 5]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("GM0502;h1;999900007;01-01-2026;;", "dit is geen geldig BSN (elfproef)"),
        ("GM0502;h1;;01-01-2026;;", "de cliënt ontbreekt"),
    ],
)
def test_a_member_without_a_valid_number_is_refused(take: Take, row: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        take(HOUSEHOLDS, HOUSEHOLD_HEADER, row)
    assert said in _said(refusal)[0]
    assert "99990000" not in " ".join(_said(refusal))


def test_referrals_are_counted_or_of_a_client(desk: Desk, take: Take) -> None:
    take(
        REFERRALS,
        REFERRAL_HEADER,
        "GM0502;q1;41000002;45;01-01-2026;31-03-2026;huisarts;12;;",
        "GM0502;q2;41000002;45;01-01-2026;31-03-2026;rechter;0;;",
        "GM0502;p1;41000002;44;05-01-2026;05-01-2026;huisarts;;999900006;",
        "GM0502;p2;41000002;44;05-01-2026;05-01-2026;huisarts;;P-17;",
    )
    known = facts_known(desk.connection, REFERRALS, latest(desk.connection))
    assert {fact.reference: fact.number for fact in known} == {"q1": 12, "q2": 0, "p1": 1, "p2": 1}
    assert {fact.referrer for fact in known} == {"general_practitioner", "judicial"}


def test_no_referral_is_counted_twice(desk: Desk, take: Take) -> None:
    quarter = "GM0502;q1;41000002;45;01-01-2026;31-03-2026;huisarts;12;;"
    with pytest.raises(Refusal) as refusal:
        take(
            REFERRALS,
            REFERRAL_HEADER,
            quarter,
            "GM0502;m2;41000002;45;01-02-2026;28-02-2026;huisarts;4;;",
            "GM0502;p1;41000002;45;05-03-2026;05-03-2026;huisarts;;999900006;",
            "GM0502;q2;41000002;45;01-04-2026;30-06-2026;huisarts;12;;",
            "GM0502;q1a;41000002;45;01-01-2026;31-03-2026;jeugdarts;3;;",
            "GM0502;q1b;41000001;45;01-01-2026;31-03-2026;huisarts;3;;",
        )
    message = "dezelfde verwijzingen zijn op een deel van deze dagen al geteld (rij 2)"
    assert [said.partition(";")[0] for said in _said(refusal)] == [f"rij 3: {message}", f"rij 4: {message}"]
    take(REFERRALS, REFERRAL_HEADER, quarter)
    month = "GM0502;m2;41000002;45;01-02-2026;28-02-2026;huisarts;4;;"
    with pytest.raises(Refusal) as refusal:
        take(REFERRALS, REFERRAL_HEADER, month)
    assert "(vastlegging 3)" in _said(refusal)[0]
    take(REFERRALS, REFERRAL_HEADER, month, f"{quarter}ja")


@pytest.mark.parametrize("reference", ["v-999900006", "v-999900006-1"])
def test_the_reference_of_a_referral_holds_no_client_number(take: Take, reference: str) -> None:
    with pytest.raises(Refusal) as refusal:
        take(REFERRALS, REFERRAL_HEADER, f"GM0502;{reference};41000002;45;05-01-2026;05-01-2026;huisarts;;999900006;")
    assert "cliëntnummer" in _said(refusal)[0]
    assert "999900006" not in _said(refusal)[0]


def test_the_reference_of_a_referral_is_not_the_number_of_its_client(take: Take) -> None:
    """Also where it lost its leading zero, or stands within a longer number."""
    row = "GM0502;v-{};41000002;45;05-01-2026;05-01-2026;huisarts;;{};"
    rows = [row.format("12345672", "012345672"), row.format("2026999900006", "999900006"), row.format("20261", "1")]
    with pytest.raises(Refusal) as refusal:
        take(REFERRALS, REFERRAL_HEADER, *rows)
    assert [said.partition(";")[0] for said in _said(refusal)] == [
        "rij 2: de referentie bevat het nummer van de cliënt",
        "rij 3: de referentie bevat het nummer van de cliënt",
    ]


def test_counts_need_no_key_of_client_numbers(desk: Desk, take: Take, tmp_path: Path) -> None:
    path = desk.write(f"{REFERRAL_HEADER}\nGM0502;q1;41000002;45;01-01-2026;31-03-2026;huisarts;12;;\n")
    import_facts(desk.connection, REFERRALS, path, tmp_path / "leeg", "tester")
    assert not (tmp_path / "leeg").exists()


def test_the_first_deliveries_and_the_first_facts_can_come_at_once(registered_url: str, tmp_path: Path) -> None:
    """Deliveries ask for the key and then record; facts record and then ask for the key. Neither waits for ever."""
    facts = tmp_path / "feiten.csv"
    facts.write_text(f"{HOUSEHOLD_HEADER}\nGM0502;h1;999900006;01-01-2026;;\n", encoding="utf-8")
    registered = open_engine(registered_url)
    with ThreadPoolExecutor(1) as other:
        with transaction(registered) as deliveries:
            pseudonym_key(deliveries, tmp_path)
            importing = other.submit(_import_facts, registered, facts, tmp_path)
            while not deliveries.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
                assert not importing.done(), importing.result()
            lock_recordings(deliveries)
        assert importing.result().added == 1
    registered.dispose()


def _import_facts(engine: Engine, path: Path, config_dir: Path) -> FactsImport:
    with transaction(engine) as connection:
        return import_facts(connection, HOUSEHOLDS, path, config_dir, "tester")


ASSIGNMENT_HEADER = "gemeente;toewijzing;aanbieder;product;cliënt;vanaf;tot en met;omvang;per"
TRAJECTORY_HEADER = "gemeente;traject;aanbieder;product;cliënt;vanaf;tot;gedaan;resultaat"


def test_the_client_of_an_assignment_is_the_client_of_the_deliveries(
    desk: Desk, take: Take, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    desk.take(lines(line(client="999900006")))
    take(ASSIGNMENTS, ASSIGNMENT_HEADER, "GM0502;T1;41000002;45A04;999900006;01-01-2026;;3;per week")
    take(TRAJECTORIES, TRAJECTORY_HEADER, "GM0502;R1;41000002;44A09;999900006;01-01-2026;;;nee")
    delivered = desk.connection.execute(text("SELECT DISTINCT client_id FROM deliveries")).scalar_one()
    for kind in (ASSIGNMENTS, TRAJECTORIES):
        (known,) = facts_known(desk.connection, kind, latest(desk.connection))
        assert known.client_id == delivered
    for table in ("assignments", "trajectories", "clients", "recordings"):
        kept = desk.connection.execute(text(f"SELECT string_agg({table}::text, ' ') FROM {table}")).scalar_one()
        assert "999900006" not in kept


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (ASSIGNMENTS, "GM0502;T1;41000002;45A04;999900006;01-01-2026;;3;", "van omvang en per is er maar een"),
        (ASSIGNMENTS, "GM0502;T1;41000002;45A04;999900006;01-01-2026;;0;week", "een omvang van 0 bestaat niet"),
        (ASSIGNMENTS, "GM0502;T1;41000002;45A04;;01-01-2026;;;", "de cliënt ontbreekt"),
        (ASSIGNMENTS, "GM0502;T1;41000002;45A04;999900006;01-01-2026;31-12-2025;;", "ligt niet na de begindatum"),
        (ASSIGNMENTS, "GM0502;T-999900006;41000002;45A04;999900006;01-01-2026;;;", "bevat dat van de cliënt"),
        (TRAJECTORIES, "GM0502;R1;41000002;44A09;999900006;01-01-2026;;40;nee", "heeft een einddatum"),
        (TRAJECTORIES, "GM0502;R1;41000002;44A09;999900006;01-01-2026;01-02-2026;101;nee", "geen deel"),
        (TRAJECTORIES, "GM0502;R1;41000002;44A09;999900006;01-01-2026;01-02-2026;;", "resultaat"),
    ],
)
def test_an_assignment_or_trajectory_that_cannot_be_is_refused(
    take: Take, kind: FactKind[Any], row: str, said: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        take(kind, ASSIGNMENT_HEADER if kind is ASSIGNMENTS else TRAJECTORY_HEADER, row)
    (finding,) = _said(refusal)
    assert said in finding
    assert "999900006" not in finding


@pytest.mark.parametrize(("column", "told"), [("tot", True), ("tot en met", False)])
def test_a_first_day_after_that_is_a_last_day_is_told(take: Take, column: str, told: bool) -> None:
    header = HOUSEHOLD_HEADER.replace("tot", column)
    rows = (f"GM0502;h{n};{client};01-01-2026;{end};" for n, (client, end) in enumerate(
        (("999900006", "31-12-2026"), ("999900018", "15-06-2026"), ("999900031", "30-06-2026"))))  # fmt: skip
    codes = [(warning.code, warning.message) for warning in take(HOUSEHOLDS, header, *rows).warnings]
    said = '"tot" is de eerste dag die niet meer meetelt, en dat is hier 30-06-2026, 31-12-2026, bij rij 2, rij 4'
    assert codes == ([("V08", said)] if told else [])
