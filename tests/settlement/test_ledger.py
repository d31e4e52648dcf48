"""The journal as a file: every line on an account, to the byte, and refused whole when an account is missing."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Connection, Engine, insert, select, text

from contracts.parties import import_parties
from contracts.register import add_contracts
from contracts.tables import contracts, municipalities, provider_versions, providers
from database.recordings import record
from importers.advances import import_advances
from kernel.findings import Refusal
from kernel.money import Eur
from kernel.periods import Month
from settlement import invariants
from settlement import runs as use_cases
from settlement.ledger.accounts import DEFAULT_ACCOUNTS, EVENTS, Account, Accounts, Scheme, read_accounts
from settlement.ledger.export import PROFILES, JournalFile, RunTotals, export_journal, export_journals, write_journal
from settlement.ledger.generic import HEADER
from settlement.simulation import settle_example
from settlement.tables import journal_entries, journal_lines, runs
from tariffs.task_fields import TASK_FIELDS

SCHEME = Scheme(
    valid_from=date(2025, 1, 1),
    events={
        "cost": Account("4120", "Zorg in natura", "3.4.1"),
        "payable": Account("1610", "Te betalen"),
        "advance": Account("1420", "Voorschotten"),
    },
    task_fields={"6.7": Account("4200", "Maatwerk", "3.4.1"), "6.71": Account("4210", "Maatwerk Wmo", "3.8")},
    cost_centres={"GM0502": "6010"},
    default_cost_centre="6000",
)
ACCOUNTS = Accounts((SCHEME,))

# (entry, kind, line, account, municipality, task field, service month, prior year, amount)
JOURNAL = (
    ("000001-B-E", "entitlement", 1, "cost", "GM0502", "6.711", date(2026, 1, 1), False, "350.40"),
    ("000001-B-E", "entitlement", 2, "cost", "GM0597", "6.751", date(2026, 1, 1), False, "-20.00"),
    ("000001-B-E", "entitlement", 3, "cost", "GM0597", "6.23", date(2025, 12, 1), True, "58.00"),
    ("000001-B-E", "entitlement", 4, "payable", None, "", None, False, "-388.40"),
    ("000001-B-V", "set_off", 1, "payable", None, "", None, False, "500.00"),
    ("000001-B-V", "set_off", 2, "advance", None, "", None, False, "-500.00"),
)

EXPECTED = """\
boeking;regel;rekening;rekeningnaam;kostenplaats;taakveld;economische categorie;aanbieder;contract;gemeente;bedrag;\
dienstperiode;boekperiode;vorig jaar;omschrijving
000001-B-E;1;4210;Maatwerk Wmo;6010;6.711;3.8;41000002;B;GM0502;350,40;202601;202603;N;B zorgkosten
000001-B-E;2;4200;Maatwerk;6000;6.751;3.4.1;41000002;B;GM0597;-20,00;202601;202603;N;B zorgkosten
000001-B-E;3;4120;Zorg in natura;6000;6.23;3.4.1;41000002;B;GM0597;58,00;202512;202603;J;B zorgkosten
000001-B-E;4;1610;Te betalen;;;;41000002;B;;-388,40;;202603;N;B te betalen
000001-B-V;1;1610;Te betalen;;;;41000002;B;;500,00;;202603;N;B verrekend voorschot
000001-B-V;2;1420;Voorschotten;;;;41000002;B;;-500,00;;202603;N;B verrekend voorschot
"""

HLEDGER = """\
; Debet is positief, credit is negatief.
decimal-mark ,
commodity 1.000,00 EUR

account lasten  ; type:X
account lasten:4120 Zorg in natura
account lasten:4200 Maatwerk
account lasten:4210 Maatwerk Wmo
account activa  ; type:A
account activa:1420 Voorschotten
account passiva  ; type:L
account passiva:1610 Te betalen

2026-03-31 * (000001-B-E) Zorg | B afrekening  ; run:1, contract:B, aanbieder:41000002
    lasten:4210 Maatwerk Wmo             350,40 EUR  ; regel:1, taakveld:6.711, economische-categorie:3.8, \
kostenplaats:6010, gemeente:GM0502, dienstperiode:2026-01, vorig-jaar:N
    lasten:4200 Maatwerk                 -20,00 EUR  ; regel:2, taakveld:6.751, economische-categorie:3.4.1, \
kostenplaats:6000, gemeente:GM0597, dienstperiode:2026-01, vorig-jaar:N
    lasten:4120 Zorg in natura            58,00 EUR  ; regel:3, taakveld:6.23, economische-categorie:3.4.1, \
kostenplaats:6000, gemeente:GM0597, dienstperiode:2025-12, vorig-jaar:J
    passiva:1610 Te betalen             -388,40 EUR  ; regel:4

2026-03-31 * (000001-B-V) Zorg | B verrekening van voorschotten  ; run:1, contract:B, aanbieder:41000002
    passiva:1610 Te betalen            500,00 EUR  ; regel:1
    activa:1420 Voorschotten          -500,00 EUR  ; regel:2
"""


def book(connection: Connection, lines: Any = JOURNAL, state: str = "posted", provider_name: str = "Zorg") -> int:
    """A run of March 2026 with these journal lines; returns its number."""
    recording = record(connection, "test", "a run", "tester")
    for table, column, code in (
        (municipalities, "code", "GM0502"),
        (municipalities, "code", "GM0597"),
        (providers, "agb_code", "41000002"),
        (contracts, "number", "B"),
    ):
        connection.execute(insert(table).values({column: code}))
    provider = connection.execute(select(providers.c.id)).scalar_one()
    name = {"provider_id": provider, "recording": recording, "name": provider_name}
    connection.execute(insert(provider_versions).values(name))
    return book_run(connection, 1, date(2026, 3, 1), lines, state)


def book_run(connection: Connection, run: int, period: date, lines: Any = (), state: str = "posted") -> int:
    """A run with these journal lines, between the parties that are there."""
    recording = record(connection, "test", "a run", "tester")
    posting = recording if state == "posted" else None
    connection.execute(
        insert(runs).values(id=run, period=period, cutoff=recording, state=state, output_sha256="", posting=posting)
    )
    ids = {row.code: row.id for row in connection.execute(select(municipalities))}
    provider = connection.execute(select(providers.c.id)).scalar_one()
    contract = connection.execute(select(contracts.c.id)).scalar_one()
    for entry, kind in dict.fromkeys((line[0], line[1]) for line in lines):
        connection.execute(
            insert(journal_entries).values(
                entry=entry, run_id=run, contract_id=contract, kind=kind, booking_period=period
            )
        )
    for entry, _, number, account, municipality, task_field, month, prior_year, amount in lines:
        connection.execute(
            insert(journal_lines).values(
                entry=entry,
                line=number,
                account=account,
                provider_id=provider,
                municipality_id=ids[municipality] if municipality else None,
                task_field=task_field,
                service_month=month,
                prior_year=prior_year,
                amount_eur=Eur(amount),
            )
        )
    return run


def of_run(run: int) -> list[Any]:
    """The lines of the journal under the name of another run."""
    return [(line[0].replace("000001", f"{run:06d}"), *line[1:]) for line in JOURNAL]


def test_every_line_is_on_its_account(connection: Connection) -> None:
    journal = export_journals(connection, [book(connection)], ACCOUNTS)
    assert journal.content.decode() == EXPECTED.replace("\n", "\r\n")
    assert (journal.lines, journal.debit, journal.credit) == (6, Eur("908.40"), Eur("908.40"))
    assert [run.period for run in journal.runs] == [Month(2026, 3)]


def test_the_order_in_which_lines_were_stored_changes_nothing(connection: Connection) -> None:
    journal = export_journals(connection, [book(connection, JOURNAL[::-1])], ACCOUNTS)
    assert journal.content.decode() == EXPECTED.replace("\n", "\r\n")


def test_a_journal_without_lines_has_a_header(connection: Connection) -> None:
    journal = export_journals(connection, [book(connection, ())], ACCOUNTS)
    assert journal.content.decode() == ";".join(HEADER) + "\r\n"
    assert (journal.lines, journal.debit) == (0, Eur.zero())


def test_lines_of_another_run_stay_out(connection: Connection) -> None:
    run = book(connection)
    book_run(connection, 2, date(2026, 4, 1))
    assert export_journals(connection, [run], ACCOUNTS).lines == 6
    assert export_journals(connection, [2], ACCOUNTS).lines == 0


def test_several_runs_stand_in_one_file_by_period_with_totals_of_each(connection: Connection) -> None:
    book(connection)
    book_run(connection, 2, date(2026, 2, 1), of_run(2)[:4])
    journal = export_journals(connection, [2, 1, 2], ACCOUNTS)
    entries = [row["boeking"] for row in csv.DictReader(io.StringIO(journal.content.decode()), delimiter=";")]
    assert list(dict.fromkeys(entries)) == ["000002-B-E", "000001-B-E", "000001-B-V"]
    assert [(run.run, run.lines, run.debit) for run in journal.runs] == [(1, 6, Eur("908.40")), (2, 4, Eur("408.40"))]
    assert (journal.lines, journal.credit) == (10, Eur("1316.80"))
    assert len(journal.totals("x.csv").splitlines()) == 3


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_runs_and_accounts_give_the_same_bytes(connection: Connection, profile: str) -> None:
    book(connection)
    book_run(connection, 2, date(2026, 4, 1), of_run(2)[::-1])
    before = export_journals(connection, [1, 2], ACCOUNTS, profile)
    renamed = record(connection, "test", "another name", "tester")
    provider = connection.execute(select(providers.c.id)).scalar_one()
    connection.execute(insert(provider_versions).values(provider_id=provider, recording=renamed, name="Zorg en meer"))
    book_run(connection, 3, date(2026, 5, 1), of_run(3))
    after = export_journals(connection, [2, 1], ACCOUNTS, profile)
    assert (after.content, after.runs) == (before.content, before.runs)
    assert after.sha256 == hashlib.sha256(before.content).hexdigest()


@pytest.mark.parametrize(
    ("state", "remedy"), [("draft", "settle approve"), ("approved", "settle post"), ("discarded", "settle list")]
)
def test_only_a_posted_run_has_a_journal(connection: Connection, state: str, remedy: str) -> None:
    run = book(connection, (), state)
    with pytest.raises(Refusal, match="niet geboekt") as refusal:
        export_journals(connection, [run], ACCOUNTS)
    assert remedy in refusal.value.hint


def test_an_unknown_run_is_refused(connection: Connection) -> None:
    with pytest.raises(Refusal, match="run 404 bestaat niet"):
        export_journals(connection, [404], ACCOUNTS)


def test_what_cannot_be_mapped_is_listed_at_once(connection: Connection) -> None:
    book(connection)
    book_run(connection, 2, date(2026, 4, 1), of_run(2))
    book_run(connection, 3, date(2024, 12, 1), of_run(3))
    lacking = replace(
        SCHEME, events={"payable": Account("1610", "x")}, task_fields={"6.71": Account("1", "x", "3.8")},
        cost_centres={"GM0502": "1"}, default_cost_centre=None,
    )  # fmt: skip
    later = replace(lacking, valid_from=date(2026, 4, 1), task_fields={"6": Account("1", "x", "3.8")})
    with pytest.raises(Refusal, match="van run 1, 2, 3 past niet") as refusal:
        export_journals(connection, [1, 2, 3], Accounts((lacking, later)))
    assert [(finding.code, finding.place, finding.hint) for finding in refusal.value.findings] == [
        ("L04", "boekperiode 2024-12", "zet er een [[scheme]] in met from = 2024-12-01 of eerder"),
        ("L02", "gebeurtenis advance", "vul accounts.advance in"),
        ("L02", "gebeurtenis cost, taakveld 6.23", 'vul accounts.cost of task_fields."6.23" in'),
        ("L02", "gebeurtenis cost, taakveld 6.751", 'vul accounts.cost of task_fields."6.751" in'),
        ("L03", "gemeente GM0597", "vul cost_centres.GM0597 of cost_centres.default in"),
        ("L02", "gebeurtenis advance", "vul accounts.advance in"),
        ("L03", "gemeente GM0597", "vul cost_centres.GM0597 of cost_centres.default in"),
    ]
    assert {finding.message[:38] for finding in refusal.value.findings if finding.code != "L04"} == {
        "er is in het schema vanaf 01-01-2025 g"[:38],
        "er is in het schema vanaf 01-04-2026 g"[:38],
    }


def test_a_new_scheme_leaves_what_was_booked_before_as_it_was(connection: Connection) -> None:
    book(connection)
    book_run(connection, 2, date(2027, 1, 1), of_run(2))
    before = export_journals(connection, [1], ACCOUNTS)
    new = replace(SCHEME, valid_from=date(2027, 1, 1), task_fields={}, cost_centres={}, default_cost_centre="7000")
    both = Accounts((SCHEME, new))
    assert export_journals(connection, [1], both).content == before.content
    content = export_journals(connection, [2], both).content.decode()
    rows = list(csv.DictReader(io.StringIO(content), delimiter=";"))
    assert [(row["rekening"], row["kostenplaats"]) for row in rows][:3] == [("4120", "7000")] * 3


def named(name: str) -> Accounts:
    """Every account under this name."""
    events = {event: Account("1", name, "3.8" if event == "cost" else "") for event in EVENTS}
    return Accounts((replace(SCHEME, events=events, task_fields={}),))


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_text_is_no_formula_and_an_amount_stays_a_number(connection: Connection, name: str) -> None:
    accounts = named(name)
    content = export_journals(connection, [book(connection)], accounts).content.decode()
    rows = list(csv.DictReader(io.StringIO(content), delimiter=";"))
    assert {row["rekeningnaam"] for row in rows} == {f"'{name}"}
    assert rows[1]["bedrag"] == "-20,00"


def test_a_delimiter_or_quote_in_a_name_survives(connection: Connection) -> None:
    name = 'Zorg; "natura"'
    accounts = named(name)
    content = export_journals(connection, [book(connection)], accounts).content.decode()
    assert {row["rekeningnaam"] for row in csv.DictReader(io.StringIO(content), delimiter=";")} == {name}


CONTRACT = """
contract = "B"
title = "Wijkteam"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Wmo"]
in_force = { from = 2026-01-01, until = 2027-01-01 }
set_off = "up_to_payable"

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
budget_eur = "1000.00"
"""


def test_a_run_goes_from_contract_to_file(connection: Connection, tmp_path: Path) -> None:
    """1,000.00 in twelve instalments, of which an advance of 100.00 takes one whole and part of the next."""
    for name, content in (
        ("parties.csv", "soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000002;Zorg\n"),
        ("b.toml", CONTRACT),
        ("advances.csv", "contract;datum;bedrag;referentie\nB;2026-01-10;100,00;V1\n"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
    import_parties(connection, tmp_path / "parties.csv", "tester")
    add_contracts(connection, [tmp_path / "b.toml"], "tester", settle_example)
    import_advances(connection, tmp_path / "advances.csv", "tester")
    files = []
    for month in (Month(2026, 1), Month(2026, 2)):
        run = use_cases.settle(connection, month, "tester")
        use_cases.approve(connection, run, "tester")
        use_cases.post(connection, run, "tester")
        files.append(export_journal(connection, run, ACCOUNTS))
    rows = [list(csv.DictReader(io.StringIO(file.content.decode()), delimiter=";")) for file in files]
    assert [(row["rekening"], row["bedrag"], row["dienstperiode"], row["boekperiode"]) for row in rows[1]] == [
        ("4120", "83,33", "202602", "202602"),
        ("1610", "-83,33", "", "202602"),
        ("1610", "16,67", "", "202602"),
        ("1420", "-16,67", "", "202602"),
    ]
    assert [(file.lines, file.debit, file.credit) for file in files] == [
        (4, Eur("166.66"), Eur("166.66")),
        (4, Eur("100.00"), Eur("100.00")),
    ]
    assert len({row["boeking"] for row in rows[0] + rows[1]}) == 4


# --- hledger ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hledger(tmp_path: Path) -> Callable[..., str]:
    """Run hledger on a journal: `hledger(content, "balance")`."""
    if shutil.which("hledger") is None:
        pytest.skip("hledger is not installed: apt-get install hledger")

    def run(content: bytes, *arguments: str) -> str:
        journal = tmp_path / "boeken.journal"
        journal.write_bytes(content)
        command = ["hledger", "-f", str(journal), *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_the_journal_in_plain_text(connection: Connection) -> None:
    journal = export_journals(connection, [book(connection)], ACCOUNTS, "hledger")
    assert journal.content.decode() == HLEDGER


def test_hledger_accepts_a_journal_strictly(connection: Connection, hledger: Callable[..., str]) -> None:
    run = book(connection)
    book_run(connection, 2, date(2026, 2, 1), of_run(2))
    book_run(connection, 3, date(2026, 4, 1))
    for runs_ in ([run], [1, 2, 3], [3]):
        content = export_journals(connection, runs_, ACCOUNTS, "hledger").content
        hledger(content, "check", "--strict", "ordereddates")


def test_hledger_balances_as_the_generic_export_does(connection: Connection, hledger: Callable[..., str]) -> None:
    book(connection)
    book_run(connection, 2, date(2026, 2, 1), of_run(2))
    generic = export_journals(connection, [1, 2], ACCOUNTS).content.decode()
    balance: Counter[str] = Counter()
    for row in csv.DictReader(io.StringIO(generic), delimiter=";"):
        balance[row["rekening"]] += int(row["bedrag"].replace(",", ""))
    journal = export_journals(connection, [1, 2], ACCOUNTS, "hledger").content
    shown = csv.DictReader(io.StringIO(hledger(journal, "balance", "--flat", "--no-total", "-E", "-O", "csv")))
    found = {row["account"].partition(":")[2].split()[0]: row["balance"] for row in shown}
    assert {number: amount.replace(".", "").replace(",", "") for number, amount in found.items()} == {
        number: f"{cents} EUR" for number, cents in balance.items()
    }


@pytest.mark.parametrize(
    ("pivot", "expected"),
    [
        ("taakveld", {"6.711": "350,40 EUR", "6.751": "-20,00 EUR", "6.23": "58,00 EUR"}),
        ("economische-categorie", {"3.8": "350,40 EUR", "3.4.1": "38,00 EUR"}),
        ("kostenplaats", {"6010": "350,40 EUR", "6000": "38,00 EUR"}),
        ("vorig-jaar", {"N": "330,40 EUR", "J": "58,00 EUR"}),
        ("contract", {"B": "388,40 EUR"}),
        ("aanbieder", {"41000002": "388,40 EUR"}),
    ],
)
def test_costs_are_tagged(
    connection: Connection, hledger: Callable[..., str], pivot: str, expected: dict[str, str]
) -> None:
    journal = export_journals(connection, [book(connection)], ACCOUNTS, "hledger").content
    shown = hledger(journal, "balance", "--no-total", "-O", "csv", "--pivot", pivot, "acct:^lasten")
    assert {row["account"]: row["balance"] for row in csv.DictReader(io.StringIO(shown))} == expected


NASTY = [
    "Zorg; Welzijn",
    "Zorg | Welzijn",
    "Zorg\n2026-03-31 vals\n    a  1 EUR\n    b",
    "Zorg  ; contract:X, run:9",
    "(Zorg) [2026-01-01] = 5 EUR @ 3",
    "Zorg:Wmo",
    "\t* Zorg\u00a0\u2028é \U0001f600",
    '"Zorg" include x.journal',
    "\u202e;",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_no_syntax(connection: Connection, hledger: Callable[..., str], name: str) -> None:
    accounts = named(name if name.isprintable() else "Zorg")
    hard = export_journals(connection, [book(connection, provider_name=name)], accounts, "hledger").content
    hledger(hard, "check", "--strict")
    for pivot in ("contract", "run", "taakveld", "code"):
        plain, shown = (hledger(journal, "balance", "-E", "--pivot", pivot) for journal in (HLEDGER.encode(), hard))
        assert shown == plain
    printed = csv.DictReader(io.StringIO(hledger(hard, "print", "-O", "csv")))
    described = {row["description"] for row in printed if row["code"] == "000001-B-E"}
    assert [description.partition(" | ")[2] for description in described] == ["B afrekening"]


# --- writing ----------------------------------------------------------------------------------------------------------

WRITTEN = JournalFile(b"a;b\r\n", [RunTotals(7, Month(2026, 3), 1, Eur("1132.45"), Eur("1132.45"))])


def test_the_totals_are_of_the_file_beside_them(tmp_path: Path) -> None:
    out = tmp_path / "maart.csv"
    totals = write_journal(WRITTEN, out)
    assert out.read_bytes() == WRITTEN.content
    assert totals.name == "maart.totalen.csv"
    assert totals.read_bytes().decode() == (
        "bestand;run;boekperiode;regels;debet;credit;sha256\r\n"
        f"maart.csv;7;202603;1;1132,45;1132,45;{hashlib.sha256(out.read_bytes()).hexdigest()}\r\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maart.csv", "maart.totalen.csv"]


def test_two_profiles_under_one_name_keep_their_totals(tmp_path: Path) -> None:
    names = [write_journal(WRITTEN, tmp_path / name).name for name in ("maart.csv", "maart.journal")]
    assert names == ["maart.totalen.csv", "maart.journal.totalen.csv"]


def test_another_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "maart.csv"
    for before in (b"PK\3\4", WRITTEN.content + b"met de hand"):
        out.write_bytes(before)
        with pytest.raises(Refusal, match="bestaat al en is niet wat er nu geschreven zou worden"):
            write_journal(WRITTEN, out)
        assert (out.read_bytes(), list(tmp_path.iterdir())) == (before, [out])
    write_journal(WRITTEN, out, replace=True)
    assert out.read_bytes() == WRITTEN.content


def test_others_may_read_a_journal(tmp_path: Path) -> None:
    """It is for the financial administration; a folder of many users is shielded by their umask."""
    out = tmp_path / "maart.csv"
    (beside := tmp_path / "gewoon").write_bytes(b"")
    write_journal(WRITTEN, out)
    assert out.stat().st_mode == beside.stat().st_mode


def test_a_place_that_cannot_be_written_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="kan niet worden geschreven"):
        write_journal(WRITTEN, tmp_path / "geen map" / "maart.csv")
    folder = tmp_path / "maart.csv"
    folder.mkdir()
    with pytest.raises(Refusal, match="is een map"):
        write_journal(WRITTEN, folder)
    assert list(tmp_path.iterdir()) == [folder]


# --- accounts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "rekeningen.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_shipped_accounts_take_every_line() -> None:
    [scheme] = read_accounts().schemes
    costs = [scheme.account_of("cost", field) for field in TASK_FIELDS]
    assert all(account and account.economic_category for account in costs)
    for event in ("payable", "advance"):
        assert (account := scheme.account_of(event, ""))
        assert account.economic_category == ""
    assert scheme.cost_centre_of("GM0502")


@pytest.mark.parametrize(
    ("task_field", "category"), [("6.23", "3.8"), ("6.1", "3.8"), ("6.711", "3.4.1"), ("6.762", "3.4.1")]
)
def test_care_for_a_person_is_a_benefit_in_kind_and_a_team_is_not(task_field: str, category: str) -> None:
    account = read_accounts().schemes[0].account_of("cost", task_field)
    assert account
    assert account.economic_category == category


def test_the_page_about_the_ledger_shows_these_accounts_and_columns() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "ledger.md").read_text(encoding="utf-8")
    assert page.split("```toml\n")[1].split("```")[0] == DEFAULT_ACCOUNTS.read_text(encoding="utf-8")
    columns = [line.split("`")[1] for line in page.split("| Column |")[1].splitlines() if line.startswith("| `")]
    assert tuple(columns) == HEADER


def test_the_longest_beginning_of_a_task_field_wins() -> None:
    found = [SCHEME.account_of("cost", field) for field in ("6.711", "6.751", "6.23")]
    assert [account.number for account in found if account] == ["4210", "4200", "4120"]


def test_a_mapping_of_ones_own(toml: Callable[[str], Path]) -> None:
    accounts = read_accounts(
        toml(
            """
            [[scheme]]
            from = 2027-01-01
            [[scheme]]
            from = 2026-01-01
            [scheme.accounts]
            cost = { number = "0412", name = "Zorg in natura", economic_category = "3.4.1" }
            [scheme.task_fields]
            "6.75" = { number = "0413", name = "Jeugd", economic_category = "3.8" }
            [scheme.cost_centres]
            0502 = "K-1"
            """
        )
    )
    scheme = accounts.in_force(Month(2026, 12))
    assert scheme
    assert scheme.account_of("cost", "6.751") == Account("0413", "Jeugd", "3.8")
    assert scheme.account_of("cost", "6.23") == Account("0412", "Zorg in natura", "3.4.1")
    assert scheme.account_of("payable", "") is None
    assert (scheme.cost_centre_of("GM0502"), scheme.cost_centre_of("GM0597")) == ("K-1", None)


def test_a_scheme_holds_from_its_date_until_the_next(toml: Callable[[str], Path]) -> None:
    accounts = read_accounts(toml("[[scheme]]\nfrom = 2027-01-01\n[[scheme]]\nfrom = 2026-01-01\n"))
    found = [accounts.in_force(month) for month in (Month(2025, 12), Month(2026, 1), Month(2026, 12), Month(2027, 1))]
    assert [scheme and scheme.valid_from.year for scheme in found] == [None, 2026, 2026, 2027]


def test_everything_wrong_in_a_mapping_is_listed(toml: Callable[[str], Path]) -> None:
    path = toml(
        """
        default = "6000"
        [accounts]
        cost = { number = "1", name = "Zorg", economic_category = "3.8" }
        [[scheme]]
        from = 2026-01-01
        [scheme.accounts]
        cost = { number = 4120, name = "Zorg", economic_category = "3.4.1" }
        payable = { number = "1610", name = "Te betalen", soort = "B" }
        bank = { number = "1", name = "Bank" }
        advance = "1420"
        [scheme.task_fields]
        "7" = { number = "4", name = "Milieu", economic_category = "3.8" }
        "6.1" = { number = "4", name = "Wijk" }
        "6.2" = { number = "4", name = "Wijk", economic_category = "L3.8" }
        [scheme.cost_centres]
        Capelle = "1"
        GM0502 = "=1"
        0502 = "2"
        [[scheme]]
        costs = 1
        accounts = 2
        [[scheme]]
        from = 2027-01-15
        [[scheme]]
        from = 2026-01-01
        [scheme.accounts]
        payable = { number = "1610", name = "Te betalen", economic_category = "3.8" }
        [[scheme]]
        from = "2028-01-01"
        """
    )
    with pytest.raises(Refusal, match="is niet te gebruiken") as refusal:
        read_accounts(path)
    assert [finding.place.removeprefix("rekeningen.toml, ") for finding in refusal.value.findings] == [
        "default",
        "accounts",
        "scheme 1.accounts.cost",
        "scheme 1.accounts.payable",
        "scheme 1.accounts.bank",
        "scheme 1.accounts.advance",
        "scheme 1.task_fields.7",
        "scheme 1.task_fields.6.1",
        "scheme 1.task_fields.6.2",
        "scheme 1.cost_centres.Capelle",
        "scheme 1.cost_centres.GM0502",
        "scheme 1.cost_centres.GM0502",
        "scheme 2.from",
        "scheme 2.costs",
        "scheme 2.accounts",
        "scheme 3.from",
        "scheme 4.from",
        "scheme 4.accounts.payable",
        "scheme 5.from",
    ]
    messages = {finding.place.removeprefix("rekeningen.toml, "): str(finding) for finding in refusal.value.findings}
    assert "gaat in op 01-01-2026, net als scheme 1" in messages["scheme 4.from"]
    assert "15-01-2027 is geen eerste dag van een maand" in messages["scheme 3.from"]


@pytest.mark.parametrize("text", ["scheme = []", "scheme = 1", "[scheme]\nfrom = 2026-01-01", "scheme = [1]"])
def test_a_mapping_without_schemes_is_refused(toml: Callable[[str], Path], text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_accounts(toml(text))
    assert [finding.message for finding in refusal.value.findings] == ["er is geen rekeningschema"]


@pytest.mark.parametrize("text", ["[accounts\n", 'cost = "onaf', "a = 1\na = 2"])
def test_a_mapping_that_is_no_toml_is_refused(toml: Callable[[str], Path], text: str) -> None:
    with pytest.raises(Refusal, match="geen geldige TOML"):
        read_accounts(toml(text))


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def posted(invoke: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The program, on books with two posted runs; it works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name, content in (
        ("parties.csv", "soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000002;Zorg\n"),
        ("b.toml", CONTRACT),
        ("advances.csv", "contract;datum;bedrag;referentie\nB;2026-01-10;100,00;V1\n"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands: list[tuple[str, ...]] = [
        ("contract", "parties", "parties.csv"),
        ("contract", "add", "b.toml"),
        ("import", "advances", "advances.csv"),
    ]
    for run, month in ((1, "2026-01"), (2, "2026-02")):
        commands += [
            ("settle", "run", "--period", month),
            ("settle", "approve", str(run)),
            ("settle", "post", str(run)),
        ]
    for command in commands:
        assert (done := invoke(*command)).exit_code in (0, 3), done.output
    return invoke


def test_one_run_is_exported_under_its_number(posted: Callable[..., Result], tmp_path: Path) -> None:
    said = posted("ledger", "export", "2")
    assert (
        said.output
        == "4 regels, debet 100,00, credit 100,00: journaal-2.csv\nControletotalen: journaal-2.totalen.csv\n"
    )
    assert (tmp_path / "journaal-2.csv").read_text().startswith("boeking;")
    first = (tmp_path / "journaal-2.csv").read_bytes()
    posted("ledger", "export", "2")
    assert (tmp_path / "journaal-2.csv").read_bytes() == first


def test_all_posted_runs_are_exported_in_one_journal(
    posted: Callable[..., Result], tmp_path: Path, hledger: Callable[..., str]
) -> None:
    said = posted("ledger", "export", "--all", "--profile", "hledger")
    assert "8 regels, debet 266,66, credit 266,66: journaal-1-2.journal" in said.output
    content = (tmp_path / "journaal-1-2.journal").read_bytes()
    hledger(content, "check", "--strict")
    assert "166,66 EUR  lasten:4380 Overige goederen en diensten" in hledger(content, "balance")
    assert posted("ledger", "export", "1", "2", "--profile", "hledger", "--out", "b.journal").exit_code == 0
    assert (tmp_path / "b.journal").read_bytes() == content


@pytest.mark.parametrize("arguments", [(), ("1", "--all")])
def test_it_is_said_which_runs_to_export(invoke: Callable[..., Result], arguments: tuple[str, ...]) -> None:
    said = invoke("ledger", "export", *arguments)
    assert (said.exit_code, "Noem een of meer runs, of geef --all." in said.output) == (2, True)


def test_without_posted_runs_there_is_no_journal(invoke: Callable[..., Result]) -> None:
    said = invoke("ledger", "export", "--all")
    assert (said.exit_code, "er is nog geen run geboekt" in said.output) == (1, True)


def test_books_that_tie_give_no_output(posted: Callable[..., Result]) -> None:
    said = posted("ledger", "check")
    assert (said.exit_code, said.output) == (0, "")


def test_what_ties_is_named_when_asked(posted: Callable[..., Result]) -> None:
    said = posted("ledger", "check", "--verbose")
    assert said.exit_code == 0
    names = [
        *invariants._OF_THE_BOOKS,
        *invariants._OF_A_RUN,
        *invariants._OF_ITS_DELIVERIES,
        *invariants._OF_A_POSTING,
        invariants._AS_IT_WAS_SAID,
    ]
    assert " ".join(said.output.split()) == " ".join(f"Klopt: {name}" for name in names)
    assert max(map(len, said.output.splitlines())) <= 80


def test_books_that_do_not_tie_are_told_of_by_name_and_place(posted: Callable[..., Result], engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE journal_lines SET amount_eur = 83.34 WHERE entry = '000001-B-E' AND line = 1"))
    said = posted("ledger", "check")
    assert said.exit_code == 70
    assert "Klopt niet: een journaalpost telt op tot nul\n  run 1, post 000001-B-E, verschil 0,01\n" in said.output
    assert "Traceback" not in said.output
    assert "Klopt: " not in said.output
