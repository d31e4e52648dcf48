"""The journal as a file: every line on an account, to the byte, and refused whole when an account is missing."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from contracts.parties import import_parties
from contracts.register import add_contracts
from contracts.tables import contracts, municipalities, providers
from database.recordings import record
from importers.advances import import_advances
from kernel.findings import Refusal
from kernel.money import Eur
from kernel.periods import Month
from settlement import runs as use_cases
from settlement.examples import settle_example
from settlement.ledger.accounts import DEFAULT_ACCOUNTS, Account, Accounts, read_accounts
from settlement.ledger.export import HEADER, JournalFile, export_journal, write_journal
from settlement.tables import journal_entries, journal_lines, runs
from tariffs.task_fields import TASK_FIELDS

ACCOUNTS = Accounts(
    events={
        "cost": Account("4120", "Zorg in natura"),
        "payable": Account("1610", "Te betalen"),
        "advance": Account("1420", "Voorschotten"),
    },
    task_fields={"6.7": Account("4200", "Maatwerk"), "6.71": Account("4210", "Maatwerk Wmo")},
    cost_centres={"GM0502": "6010"},
    default_cost_centre="6000",
)

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
boeking;regel;rekening;rekeningnaam;kostenplaats;taakveld;aanbieder;contract;gemeente;bedrag;dienstperiode;boekperiode;\
vorig jaar;omschrijving
000001-B-E;1;4210;Maatwerk Wmo;6010;6.711;41000002;B;GM0502;350,40;202601;202603;N;B zorgkosten
000001-B-E;2;4200;Maatwerk;6000;6.751;41000002;B;GM0597;-20,00;202601;202603;N;B zorgkosten
000001-B-E;3;4120;Zorg in natura;6000;6.23;41000002;B;GM0597;58,00;202512;202603;J;B zorgkosten
000001-B-E;4;1610;Te betalen;;;41000002;B;;-388,40;;202603;N;B te betalen
000001-B-V;1;1610;Te betalen;;;41000002;B;;500,00;;202603;N;B verrekend voorschot
000001-B-V;2;1420;Voorschotten;;;41000002;B;;-500,00;;202603;N;B verrekend voorschot
"""


def book(connection: Connection, lines: Any = JOURNAL, state: str = "posted") -> int:
    """A run of March 2026 with these journal lines; returns its number."""
    recording = record(connection, "test", "a run", "tester")
    for table, column, code in (
        (municipalities, "code", "GM0502"),
        (municipalities, "code", "GM0597"),
        (providers, "agb_code", "41000002"),
        (contracts, "number", "B"),
    ):
        connection.execute(insert(table).values({column: code}))
    ids = {row.code: row.id for row in connection.execute(select(municipalities))}
    provider = connection.execute(select(providers.c.id)).scalar_one()
    posting = recording if state == "posted" else None
    connection.execute(
        insert(runs).values(
            id=1, period=date(2026, 3, 1), cutoff=recording, state=state, output_sha256="", posting=posting
        )
    )
    contract = connection.execute(select(contracts.c.id)).scalar_one()
    for entry, kind in dict.fromkeys((line[0], line[1]) for line in lines):
        connection.execute(
            insert(journal_entries).values(
                entry=entry, run_id=1, contract_id=contract, kind=kind, booking_period=date(2026, 3, 1)
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
    return 1


def test_every_line_is_on_its_account(connection: Connection) -> None:
    journal = export_journal(connection, book(connection), ACCOUNTS)
    assert journal.content.decode() == EXPECTED.replace("\n", "\r\n")
    assert (journal.lines, journal.debit, journal.credit) == (6, Eur("908.40"), Eur("908.40"))
    assert journal.period == Month(2026, 3)


def test_the_order_in_which_lines_were_stored_changes_nothing(connection: Connection) -> None:
    journal = export_journal(connection, book(connection, JOURNAL[::-1]), ACCOUNTS)
    assert journal.content.decode() == EXPECTED.replace("\n", "\r\n")


def test_a_journal_without_lines_has_a_header(connection: Connection) -> None:
    journal = export_journal(connection, book(connection, ()), ACCOUNTS)
    assert journal.content.decode() == ";".join(HEADER) + "\r\n"
    assert (journal.lines, journal.debit) == (0, Eur.zero())


def test_lines_of_another_run_stay_out(connection: Connection) -> None:
    run = book(connection)
    posting = record(connection, "test", "another run", "tester")
    connection.execute(
        insert(runs).values(
            id=2, period=date(2026, 4, 1), cutoff=posting, state="posted", output_sha256="", posting=posting
        )
    )
    assert export_journal(connection, run, ACCOUNTS).lines == 6
    assert export_journal(connection, 2, ACCOUNTS).lines == 0


@pytest.mark.parametrize(
    ("state", "remedy"), [("draft", "settle approve"), ("approved", "settle post"), ("discarded", "settle list")]
)
def test_only_a_posted_run_has_a_journal(connection: Connection, state: str, remedy: str) -> None:
    run = book(connection, (), state)
    with pytest.raises(Refusal, match="niet geboekt") as refusal:
        export_journal(connection, run, ACCOUNTS)
    assert remedy in refusal.value.hint


def test_an_unknown_run_is_refused(connection: Connection) -> None:
    with pytest.raises(Refusal, match="run 404 bestaat niet"):
        export_journal(connection, 404, ACCOUNTS)


def test_what_cannot_be_mapped_is_listed_at_once(connection: Connection) -> None:
    run = book(connection)
    lacking = Accounts({"payable": Account("1610", "x")}, {"6.71": Account("1", "x")}, {"GM0502": "1"}, None)
    with pytest.raises(Refusal) as refusal:
        export_journal(connection, run, lacking)
    assert [finding.place for finding in refusal.value.findings] == [
        "gebeurtenis advance",
        "gebeurtenis cost, taakveld 6.23",
        "gebeurtenis cost, taakveld 6.751",
        "gemeente GM0597",
    ]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_text_is_no_formula_and_an_amount_stays_a_number(connection: Connection, name: str) -> None:
    accounts = Accounts({event: Account("1", name) for event in ("cost", "payable", "advance")}, {}, {}, "6000")
    content = export_journal(connection, book(connection), accounts).content.decode()
    rows = list(csv.DictReader(io.StringIO(content), delimiter=";"))
    assert {row["rekeningnaam"] for row in rows} == {f"'{name}"}
    assert rows[1]["bedrag"] == "-20,00"


def test_a_delimiter_or_quote_in_a_name_survives(connection: Connection) -> None:
    name = 'Zorg; "natura"'
    accounts = Accounts({event: Account("1", name) for event in ("cost", "payable", "advance")}, {}, {}, "6000")
    content = export_journal(connection, book(connection), accounts).content.decode()
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
    for name, text in (
        ("parties.csv", "soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000002;Zorg\n"),
        ("b.toml", CONTRACT),
        ("advances.csv", "contract;datum;bedrag;referentie\nB;2026-01-10;100,00;V1\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
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


# --- writing ----------------------------------------------------------------------------------------------------------

WRITTEN = JournalFile(7, Month(2026, 3), b"a;b\r\n", 1, Eur("1132.45"), Eur("1132.45"))


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


def test_an_earlier_file_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "maart.csv"
    out.write_text("oud")
    write_journal(WRITTEN, out)
    assert out.read_bytes() == WRITTEN.content


def test_a_place_that_cannot_be_written_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="kan niet geschreven worden"):
        write_journal(WRITTEN, tmp_path / "geen map" / "maart.csv")
    folder = tmp_path / "maart.csv"
    folder.mkdir()
    with pytest.raises(Refusal, match="kan niet geschreven worden"):
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
    accounts = read_accounts()
    assert all(accounts.account_of("cost", field) for field in TASK_FIELDS)
    assert accounts.account_of("payable", "")
    assert accounts.account_of("advance", "")
    assert accounts.cost_centre_of("GM0502")
    assert accounts.account_of("cost", "6.23") != accounts.account_of("cost", "6.711")


def test_the_page_about_the_ledger_shows_these_accounts_and_columns() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "ledger.md").read_text(encoding="utf-8")
    assert page.split("```toml\n")[1].split("```")[0] == DEFAULT_ACCOUNTS.read_text(encoding="utf-8")
    columns = [line.split("`")[1] for line in page.split("| Column |")[1].splitlines() if line.startswith("| `")]
    assert tuple(columns) == HEADER


def test_the_longest_beginning_of_a_task_field_wins() -> None:
    found = [ACCOUNTS.account_of("cost", field) for field in ("6.711", "6.751", "6.23")]
    assert [account.number for account in found if account] == ["4210", "4200", "4120"]


def test_a_mapping_of_ones_own(toml: Callable[[str], Path]) -> None:
    accounts = read_accounts(
        toml(
            """
            [accounts]
            cost = { number = "0412", name = "Zorg in natura" }
            [task_fields]
            "6.75" = { number = "0413", name = "Jeugd" }
            [cost_centres]
            0502 = "K-1"
            """
        )
    )
    assert accounts.account_of("cost", "6.751") == Account("0413", "Jeugd")
    assert accounts.account_of("cost", "6.23") == Account("0412", "Zorg in natura")
    assert accounts.account_of("payable", "") is None
    assert (accounts.cost_centre_of("GM0502"), accounts.cost_centre_of("GM0597")) == ("K-1", None)


def test_everything_wrong_in_a_mapping_is_listed(toml: Callable[[str], Path]) -> None:
    path = toml(
        """
        costs = 1
        [accounts]
        cost = { number = 4120, name = "Zorg" }
        payable = { number = "1610", name = "Te betalen", soort = "B" }
        bank = { number = "1", name = "Bank" }
        advance = "1420"
        [task_fields]
        "7" = { number = "4", name = "Milieu" }
        [cost_centres]
        Capelle = "1"
        GM0502 = "=1"
        0502 = "2"
        """
    )
    with pytest.raises(Refusal, match="is niet te gebruiken") as refusal:
        read_accounts(path)
    assert [finding.place.removeprefix("rekeningen.toml, ") for finding in refusal.value.findings] == [
        "costs",
        "accounts.cost",
        "accounts.payable",
        "accounts.bank",
        "accounts.advance",
        "task_fields.7",
        "cost_centres.Capelle",
        "cost_centres.GM0502",
        "cost_centres.GM0502",
    ]


@pytest.mark.parametrize("text", ["[accounts\n", 'cost = "onaf', "a = 1\na = 2"])
def test_a_mapping_that_is_no_toml_is_refused(toml: Callable[[str], Path], text: str) -> None:
    with pytest.raises(Refusal, match="geen geldige TOML"):
        read_accounts(toml(text))
