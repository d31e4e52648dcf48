"""Explaining a run: every line down to its rows, what makes a correction, and what became of a reference.

The story is three months of two contracts: A pays a wijkteam by its inhabitants, B pays by volume.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from sqlalchemy import URL, Connection, Engine, text

from contracts.parties import import_parties
from contracts.register import add_contracts
from database.connection import open_engine, transaction
from importers.advances import import_advances
from importers.deliveries import import_deliveries
from importers.population_counts import import_counts
from kernel.findings import Refusal
from kernel.money import Eur, total
from kernel.periods import Month
from settlement import runs as use_cases
from settlement.entitlement import LineKey, Treatment
from settlement.explain import explain_line, list_lines, read_explained, tell_reference
from settlement.invariants import BrokenInvariant
from settlement.pricing import rows as pricing_rows
from settlement.pricing.rows import amount_of, pricing_groups
from settlement.reading import read_run
from settlement.simulation import settle_example
from settlement.terms import read_terms
from tariffs.price_lists import import_prices
from tariffs.products import import_products
from tests.databases import database

FILES = {
    "products.csv": """wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf
Wmo;50;45A04;Begeleiding;minuut;uur;regel;eerste;lokaal;6.712;2025-01-01
Jeugdwet;44;44A09;Verblijf;dag;dag;regel;tweede;regionaal;6.762;2025-01-01
Wmo;02;02A16;Huishoudelijke hulp;minuut;uur;client en maand;eerste;lokaal;6.711;2025-01-01
""",
    "parties.csv": """soort;code;naam
gemeente;GM0502;Capelle aan den IJssel
aanbieder;41000001;Stichting Wijk
aanbieder;41000002;De Zorggroep
""",
    "a.toml": """contract = "A"
title = "Wijkteam Capelle"
provider = "41000001"
municipalities = ["GM0502"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2026-01-01, until = 2029-01-01 }

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4 lid 1"
task_field = "6.23"
amount_per_inhabitant_eur = "120.00"
count_date = 2026-01-01
recount = { dead_band_percent = "1", pays = "excess", counts = "final" }
covers = ["45A04"]
""",
    "b.toml": """contract = "B"
title = "Ambulante hulp"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2025-01-01, until = 2029-01-01 }

[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 5"
products = ["45A04", "44A09", "02A16"]
""",
    "prices1.csv": """product;vanaf;tot;prijs
45A04;2025-01-01;2026-01-01;58,00
45A04;2026-01-01;;60,00
44A09;2026-01-01;;212,35
02A16;2026-01-01;;58,40
""",
    "prices2.csv": """product;vanaf;tot;prijs
45A04;2025-01-01;2026-01-01;58,00
45A04;2026-01-01;2026-02-01;60,00
45A04;2026-02-01;;61,75
44A09;2026-01-01;;212,35
02A16;2026-01-01;;58,40
""",
    "count1.csv": "gebied;maat;peildatum;aantal;status\nGM0502;inhabitants;2026-01-01;10000;voorlopig\n",
    "count2.csv": "gebied;maat;peildatum;aantal;status\nGM0502;inhabitants;2026-01-01;10150;definitief\n",
    "advances.csv": "contract;datum;bedrag;referentie\nB;2026-01-10;500,00;V1\n",
}
HEADER = "referentie;aanbieder;bsn;product;begindatum;einddatum;aantal;dc;vorige referentie;gemeente"
# Numbers that pass the elfproef and belong to nobody.
CLIENTS = {"c1": "999900006", "c2": "999900018", "c3": "999900031", "c4": "999900043", "c9": "999900055"}
DELIVERIES = {
    "d1.csv": """r1 41000002 c1 45A04 2026-01-05 2026-01-05 95
r2 41000002 c2 45A04 2026-01-12 2026-01-12 50
r3 41000002 c1 44A09 2026-01-20 2026-01-22 3
r4 41000002 c4 02A16 2026-01-06 2026-01-06 95
r5 41000002 c4 02A16 2026-01-13 2026-01-13 95
r6 41000002 c4 02A16 2026-01-20 2026-01-20 95
r7 41000002 c4 02A16 2026-01-27 2026-01-27 95
r8 41000001 c9 45A04 2026-01-08 2026-01-08 60
rX 41000002 c1 99X99 2026-01-08 2026-01-08 60""",
    "d2.csv": """r9 41000002 c1 45A04 2026-02-09 2026-02-09 120
r10 41000002 c3 45A04 2026-01-26 2026-01-26 30
r11 41000002 c2 45A04 2026-01-12 2026-01-12 50 C r2
r12 41000002 c4 02A16 2026-01-29 2026-01-29 25
r13 41000002 c1 02A16 2026-01-29 2026-01-29 10
rY 41000002 c1 99X99 2026-02-08 2026-02-08 60""",
    "d3.csv": """r14 41000002 c3 45A04 2026-02-16 2026-02-16 40 C r16
r15 41000002 c2 45A04 2025-12-18 2025-12-18 60
r20 41000001 c1 44A09 2026-02-03 2026-02-03 1
r21 41000002 c1 45A04 2026-04-07 2026-04-07 30
r22 41000002 c1 45A04 2026-03-07 2026-03-07 30
r22 41000002 c1 45A04 2026-03-07 2026-03-07 45
r23 41000002 c2 45A04 2026-01-12 2026-01-12 50 C r2
r24 41000002 c1 45A04 2026-01-05 2026-01-05 94 C r1""",
    "d4.csv": """r16 41000002 c3 45A04 2026-02-16 2026-02-16 40
r25 41000002 c1 02A16 2025-12-10 2025-12-10 60
r11 41000002 c2 45A04 2026-01-12 2026-01-12 51 C r2""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    for name, content in DELIVERIES.items():
        lines = [HEADER]
        for row in content.splitlines():
            reference, provider, client, *rest = row.split(" ")
            lines.append(";".join([reference, provider, CLIENTS[client], *rest, *[""] * (6 - len(rest)), "GM0502"]))
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def story(server_url: URL, folder: Path) -> Iterator[Engine]:
    """Runs 1, 2 and 3 over January, February and March 2026, all posted; made once, and only read by the tests."""
    with database(server_url) as url:
        engine = open_engine(url)
        _tell(engine, folder)
        yield engine
        engine.dispose()


def _tell(engine: Engine, folder: Path) -> None:
    with transaction(engine) as connection:
        import_products(connection, folder / "products.csv", "tester")
        import_parties(connection, folder / "parties.csv", "tester")
        add_contracts(connection, [folder / "a.toml", folder / "b.toml"], "tester", settle_example)
        import_counts(connection, folder / "count1.csv", "tester")
        import_prices(connection, folder / "prices1.csv", "tester")
        import_advances(connection, folder / "advances.csv", "tester")
    _bring_in(engine, folder / "d1.csv")
    _settle(engine, Month(2026, 1))
    _bring_in(engine, folder / "d2.csv")
    _settle(engine, Month(2026, 2))
    with transaction(engine) as connection:
        import_prices(connection, folder / "prices2.csv", "tester")
        import_counts(connection, folder / "count2.csv", "tester")
    _bring_in(engine, folder / "d3.csv")
    _settle(engine, Month(2026, 3))


@pytest.fixture
def known(story: Engine) -> Iterator[Connection]:
    with story.connect() as connection:
        yield connection


def _bring_in(engine: Engine, path: Path) -> None:
    """Import a delivery file in a transaction of its own."""
    with transaction(engine) as connection:
        import_deliveries(connection, path, path.parent / "config", "tester")


def _settle(engine: Engine, month: Month, *, post: bool = True) -> int:
    with transaction(engine) as connection:
        run = use_cases.settle(connection, month, "tester")
        if post:
            use_cases.approve(connection, run, "tester")
            use_cases.post(connection, run, "tester")
    return run


def shown(renderable: RenderableType) -> str:
    """What stands on a terminal of 80 columns; trailing blanks are no matter."""
    out = io.StringIO()
    Console(file=out, width=80, markup=False, emoji=False, highlight=False).print(renderable)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    return "\n".join(lines)


def words(renderable: RenderableType) -> str:
    """The same on one line, so that a sentence is found wherever it was broken."""
    return " ".join(shown(renderable).split())


def line_number(connection: Connection, run: int, contract: str, month: str, label: str) -> int:
    return next(
        numbered.number
        for settled in read_run(connection, run).contracts
        for numbered in settled.lines
        if (settled.contract.number, str(numbered.line.key.month), numbered.line.key.label) == (contract, month, label)
    )


# --- amounts of rows --------------------------------------------------------------------------------------------------


def test_the_rows_of_every_line_add_up_to_it(known: Connection) -> None:
    """`read_explained` refuses to explain a line whose rows do not add up; here every line of every run does."""
    sums = {}
    for run in (1, 2, 3):
        for settled in read_run(known, run).contracts:
            for numbered in settled.lines:
                explained = read_explained(known, run, numbered.number)
                if explained.groups:
                    key = numbered.line.key
                    sums[(run, str(key.month), key.label, str(key.treatment))] = amount_of(explained.groups)
    assert sums == {
        (1, "2026-01", "45A04", "shadow"): Eur("60.00"),
        (1, "2026-01", "45A04", "payable"): Eur("145.00"),
        (1, "2026-01", "44A09", "payable"): Eur("637.05"),
        (1, "2026-01", "02A16", "payable"): Eur("350.40"),
        (2, "2026-01", "45A04", "payable"): Eur("125.00"),
        (2, "2026-01", "02A16", "payable"): Eur("467.20"),
        (2, "2026-02", "45A04", "payable"): Eur("120.00"),
        (3, "2026-02", "45A04", "payable"): Eur("123.50"),
        (3, "2025-12", "45A04", "payable"): Eur("58.00"),
    }


def test_rows_that_do_not_add_up_are_a_bug(known: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("settlement.explain.pricing_groups", lambda *_: [])
    with pytest.raises(BrokenInvariant, match=r"rows add up to 0\.00, not to"):
        read_explained(known, 2, line_number(known, 2, "B", "2026-01", "45A04"))


def test_a_row_is_priced_by_itself_or_in_the_month_of_its_client(known: Connection) -> None:
    terms = read_terms(known, Month(2026, 2), read_run(known, 2).cutoff, ["B"])
    contract = terms.contracts[0].id

    def groups(product: str) -> list[tuple[int, list[str], int, int, str]]:
        key = LineKey("ambulant", "GM0502", Month(2026, 1), product, Treatment.PAYABLE)
        return [
            (g.number, [row.reference for row in g.rows], g.quantity, g.billed_quantity, str(g.amount))
            for g in pricing_groups(known, terms, contract, key)
        ]

    assert groups("45A04") == [
        (1, ["r1"], 95, 95, "95.00"),
        (2, ["r2"], 50, 50, "50.00"),
        (3, ["r11"], -50, -50, "-50.00"),
        (4, ["r10"], 30, 30, "30.00"),
    ]
    assert groups("02A16") == [
        (1, ["r4", "r5", "r6", "r7", "r12"], 405, 7, "408.80"),
        (2, ["r13"], 10, 1, "58.40"),
    ]


def test_a_run_keeps_its_rows_when_later_ones_arrive(known: Connection) -> None:
    january = read_explained(known, 1, line_number(known, 1, "B", "2026-01", "45A04"))
    assert [row.reference for group in january.groups for row in group.rows] == ["r1", "r2"]


def test_no_client_leaves_the_module() -> None:
    fields = {name for value in (pricing_rows.DeliveryRow, pricing_rows.PricingGroup) for name in value.__slots__}
    assert not {name for name in fields if "client" in name or "assignment" in name}


# --- a line -----------------------------------------------------------------------------------------------------------


def test_a_correction_shows_first_what_is_new(known: Connection) -> None:
    text_ = shown(explain_line(known, 2, line_number(known, 2, "B", "2026-01", "45A04")))
    assert "nalevering r10" in text_
    new, old = text_.split("Leveringen sinds de vorige afrekening")[1].split("Leveringen van eerder")
    assert [part in new for part in ("r11, credit van r2", "r10", "r1 ")] == [True, True, False]
    assert [line.split()[2] for line in old.splitlines()[2:4]] == ["r1", "r2"]
    assert "Samen 4 rijen, 125 minuten: 125,00 euro" in text_


def test_changes_alone(known: Connection) -> None:
    number = line_number(known, 2, "B", "2026-01", "02A16")
    text_ = shown(explain_line(known, 2, number, only_changes=True))
    assert "r12, nieuw" in text_
    assert "r4" not in text_.split("Leveringen")[1].replace("r41", "")
    assert "groep 1 is 7 uur" in text_
    assert "(was 6 uur" in text_
    assert "380)" in text_
    assert "Leveringen van eerder" not in text_


def test_a_client_month_shows_first_what_is_new(known: Connection) -> None:
    text_ = shown(explain_line(known, 2, line_number(known, 2, "B", "2026-01", "02A16")))
    references = [line.split()[2] for line in text_.splitlines() if line.strip().startswith(("7 ", "9 "))]
    assert references == ["r12,", "r4", "r5", "r6", "r7", "r13,"]


def test_a_correction_without_new_rows_says_so(known: Connection) -> None:
    text_ = shown(explain_line(known, 3, line_number(known, 3, "B", "2026-02", "45A04")))
    assert "prijs 60,00 → 61,75" in text_
    assert "Leveringen sinds de vorige afrekening (na vastlegging 9): geen" in text_
    assert "prijslijst standaard, versie 2  prices2.csv" in text_


def test_no_more_rows_than_asked_for(known: Connection) -> None:
    number = line_number(known, 2, "B", "2026-01", "45A04")
    text_ = shown(explain_line(known, 2, number, rows=1))
    assert "… en nog 1 rij; alle rijen: --rows 0" in text_
    assert "… en nog 2 rijen; alle rijen: --rows 0" in text_
    assert "r11, credit van r2" in text_
    assert "r10" not in text_.split("Leveringen sinds")[1]
    everything = shown(explain_line(known, 2, number, rows=0))
    assert "… en nog" not in everything
    assert "r10" in everything


def test_an_instalment_names_the_counts_it_read(known: Connection) -> None:
    january = shown(explain_line(known, 1, line_number(known, 1, "A", "2026-01", "instalment")))
    assert "voorlopig: 10.000" in january
    assert "definitief" not in january
    march = shown(explain_line(known, 3, line_number(known, 3, "A", "2026-01", "instalment")))
    assert "voorlopig: 10.000" in march
    assert "definitief: 10.150" in march
    assert "count2.csv" in march


def test_a_line_says_what_it_is(known: Connection) -> None:
    text_ = shown(explain_line(known, 1, line_number(known, 1, "A", "2026-01", "45A04")))
    for part in (
        "Regel 1 van run 1 over 2026-01: geboekt",
        "A, Wijkteam Capelle",
        "41000001, Stichting Wijk",
        "wijkteam, artikel 4 lid 1",
        "GM0502, Capelle aan den IJssel",
        "januari 2026",
        "45A04, Begeleiding",
        "schaduw",
        "6.712 Begeleiding",
        "contract A",
    ):
        assert part in text_


def test_no_client_is_shown(known: Connection) -> None:
    pseudonyms = [row.pseudonym.hex() for row in known.execute(text("SELECT pseudonym FROM clients"))]
    assert len(pseudonyms) == 5
    for run in (1, 2, 3):
        for settled in read_run(known, run).contracts:
            for numbered in settled.lines:
                text_ = shown(explain_line(known, run, numbered.number, rows=0))
                assert not [secret for secret in [*CLIENTS.values(), *pseudonyms] if secret in text_]


def test_the_lines_of_a_run(known: Connection) -> None:
    text_ = shown(list_lines(known, 3))
    assert "Run 3 over 2026-03: geboekt" in text_
    assert "\nContract B\n" in text_
    cells = [line.split() for line in text_.splitlines()[2:]]
    assert ["5", "GM0502", "2026-02", "45A04", "correctie", "3,50"] in cells
    assert ["4", "GM0502", "2025-12", "45A04", "eerder", "jaar", "58,00"] in cells


def test_what_is_not_there_is_refused(known: Connection) -> None:
    with pytest.raises(Refusal, match="run 9 bestaat niet"):
        list_lines(known, 9)
    with pytest.raises(Refusal, match="run 1 heeft geen regel 99"):
        explain_line(known, 1, 99)


# --- a reference ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "reference", "said"),
    [
        (1, "r1", "Telt mee onder contract B, onderdeel ambulant (artikel 5). 95 minuten × 60,00 per uur = 95,00"),
        (1, "r1", "Zie regel 5 van run 1 (geboekt)."),
        (3, "r1", "Zie regel 5 van run 1 (geboekt)."),
        (2, "r12", "405 minuten, afgerond op 7 uur × 58,40 per uur = 408,80 euro. Zie regel 2 van run 2 (geboekt)."),
        (1, "r8", "Niet apart betaald: telt als schaduwregel onder het budget van contract A"),
        (3, "r2", "Telt niet meer mee: creditregel r11 (rij 4 van d2.csv, vastlegging 9) nam de levering terug. Refe"),
        (3, "r2", "Zij telde mee onder contract B, onderdeel"),
        (1, "r12", "Deze run kent de vastleggingen tot en met 7; de regel kwam later binnen"),
        (
            3,
            "r14",
            "Telt nog niet mee: creditregel r14 wacht op debetregel r16 over dezelfde maand, die er nog niet is.",
        ),
        (3, "r20", "Niet betaald: geen contract van deze aanbieder in GM0502 dekt product 44A09 op die dag."),
        (3, "r21", "De run loopt tot en met maart 2026; deze maand komt in een volgende run."),
        (3, "r22", "Niet betaald: referentie r22 staat ook bij een andere regel; geen van beide telt"),
        (3, "r23", "debetregel r2 is al gecrediteerd"),
        (3, "r24", "creditregel r24 is geen volledige kopie van debetregel r1"),
        (3, "rX", "Referentie rX komt niet voor: er is nooit een geldige rij onder ontvangen."),
        (3, "rX", "d1.csv (aanbieder 41000001, 41000002), rij 10 (vastlegging 7): D06 product 99X99 is onbekend."),
    ],
)
def test_what_became_of_a_reference(known: Connection, run: int, reference: str, said: str) -> None:
    assert said in words(tell_reference(known, run, reference))


def test_a_reference_of_one_provider(known: Connection) -> None:
    assert "Telt mee onder contract B" in words(tell_reference(known, 1, "r1", "41000002"))
    assert "komt niet voor bij aanbieder 41000001: er is nooit" in words(tell_reference(known, 1, "r1", "41000001"))
    with pytest.raises(Refusal, match="aanbieder 41000009 is niet bekend"):
        tell_reference(known, 1, "r1", "41000009")


def test_a_rejected_row_can_only_be_of_who_sent_the_file(known: Connection) -> None:
    """d1.csv came from both, d2.csv from one; a row whose reference is kept, such as the second r22, is not rX."""
    for agb_code, from_both in ((None, True), ("41000001", False), ("41000002", True)):
        said = words(tell_reference(known, 3, "rX", agb_code))
        assert "d1.csv (aanbieder 41000001, 41000002), rij 10" in said
        assert ("d2.csv (aanbieder 41000002), rij 7" in said) == from_both
        assert "r22" not in said


def test_a_reference_of_another_provider_is_named(known: Connection) -> None:
    said = words(tell_reference(known, 1, "r1", "41000001"))
    assert "Referentie r1 komt niet voor bij aanbieder 41000001" in said
    assert "ontvangen. Wel van aanbieder 41000002." in said


def test_parts_of_a_line_are_its_rows(known: Connection) -> None:
    """The effects of late rows and credits, as the run stored them, are the amounts of the new rows."""
    explained = read_explained(known, 2, line_number(known, 2, "B", "2026-01", "45A04"))
    new = [g.amount for g in explained.groups if g.amount is not None and any(map(explained.is_new, g.rows))]
    assert total(new) == total(cause.amount for cause in explained.line.causes) == Eur("-20.00")


def test_later_facts_change_the_answer(story: Engine, folder: Path) -> None:
    """Last of all, since the facts of the story go on.

    r25 has no price, so contract B is parked; r16 is the debit that r14 waits for; r11 is contradicted, so r23 is the
    credit of r2.
    """
    _bring_in(story, folder / "d4.csv")
    run = _settle(story, Month(2026, 4), post=False)
    with story.connect() as connection:
        assert "is in deze run geparkeerd. Reden: P01 product 02A16" in words(tell_reference(connection, run, "r14"))
        assert "Telt nog niet mee" in words(tell_reference(connection, 3, "r14"))
        assert "Geparkeerd, dus zonder regels: B" in words(list_lines(connection, run))
        said = words(tell_reference(connection, run, "r2"))
        assert said.startswith("Telt niet meer mee: creditregel r23 (rij ")
        assert "vastlegging 13) nam de levering terug." in said
        assert "r11" in words(tell_reference(connection, 3, "r2"))


# --- a reference that nobody knows: a register of its own -------------------------------------------------------------


@pytest.fixture
def two_senders(engine: Engine, tmp_path: Path) -> Engine:
    """A file of provider 41000001 with a row that is wrong twice, one of 41000002 with another, and no valid row."""
    for name in ("products.csv", "parties.csv"):
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    with transaction(engine) as connection:
        import_products(connection, tmp_path / "products.csv", "tester")
        import_parties(connection, tmp_path / "parties.csv", "tester")
        (tmp_path / "a.toml").write_text(FILES["a.toml"], encoding="utf-8")
        add_contracts(connection, [tmp_path / "a.toml"], "tester", settle_example)
        import_counts_of(connection, tmp_path)
        use_cases.settle(connection, Month(2026, 1), "tester")
    send(engine, tmp_path, "een.csv", "x1 41000001 c1 99X99 2026-01-08 2026-01-09 0")
    send(engine, tmp_path, "twee.csv", "x2 41000002 c1 99X99 2026-01-08 2026-01-08 60")
    return engine


def import_counts_of(connection: Connection, folder: Path) -> None:
    (folder / "count1.csv").write_text(FILES["count1.csv"], encoding="utf-8")
    import_counts(connection, folder / "count1.csv", "tester")


def send(engine: Engine, folder: Path, name: str, *rows: str) -> None:
    lines = [HEADER]
    for row in rows:
        reference, provider, client, *rest = row.split(" ")
        lines.append(";".join([reference, provider, CLIENTS[client], *rest, *[""] * (6 - len(rest)), "GM0502"]))
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    _bring_in(engine, folder / name)


def told(engine: Engine, reference: str, agb_code: str | None = None) -> str:
    with engine.connect() as connection:
        return words(tell_reference(connection, 1, reference, agb_code))


def test_a_rejected_row_is_told_with_every_reason(two_senders: Engine) -> None:
    said = told(two_senders, "nope", "41000001")
    assert said.startswith("Referentie nope komt niet voor bij aanbieder 41000001")
    assert "D06 product 99X99 is onbekend" in said
    assert "D10 0 is geen geleverd aantal" in said


def test_a_file_of_another_provider_is_not_told(two_senders: Engine) -> None:
    """Although nothing of it counts, its rows tell whose it is."""
    assert "twee.csv" not in told(two_senders, "nope", "41000001")
    assert "een.csv" not in told(two_senders, "nope", "41000002")


def test_what_was_mended_in_its_file_is_not_told(two_senders: Engine, tmp_path: Path) -> None:
    send(two_senders, tmp_path, "een.csv", "x1 41000001 c1 45A04 2026-01-08 2026-01-09 30")
    said = told(two_senders, "nope", "41000001")
    assert "Er zijn ook geen rijen geweigerd" in said
    assert "twee.csv" in told(two_senders, "nope")


def test_of_many_rejected_rows_a_few_are_told_unless_a_provider_is_named(two_senders: Engine, tmp_path: Path) -> None:
    rows = [f"y{number} 41000002 c1 99X99 2026-01-08 2026-01-08 60" for number in range(9)]
    send(two_senders, tmp_path, "drie.csv", *rows)
    said = told(two_senders, "nope")
    assert said.count("D06") == 5
    assert "En nog 6 geweigerde rijen in eerdere bestanden; met --provider" in said
    assert told(two_senders, "nope", "41000002").count("D06") == 10
