"""What is the same for every kind of fact: versions, withdrawal, what is refused, and what was known when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DatabaseError

from contracts.tables import contract_versions, contracts
from database.recordings import latest, record
from importers.facts.accountability import ACCOUNTABILITY, Accountability
from importers.facts.assignments import ASSIGNMENTS
from importers.facts.determinations import DETERMINATIONS, Determination
from importers.facts.households import HOUSEHOLDS
from importers.facts.importing import FactsImport, facts_known, import_facts, render_facts_import
from importers.facts.kind import FactKind
from importers.facts.moves import MOVES, PlannedMove
from importers.facts.outcomes import OUTCOMES, OutcomeScore
from importers.facts.referrals import REFERRALS
from importers.facts.trajectories import TRAJECTORIES
from kernel.findings import Refusal
from kernel.money import Eur
from kernel.tabular import read_table
from tests.importers.conftest import Desk

KINDS = (OUTCOMES, REFERRALS, HOUSEHOLDS, ASSIGNMENTS, TRAJECTORIES, ACCOUNTABILITY, DETERMINATIONS, MOVES)
DOCUMENT = """\
contract = "{number}"
title = "Ambulant"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = {{ from = 2025-01-01, until = 2029-01-01 }}
component = [
    {{ key = "hulp", kind = "effort", clause = "artikel 5", products = ["45A04"] }},
    {{ key = "ambulant", kind = "lump_sum", clause = "artikel 6", task_field = "6.23", amount_eur = "1000.00" }},
]
"""
Take = Callable[..., FactsImport]

# Of each kind: the Dutch header and two rows about different facts, the English header, and the first row in English.
SAMPLES: dict[str, tuple[str, str, str, str, str]] = {
    "outcomes": (
        "contract;indicator;vanaf;tot;status;score;teller;noemer;ingetrokken",
        "B;uitstroom;01-01-2026;01-04-2026;voorlopig;0,8;40;50;",
        "B;wachttijd;01-01-2026;01-04-2026;voorlopig;12,5;;;",
        "contract;indicator;from;through;status;score;numerator;denominator;withdrawn",
        "B;uitstroom;2026-01-01;2026-03-31;provisional;0.8;40;50;no",
    ),
    "referrals": (
        "gemeente;referentie;contract;categorie;product;vanaf;tot;verwijzer;aantal;bsn;ingetrokken",
        "GM0502;v1;B;45;;01-01-2026;01-04-2026;huisarts;12;;",
        "GM0502;v2;B;;45A04;05-01-2026;06-01-2026;rechter;;999900006;",
        "municipality;reference;contract;category;product;from;until;referrer;count;bsn;withdrawn",
        "0502;v1;B;45;;2026-01-01;2026-04-01;02;12;;no",
    ),
    "households": (
        "gemeente;huishouden;bsn;vanaf;tot;ingetrokken",
        "GM0502;h1;999900006;01-01-2026;;",
        "GM0502;h1;999900018;01-01-2026;01-03-2026;",
        "municipality;household;client;from;until;withdrawn",
        "gm0502;h1;9999.00.006;2026-01-01;;no",
    ),
    "assignments": (
        "gemeente;toewijzing;aanbieder;product;bsn;vanaf;tot en met;omvang;per;ingetrokken",
        "GM0502;T1;41000002;45A04;999900006;01-01-2026;30-06-2026;180;week;",
        "GM0502;T2;41000002;44A09;999900018;01-01-2026;;;;",
        "municipality;assignment;provider;product;client;from;until;volume;frequency;withdrawn",
        "0502;T1;41000002;45A04;9999.00.006;2026-01-01;2026-07-01;180;2;no",
    ),
    "trajectories": (
        "gemeente;traject;aanbieder;product;bsn;vanaf;tot;gedaan;resultaat;ingetrokken",
        "GM0502;R1;41000002;44A09;999900006;01-01-2026;01-04-2026;40,5;nee;",
        "GM0502;R2;41000002;44A09;999900018;01-01-2026;01-04-2026;;ja;",
        "municipality;trajectory;provider;product;bsn;from;through;done;result;withdrawn",
        "GM0502;R1;41000002;44A09;999900006;2026-01-01;2026-03-31;40.5;no;no",
    ),
    "accountability": (
        "contract;jaar;soort;ontvangen;oordeel;bedrag;ingetrokken",
        "B;2025;jaarrekening;01-04-2026;akkoord;1000,50;",
        "B;2025;controleverklaring;01-04-2026;;;",
        "contract;year;kind;received;verdict;amount;withdrawn",
        "B;2025;annual accounts;2026-04-01;accepted;1000.50;no",
    ),
    "determinations": (
        "contract;jaar;onderdeel;bedrag;besluitdatum;referentie;ingetrokken",
        "B;2025;;1000,50;01-06-2026;besluit-1;",
        "B;2026;ambulant;250,00;01-06-2026;besluit-2;",
        "contract;year;component;amount;decision date;reference;withdrawn",
        "B;2025;;1000.50;2026-06-01;besluit-1;no",
    ),
    "moves": (
        "gemeente;referentie;categorie;van schaal;van aanbieder;naar lijn;aandeel;bedrag;datum;status;ingetrokken",
        "GM0502;m1;45;regionaal;41000002;nulde;25;;01-01-2027;gepland;",
        "GM0502;m2;44;regionaal;;eerste;;100000,00;01-01-2027;gepland;",
        "municipality;reference;category;from scope;from provider;to care line;share;amount;date;status;withdrawn",
        "GM0502;m1;45;regional;41000002;zero;25;;2027-01-01;planned;no",
    ),
}  # fmt: skip
# Of each kind: how the first row changes without becoming another fact.
CHANGES = {
    "outcomes": ("0,8", "0,9"), "referrals": (";12;", ";13;"), "households": (";h1;", ";h2;"),
    "assignments": (";180;", ";240;"), "trajectories": ("40,5", "41"),
    "accountability": ("akkoord", "afgekeurd"), "determinations": ("1000,50", "900,00"),
    "moves": ("gepland", "bevestigd"),
}  # fmt: skip


@pytest.fixture
def ids(desk: Desk) -> dict[str, int]:
    """The contracts B and C, recording 3."""
    recording = record(desk.connection, "contracts", "contracten", "tester")
    found = {}
    for number in ("B", "C"):
        statement = insert(contracts).values(number=number).returning(contracts.c.id)
        found[number] = desk.connection.execute(statement).scalar_one()
        document = DOCUMENT.format(number=number)
        desk.connection.execute(
            insert(contract_versions).values(
                contract_id=found[number], recording=recording, document=document, sha256="0" * 64
            )
        )
    return found


@pytest.fixture
def take(desk: Desk, ids: dict[str, int]) -> Take:
    """Read a file of these lines: all of it, or nothing."""

    def take(kind: FactKind[Any], *lines: str) -> FactsImport:
        path = desk.write("\n".join(lines) + "\n", "feiten.csv")
        with desk.connection.begin_nested():
            return import_facts(desk.connection, kind, path, desk.config_dir, "tester")

    return take


def _known(desk: Desk, kind: FactKind[Any], cutoff: int | None = None) -> list[Any]:
    return facts_known(desk.connection, kind, latest(desk.connection) if cutoff is None else cutoff)


def _numbers(result: FactsImport) -> tuple[int, int, int, int]:
    return result.added, result.changed, result.withdrawn, result.known


of_every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@of_every_kind
def test_the_same_again_is_known_also_in_english(desk: Desk, take: Take, kind: FactKind[Any]) -> None:
    header, first, second, english, first_in_english = SAMPLES[kind.name]
    result = take(kind, header, first, second)
    assert (result.recording, *_numbers(result)) == (4, 2, 0, 0, 0)
    assert render_facts_import(kind, result) == (
        f"Vastlegging 4: {kind.many}: 2 nieuw, 0 gewijzigd, 0 ingetrokken, 0 al bekend."
    )
    facts = _known(desk, kind)
    assert [fact.recording for fact in facts] == [4, 4]
    assert _known(desk, kind, 3) == []
    for again in (take(kind, header, second, first), take(kind, english, first_in_english)):
        assert again.recording is None
        assert render_facts_import(kind, again).endswith("er is niets vastgelegd.")
    assert _known(desk, kind) == facts
    assert latest(desk.connection) == 4


@of_every_kind
def test_a_changed_fact_holds_from_its_recording(desk: Desk, take: Take, kind: FactKind[Any]) -> None:
    header, first, second, *_ = SAMPLES[kind.name]
    take(kind, header, first, second)
    before = _known(desk, kind)
    result = take(kind, header, first.replace(*CHANGES[kind.name]))
    assert _numbers(result) == (0, 1, 0, 0)
    assert _known(desk, kind, 4) == before
    after = _known(desk, kind)
    assert sorted(fact.recording for fact in after) == [4, 5]
    take(kind, header, first)
    assert sorted(fact.recording for fact in _known(desk, kind)) == [4, 6]
    assert _known(desk, kind, 5) == after


@of_every_kind
def test_a_fact_can_be_withdrawn_and_stated_again(desk: Desk, take: Take, kind: FactKind[Any]) -> None:
    header, first, second, *_ = SAMPLES[kind.name]
    take(kind, header, first, second)
    before = _known(desk, kind)
    result = take(kind, header, f"{first}ja", second)
    assert _numbers(result) == (0, 0, 1, 1)
    assert len(_known(desk, kind)) == 1
    assert _known(desk, kind, 4) == before
    for again in (first, first.replace(*CHANGES[kind.name])):  # what is taken back has no values left to change
        known = take(kind, header, f"{again}ja")
        assert (known.recording, *_numbers(known)) == (None, 0, 0, 0, 1)
    assert _numbers(take(kind, header, first)) == (1, 0, 0, 0)
    assert len(_known(desk, kind)) == 2


@of_every_kind
def test_a_fact_stands_once_in_a_file_and_only_what_is_known_is_withdrawn(
    desk: Desk, take: Take, kind: FactKind[Any]
) -> None:
    header, first, second, *_ = SAMPLES[kind.name]
    with pytest.raises(Refusal) as refusal:
        take(kind, header, first, f"{second}ja", first.replace(*CHANGES[kind.name]), first)
    assert [str(finding) for finding in refusal.value.findings] == [
        "rij 3: er is niets bekend om in te trekken; neem de rij over zoals hij is vastgelegd, of laat hem weg",
        "rij 4: rij 2 zegt dit ook, of iets anders over hetzelfde; laat een van beide weg",
        "rij 5: rij 2 zegt dit ook, of iets anders over hetzelfde; laat een van beide weg",
    ]
    assert _known(desk, kind) == []


@of_every_kind
def test_nothing_that_was_recorded_changes(desk: Desk, take: Take, kind: FactKind[Any]) -> None:
    header, first, *_ = SAMPLES[kind.name]
    take(kind, header, first)
    for change in (f"UPDATE {kind.table.name} SET withdrawn = true", f"DELETE FROM {kind.table.name}"):
        with pytest.raises(DatabaseError, match="append-only"), desk.connection.begin_nested():
            desk.connection.execute(text(change))


@of_every_kind
def test_the_command_reads_a_file(run: Callable[..., Any], tmp_path: Path, kind: FactKind[Any]) -> None:
    """Also that a contract which is not known is refused, with everything else that is wrong."""
    path = tmp_path / "feiten.csv"
    header, first, second, *_ = SAMPLES[kind.name]
    path.write_text("\n".join([header, first, second]) + "\n", encoding="utf-8")
    result = run("import", kind.name, path)
    if "contract" in header:
        assert result.exit_code == 1
        assert result.output.count("contract B is onbekend; leg het eerst vast") == 2
    else:
        assert result.exit_code == 0, result.output
        assert "2 nieuw" in result.output
        assert "er is niets vastgelegd" in run("import", kind.name, path).output
    assert "9999000" not in result.output


def test_everything_that_is_wrong_is_told_at_once(take: Take) -> None:
    with pytest.raises(Refusal) as refusal:
        take(
            REFERRALS,
            SAMPLES["referrals"][0],
            "GM9999;v1;X;99;;01-01-2026;01-01-2026;huisarts;12;;",
            "GM0502;v2;B;45;45A04;01-01-2026;;huisarts;12;999900006;",
            "GM0502;v3;B;;X;01-01-2026;01-02-2026;buurman;12;;",
            "GM0502;v4;B;45;;01-01-2026;01-02-2026;huisarts;;123456789;",
            "GM0502;v5;;45;;01-01-2026;01-02-2026;huisarts;;;",
        )
    assert [str(finding) for finding in refusal.value.findings] == [
        'rij 4, kolom "verwijzer": "buurman" staat niet in de lijst; kies uit gemeente, huisarts, jeugdarts, '
        "gecertificeerde instelling, medisch specialist, zelfverwijzer, rechter",
        'rij 5, kolom "bsn": dit is geen geldig BSN (elfproef); controleer het nummer bij de cliënt',
        "rij 2: gemeente GM9999 is onbekend; leg de gemeente eerst vast (contract parties)",
        "rij 2: contract X is onbekend; leg het eerst vast",
        "rij 2: categorie 99 is onbekend; kies een categorie uit de catalogus",
        'rij 2: de einddatum ligt niet na de begindatum; "tot" is de eerste dag erna, "tot en met" de laatste dag',
        'rij 3: er is geen einddatum; vul "tot" (de eerste dag erna) of "tot en met" in',
        'rij 3: waarnaar verwezen is staat er meer dan eens; vul precies een van "product" of "categorie" in',
        'rij 3: wie verwezen is staat er meer dan eens; vul precies een van "aantal" of "bsn" of "cliënt" in',
        'rij 6: wie verwezen is ontbreekt; vul precies een van "aantal" of "bsn" of "cliënt" in',
        'rij 6: naar wie verwezen is ontbreekt; vul "contract" of "aanbieder" in',
    ]


def test_unknown_products_and_providers_are_named(take: Take) -> None:
    header = "gemeente;referentie;product;van aanbieder;naar aanbieder;aandeel;datum;status"
    with pytest.raises(Refusal) as refusal:
        take(MOVES, header, "GM0502;m1;99X99;41000001;41999999;25;01-01-2027;gepland")
    assert [str(finding) for finding in refusal.value.findings] == [
        "rij 2: product 99X99 is onbekend; leg het product eerst vast",
        "rij 2: aanbieder 41999999 is onbekend; leg de aanbieder eerst vast (contract parties)",
    ]


def test_an_outcome_score_is_read_back(desk: Desk, ids: dict[str, int], take: Take) -> None:
    header, first, second, *_ = SAMPLES["outcomes"]
    take(OUTCOMES, header, first, second, first.replace("voorlopig", "definitief").replace("0,8;40;50", "0,82;41;50"))
    score = partial(OutcomeScore, ids["B"], "uitstroom", date(2026, 1, 1), date(2026, 4, 1))
    exits = [fact for fact in _known(desk, OUTCOMES) if fact.indicator == "uitstroom"]
    assert exits == [
        score("final", Decimal("0.82"), Decimal(41), Decimal(50), 4),
        score("provisional", Decimal("0.8"), Decimal(40), Decimal(50), 4),
    ]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("01-04-2026;voorlopig;0,8;40;", "van teller en noemer is er maar een"),
        ("01-04-2026;voorlopig;0,8;40;0", "de noemer is 0"),
        ("01-04-2026;voorlopig;hoog;;", '"hoog" is geen getal'),
        ("01-04-2026;voorlopig;1000000000000;;", "heeft te veel cijfers"),
        ("01-04-2026;voorlopig;0,1234567890123;;", "heeft te veel cijfers"),
        ("31-12-2025;voorlopig;0,8;;", "de einddatum ligt niet na de begindatum"),
    ],
)
def test_a_score_that_cannot_be_is_refused(take: Take, cells: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        take(OUTCOMES, "contract;indicator;vanaf;tot;status;score;teller;noemer", f"B;x;01-01-2026;{cells}")
    (finding,) = refusal.value.findings
    assert said in str(finding)


def test_accountability_gets_its_verdict_later(desk: Desk, ids: dict[str, int], take: Take) -> None:
    header = "contract;jaar;soort;ontvangen;oordeel;bedrag"
    take(ACCOUNTABILITY, header, "B;2025;kwaliteit;01-04-2026;;")
    take(ACCOUNTABILITY, header, "B;2025;kwaliteitsverantwoording;01-04-2026;met opmerkingen;10")
    received = partial(Accountability, ids["B"], 2025, "quality_report", date(2026, 4, 1))
    assert _known(desk, ACCOUNTABILITY, 4) == [received(None, None, 4)]
    assert _known(desk, ACCOUNTABILITY) == [received("with_remarks", Eur("10"), 5)]


def test_a_determination_is_whole_or_by_component(desk: Desk, ids: dict[str, int], take: Take) -> None:
    header = "contract;jaar;onderdeel;bedrag;besluitdatum;referentie;ingetrokken"
    whole = "B;2025;;1000,50;01-06-2026;besluit-1;"
    part = "B;2025;ambulant;250,00;01-06-2026;besluit-1;"
    with pytest.raises(Refusal) as refusal:
        take(DETERMINATIONS, header, part, whole)
    assert str(refusal.value.findings[0]).startswith(
        "rij 3: het contractjaar is zowel als geheel als per onderdeel vastgesteld (rij 2);"
    )
    take(DETERMINATIONS, header, whole, part.replace("2025", "2026"), part.replace("B;", "C;"))
    with pytest.raises(Refusal) as refusal:
        take(DETERMINATIONS, header, part)
    assert "rij 2: het contractjaar is zowel als geheel als per onderdeel vastgesteld (vastlegging 4)" in str(
        refusal.value.findings[0]
    )
    take(DETERMINATIONS, header, part, f"{whole}ja")
    assert Determination(ids["B"], 2025, "ambulant", Eur("250.00"), date(2026, 6, 1), "besluit-1", 5) in _known(
        desk, DETERMINATIONS
    )
    with pytest.raises(Refusal) as refusal:
        take(DETERMINATIONS, header, "B;2025;anders;250,00;01-06-2026;besluit-1;")
    said = "is geen lumpsum van contract B: niets leest deze vaststelling; kies uit ambulant"
    assert str(refusal.value.findings[0]) == f"rij 2: onderdeel anders {said}"
    with pytest.raises(Refusal) as refusal:
        take(DETERMINATIONS, header, "B;2025;hulp;250,00;01-06-2026;besluit-1;")
    assert str(refusal.value.findings[0]) == f"rij 2: onderdeel hulp {said}"


def test_a_determination_of_a_contract_without_a_lump_sum_is_refused(desk: Desk, take: Take) -> None:
    """It would be recorded, and read by nothing."""
    number = "D"
    recording = record(desk.connection, "contracts", "contracten", "tester")
    document = "\n".join(line for line in DOCUMENT.format(number=number).splitlines() if "lump_sum" not in line)
    contract = desk.connection.execute(insert(contracts).values(number=number).returning(contracts.c.id)).scalar_one()
    row = {"contract_id": contract, "recording": recording, "document": document, "sha256": "0" * 64}
    desk.connection.execute(insert(contract_versions).values(**row))
    with pytest.raises(Refusal) as refusal:
        take(DETERMINATIONS, "contract;jaar;onderdeel;bedrag;besluitdatum;referentie", "D;2025;;1,00;01-06-2026;b")
    assert str(refusal.value.findings[0]) == (
        "rij 2: contract D heeft geen lumpsum: niets leest deze vaststelling; laat de rij weg, of verbeter het contract"
    )


@pytest.mark.parametrize("kind", [DETERMINATIONS, ACCOUNTABILITY], ids=lambda kind: kind.name)
def test_a_year_that_the_contract_does_not_have_is_refused(
    desk: Desk, ids: dict[str, int], take: Take, kind: FactKind[Any]
) -> None:
    """It would be recorded, and read by nothing."""
    header, row, *_ = SAMPLES[kind.name]
    with pytest.raises(Refusal) as refusal:
        take(kind, header, row.replace("2025", "2052"), row.replace("B;2025", "B;2024"), row.replace("2025", "2028"))
    assert [str(finding) for finding in refusal.value.findings] == [
        f"rij {number}: contract B geldt niet in {year}: niets leest deze rij; vul een jaar in van 2025 tot en met 2028"
        for number, year in ((2, 2052), (3, 2024))
    ]


def test_a_decision_that_is_still_far_ahead_is_a_slip(desk: Desk, ids: dict[str, int], take: Take) -> None:
    header, row, *_ = SAMPLES["determinations"]
    with pytest.raises(Refusal) as refusal:
        take(DETERMINATIONS, header, row.replace("01-06-2026", "01-06-2126"))
    assert str(refusal.value.findings[0]).startswith('rij 2, kolom "besluitdatum": 01-06-2126 ligt te ver vooruit;')


def test_a_move_is_read_back(desk: Desk, take: Take) -> None:
    header, first, *_ = SAMPLES["moves"]
    take(MOVES, header, first)
    (move,) = _known(desk, MOVES)
    assert isinstance(move, PlannedMove)
    assert (move.from_scope, move.from_care_line, move.to_provider_id, move.to_care_line) == (
        "regional", None, None, "zero"
    )  # fmt: skip
    assert (move.share_percent, move.amount_eur, move.planned_on, move.status) == (
        Decimal(25), None, date(2027, 1, 1), "planned"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("regionaal;lokaal;25;100", "hoeveel verplaatst wordt staat er meer dan eens"),
        ("regionaal;lokaal;;", "hoeveel verplaatst wordt ontbreekt"),
        ("regionaal;lokaal;0;", '"0" is geen deel'),
        ("regionaal;lokaal;100,5;", '"100,5" is geen deel'),
        ("regionaal;lokaal;;-5", '"-5" kan niet verplaatst worden'),
        ("regionaal;regionaal;25;", "de verplaatsing gaat naar waar de zorg al is"),
        (";lokaal;25;", "van of naar ontbreekt"),
    ],
)
def test_a_move_that_cannot_be_is_refused(take: Take, cells: str, said: str) -> None:
    header = "gemeente;referentie;categorie;datum;status;van schaal;naar schaal;aandeel;bedrag"
    with pytest.raises(Refusal) as refusal:
        take(MOVES, header, f"GM0502;m1;45;01-01-2027;gepland;{cells}")
    (finding,) = refusal.value.findings
    assert said in str(finding)


def test_a_column_that_nothing_reads_is_told(take: Take) -> None:
    header, first, *_ = SAMPLES["accountability"]
    (warning,) = take(ACCOUNTABILITY, f"{header};opmerking", f"{first};tekst").warnings
    assert warning.code == "R04"


def test_tables_have_the_columns_that_are_read_back(connection: Connection) -> None:
    for kind in KINDS:
        assert {*kind.fact.__annotations__, "withdrawn"} == set(kind.table.c.keys()), kind.name


def _sections() -> dict[str, str]:
    """What docs/file_layouts.md says of each kind, by the name of its command."""
    page = (Path(__file__).parents[2] / "docs" / "file_layouts.md").read_text(encoding="utf-8")
    parts = re.split(r"^###? ", page, flags=re.MULTILINE)
    return {match[1]: part for part in parts if (match := re.match(r"[^\n]*`import (\w+) FILE`\n", part))}


@of_every_kind
def test_the_documentation_names_every_column_and_its_example_can_be_read(desk: Desk, kind: FactKind[Any]) -> None:
    section = _sections()[kind.name]
    for column in kind.layout[:-1]:
        for header in (column.headers[0], column.headers[-1]):
            assert re.search(rf"[|/] {header} ", section), header
    example = section.partition("```csv\n")[2].partition("```")[0]
    table = read_table(desk.write(example, "voorbeeld.csv"), kind.layout, lambda rows: chain(*map(kind.judge, rows)))
    assert table.rows
    assert table.unused_headers == ()
