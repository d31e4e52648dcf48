"""Population counts: the rows of a file, what was known at a cut-off, and how districts compare to municipalities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from database.recordings import latest
from importers.population_counts import Count, CountSummary, counts_known, import_counts, render_counts_import
from kernel.findings import Refusal

CBS_2024 = Path(__file__).parents[2] / "examples" / "cbs" / "population_2024.csv"
DAY = date(2026, 1, 1)


@pytest.fixture
def counts_file(tmp_path: Path) -> Callable[..., Path]:
    def counts_file(*rows: str, header: str = "gebied;maat;peildatum;aantal;status") -> Path:
        path = tmp_path / "counts.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return counts_file


def test_counts_are_read(connection: Connection, counts_file: Callable[..., Path]) -> None:
    path = counts_file(
        "gm0502;inhabitants;01-01-2026;10000;voorlopig",
        "Kern Noord;youth;01-01-2026;250;definitief",
    )
    result = import_counts(connection, path, "tester")
    assert (result.recording, result.added, result.changed, result.known) == (1, 2, 0, 0)
    assert counts_known(connection, 1) == {
        ("GM0502", "inhabitants", DAY, "provisional"): Count(10000, 1),
        ("Kern Noord", "youth", DAY, "final"): Count(250, 1),
    }
    assert counts_known(connection, 0) == {}


def test_english_headers_and_words_say_the_same(connection: Connection, counts_file: Callable[..., Path]) -> None:
    import_counts(connection, counts_file("GM0502;inhabitants;01-01-2026;10000;voorlopig"), "tester")
    english = counts_file("GM0502,inhabitants,2026-01-01,10000,provisional", header="area,measure,date,count,status")
    again = import_counts(connection, english, "tester")
    assert (again.recording, again.known) == (None, 1)
    assert latest(connection) == 1


def test_a_later_count_of_the_same_replaces_the_earlier(
    connection: Connection, counts_file: Callable[..., Path]
) -> None:
    row, other = "GM0502;inhabitants;01-01-2026;10000;voorlopig", "GM0599;inhabitants;01-01-2026;20000;voorlopig"
    import_counts(connection, counts_file(row, other), "tester")
    result = import_counts(connection, counts_file(row.replace("10000", "10050"), other), "tester")
    assert (result.recording, result.added, result.changed, result.known) == (2, 0, 1, 1)
    import_counts(connection, counts_file(row), "tester")
    key = ("GM0502", "inhabitants", DAY, "provisional")
    assert [counts_known(connection, cutoff)[key] for cutoff in (1, 2, 3)] == [
        Count(10000, 1),
        Count(10050, 2),
        Count(10000, 3),
    ]
    assert counts_known(connection, 3)[("GM0599", "inhabitants", DAY, "provisional")] == Count(20000, 1)


def test_provisional_and_final_stand_beside_each_other(
    connection: Connection, counts_file: Callable[..., Path]
) -> None:
    import_counts(connection, counts_file("GM0502;inhabitants;01-01-2026;10000;voorlopig"), "tester")
    import_counts(connection, counts_file("GM0502;inhabitants;01-01-2026;10150;definitief"), "tester")
    assert {key[3]: count.persons for key, count in counts_known(connection, 2).items()} == {
        "provisional": 10000,
        "final": 10150,
    }


def test_every_wrong_cell_is_told_at_once(connection: Connection, counts_file: Callable[..., Path]) -> None:
    wrong = [
        (";inhabitants;01-01-2026;1;voorlopig", 'rij 2, kolom "gebied": leeg'),
        ("GM0502;;01-01-2026;1;voorlopig", 'rij 3, kolom "maat": leeg'),
        ("GM0502;inhabitants;2026;1;voorlopig", 'rij 4, kolom "peildatum": "2026" is geen datum'),
        ("GM0502;inhabitants;01-01-2026;-1;voorlopig", 'rij 5, kolom "aantal": "-1" is geen telling'),
        ("GM0502;inhabitants;01-01-2026;1,5;voorlopig", 'rij 6, kolom "aantal": "1,5" is geen geheel getal'),
        ("GM0502;inhabitants;01-01-2026;3000000000;voorlopig", 'rij 7, kolom "aantal": "3000000000" is geen telling'),
        ("GM0502;inhabitants;01-01-2026;1;concept", 'rij 8, kolom "status": "concept" staat niet in de lijst'),
    ]
    with pytest.raises(Refusal) as refusal:
        import_counts(connection, counts_file(*(row for row, _ in wrong)), "tester")
    assert len(refusal.value.findings) == len(wrong)
    for finding, (_, said) in zip(refusal.value.findings, wrong, strict=True):
        assert str(finding).startswith(said)
    assert latest(connection) == 0


def test_the_same_count_twice_in_a_file_is_refused(connection: Connection, counts_file: Callable[..., Path]) -> None:
    """Also under another spelling, and also when both say the same."""
    path = counts_file(
        "GM0502;inhabitants;01-01-2026;10000;voorlopig",
        "GM0502;inhabitants;01-01-2026;10000;definitief",
        "gm0502;inhabitants;2026-01-01;10000;provisional",
    )
    with pytest.raises(Refusal) as refusal:
        import_counts(connection, path, "tester")
    (finding,) = refusal.value.findings
    assert str(finding) == "rij 4: dezelfde telling staat ook in rij 2; laat een van beide weg"


def test_cbs_2024(connection: Connection) -> None:
    """Published: 342 municipalities, 3393 districts, and only 37 municipalities that are the sum of their districts."""
    result = import_counts(connection, CBS_2024, "tester")
    assert result.added == 342 + 3393
    assert result.summaries == (
        CountSummary(
            "inhabitants",
            date(2024, 1, 1),
            "final",
            municipalities=342,
            districts=3393,
            persons=17_942_942,
            compared=342,
            equal=37,
            largest_gap=61,
        ),
    )
    assert render_counts_import(result) == (
        "Vastlegging 1: 3.735 tellingen nieuw, 0 gewijzigd, 0 al bekend.\n"
        "\n"
        "inwoners op 01-01-2024, definitief:\n"
        "  gemeenten                                342\n"
        "  wijken                                 3.393\n"
        "  inwoners in de gemeenten          17.942.942\n"
        "  som van de wijken is gelijk bij           37 gemeenten\n"
        "  grootste verschil                         61\n"
        "\n"
        "Wijken tellen niet op tot hun gemeente: een contract noemt daarom zelf zijn gebieden (areas)."
    )
    again = import_counts(connection, CBS_2024, "tester")
    assert render_counts_import(again).startswith("Al bekend: 3.735 tellingen; er is niets vastgelegd.")


def test_a_summary_is_of_one_measure_day_and_status(connection: Connection, counts_file: Callable[..., Path]) -> None:
    """Municipalities without districts in the file are not compared, and neither are districts without theirs."""
    path = counts_file(
        "GM0502;inhabitants;01-01-2026;1000;voorlopig",
        "WK050201;inhabitants;01-01-2026;600;voorlopig",
        "WK050202;inhabitants;01-01-2026;405;voorlopig",
        "WK059901;inhabitants;01-01-2026;50;voorlopig",
        "BU05020101;inhabitants;01-01-2026;70;voorlopig",
        "GM0600;inhabitants;01-01-2026;10;voorlopig",
        "GM0502;inhabitants;01-01-2026;1005;definitief",
        "GM0502;dwellings;01-01-2026;500;voorlopig",
        "Noord;dwellings;01-01-2026;500;voorlopig",
    )
    provisional = CountSummary("inhabitants", DAY, "provisional", 2, 3, 1010, compared=1, equal=0, largest_gap=5)
    final = CountSummary("inhabitants", DAY, "final", 1, 0, 1005, compared=0, equal=0, largest_gap=0)
    dwellings = CountSummary("dwellings", DAY, "provisional", 1, 0, 500, compared=0, equal=0, largest_gap=0)
    assert import_counts(connection, path, "tester").summaries == (dwellings, final, provisional)


def test_one_count_is_one_and_none_is_of_a_far_year(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "telling.csv"
    path.write_text("gebied;maat;peildatum;aantal;status\nGM0502;woningen;2026-01-01;9;voorlopig\n", encoding="utf-8")
    told = render_counts_import(import_counts(connection, path, "tester"))
    assert told.startswith("Vastlegging 1: 1 telling nieuw, 0 gewijzigd, 0 al bekend.\n\nwoningen op 01-01-2026")
    path.write_text("gebied;maat;peildatum;aantal;status\nGM0502;inwoners;2062-01-01;9;voorlopig\n", encoding="utf-8")
    with pytest.raises(Refusal) as refusal:
        import_counts(connection, path, "tester")
    assert "01-01-2062 ligt te ver vooruit; vul een dag in tot en met 20" in str(refusal.value.findings[0])
