"""The neighbourhood statistics of CBS: both forms, every year's names of columns, and what is absent."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Connection

from database.recordings import latest
from importers.cbs import MEASURES, import_cbs
from importers.population_counts import Count, CountsImport, counts_known
from kernel.findings import Refusal

EXAMPLES = Path(__file__).parents[2] / "examples" / "cbs"
DAY = date(2024, 1, 1)
HEADER = ["ID", "WijkenEnBuurten", "SoortRegio_2", "Codering_3", "AantalInwoners_5", "Mannen_6", "k_0Tot15Jaar_8",
          "HuishoudensTotaal_29", "GemiddeldeHuishoudensgrootte_33", "Woningvoorraad_35"]  # fmt: skip
ROWS: list[list[Any]] = [
    [0, "NL00      ", "Land      ", "NL00      ", 17942942, 8000000, 2700000, 8400000, 2.1, 8200000],
    [1, "GM0502    ", "Gemeente  ", "GM0502    ", 1003, 500, 150, 480, 2.1, 470],
    [2, "WK050201  ", "Wijk      ", "WK050201  ", 600, 300, None, 280, 2.1, 270],
    [3, "WK050202  ", "Wijk      ", "WK050202  ", 405, 200, 50, 200, None, 200],
    [4, "BU05020201", "Buurt     ", "BU05020201", 405, 200, None, 200, 2.0, 200],
]


@pytest.fixture
def as_csv(tmp_path: Path) -> Callable[..., Path]:
    def as_csv(header: list[str] = HEADER, rows: list[list[Any]] = ROWS, absent: str = "       .") -> Path:
        path = tmp_path / "kerncijfers.csv"
        text = [";".join(f'"{title}"' for title in header)]
        text += [";".join(absent if cell is None else str(cell) for cell in row) for row in rows]
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
        return path

    return as_csv


@pytest.fixture
def as_json(tmp_path: Path) -> Callable[..., Path]:
    def as_json(header: list[str] = HEADER, rows: list[list[Any]] = ROWS, **others: str) -> Path:
        path = tmp_path / "kerncijfers.json"
        document = {**others, "value": [dict(zip(header, row, strict=True)) for row in rows]}
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return as_json


def _counts(connection: Connection, status: str = "final") -> dict[tuple[str, str], int]:
    known = counts_known(connection, latest(connection))
    assert {(day, of) for _, _, day, of in known} == {(DAY, status)}
    return {(area, measure): count.persons for (area, measure, _, _), count in known.items()}


EXPECTED = {
    ("GM0502", "inhabitants"): 1003, ("WK050201", "inhabitants"): 600, ("WK050202", "inhabitants"): 405,
    ("BU05020201", "inhabitants"): 405, ("GM0502", "inhabitants_0_15"): 150, ("WK050202", "inhabitants_0_15"): 50,
    ("GM0502", "households"): 480, ("WK050201", "households"): 280, ("WK050202", "households"): 200,
    ("BU05020201", "households"): 200, ("GM0502", "dwellings"): 470, ("WK050201", "dwellings"): 270,
    ("WK050202", "dwellings"): 200, ("BU05020201", "dwellings"): 200,
}  # fmt: skip


@pytest.mark.parametrize("absent", ["       .", "", ".", "x"])
def test_a_file_with_semicolons_is_read(connection: Connection, as_csv: Callable[..., Path], absent: str) -> None:
    result = import_cbs(connection, as_csv(absent=absent), 2024, "final", "tester")
    assert _counts(connection) == EXPECTED
    assert (result.recording, result.added) == (1, len(EXPECTED))


def test_an_odata_feed_says_the_same(
    connection: Connection, as_csv: Callable[..., Path], as_json: Callable[..., Path]
) -> None:
    import_cbs(connection, as_json(), 2024, "final", "tester")
    assert _counts(connection) == EXPECTED
    as_text = [[cell if cell is None else f"{cell:>10}" for cell in row] for row in ROWS]  # UntypedDataSet
    for path in (as_csv(), as_json(rows=as_text)):
        again = import_cbs(connection, path, 2024, "final", "tester")
        assert (again.recording, again.known) == (None, len(EXPECTED))
    assert latest(connection) == 1


def test_columns_are_found_whatever_their_number(connection: Connection, as_csv: Callable[..., Path]) -> None:
    """In tables of earlier years the numbers are lower, and the file with the names of areas has its codes apart."""
    earlier = [title.replace("_29", "_28").replace("_35", "_34").replace("_33", "_32") for title in HEADER]
    assert earlier != HEADER
    rows = [[row[0], "Naam van het gebied", *row[2:]] for row in ROWS]
    import_cbs(connection, as_csv(earlier, rows), 2024, "provisional", "tester")
    assert _counts(connection, "provisional") == EXPECTED


def test_without_a_column_of_codes_the_areas_are_the_codes(connection: Connection, as_csv: Callable[..., Path]) -> None:
    rows = [[*row[:3], *row[4:]] for row in ROWS]
    import_cbs(connection, as_csv([*HEADER[:3], *HEADER[4:]], rows), 2024, "final", "tester")
    assert _counts(connection) == EXPECTED


def test_what_is_absent_or_does_not_add_up_is_a_warning(connection: Connection, as_csv: Callable[..., Path]) -> None:
    result = import_cbs(connection, as_csv(), 2024, "final", "tester")
    assert [str(warning) for warning in result.warnings] == [
        'kerncijfers.csv, kolom "k_0Tot15Jaar_8": geen cijfer voor 1 wijk, 1 buurt (WK050201, BU05020201); niet '
        "vastgelegd, en dus niet 0; laat een contract alleen gebieden tellen waarvan het cijfer bekend is",
        "inwoners op 01-01-2024: bij 1 van de 1 gemeenten zijn de wijken samen niet de gemeente; de grootste "
        "verschillen: GM0502 (2); laat het contract bij areas zeggen wat telt: de gemeente of haar wijken",
        "inwoners tot 15 op 01-01-2024: bij 1 van de 1 gemeenten zijn de wijken samen niet de gemeente; de grootste "
        "verschillen: GM0502 (100); laat het contract bij areas zeggen wat telt: de gemeente of haar wijken",
    ]
    assert {warning.code for warning in result.warnings} == {"B02", "B03"}


@pytest.mark.parametrize("key", ["odata.nextLink", "@odata.nextLink"])
def test_a_page_of_a_larger_table_is_a_warning(connection: Connection, as_json: Callable[..., Path], key: str) -> None:
    result = import_cbs(connection, as_json(**{key: "TypedDataSet?$skip=10000"}), 2024, "final", "tester")
    assert [warning.code for warning in result.warnings].count("B04") == 1
    assert "B04" not in {w.code for w in import_cbs(connection, as_json(), 2024, "final", "tester").warnings}


def test_every_wrong_cell_is_told_at_once(connection: Connection, as_csv: Callable[..., Path]) -> None:
    wrong = [
        [5, "", "Provincie", "PV28", 1, 1, 1, 1, 1, 1],
        [6, "", "Wijk", "WK050201", 1, 1, 1, 1, 1, 1],
        [7, "", "Wijk", "WK050203", -99997, 1, "2.5", 1, 1, 1],
        [8, "", "Wijk"],
    ]
    with pytest.raises(Refusal) as refusal:
        import_cbs(connection, as_csv(rows=[*ROWS, *wrong]), 2024, "final", "tester")
    assert [str(finding) for finding in refusal.value.findings] == [
        'rij 7, kolom "Codering_3": "PV28" is geen code van een gemeente, wijk of buurt; verwijder de rij',
        "rij 8: WK050201 staat ook in rij 4; laat een van beide weg",
        'rij 9, kolom "AantalInwoners_5": "-99997" is geen telling; vul een geheel getal van 0 of meer in',
        'rij 9, kolom "k_0Tot15Jaar_8": "2.5" is geen geheel getal; reken om naar hele eenheden',
        "rij 10: 3 van de 10 kolommen; haal de tabel opnieuw op bij CBS",
    ]
    assert latest(connection) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("PK\x03\x04", "is een werkmap"),
        ('{"value": ', "geen geldige JSON"),
        ('{"value": []}', 'geen lijst "value"'),
        ('{"error": {"code": "404"}}', 'geen lijst "value"'),
        ('{"value": [{"Id": 0, "Measure": "T001036", "Value": 1.0}]}', "kolom Codering, AantalInwoners ontbreekt"),
        ("Codering_3;Mannen_6\nGM0502;1\n", "kolom AantalInwoners ontbreekt"),
        ("Codering_3;AantalInwoners_5;AantalInwoners_60\nGM0502;1;1\n", "betekenen hetzelfde"),
        ("Codering_3;AantalInwoners_5\nNL00;17942942\n", "bevat geen enkel cijfer"),
        ('Codering_3;AantalInwoners_5\nGM0502;"17\n', "de rij is niet af"),
    ],
)
def test_another_file_is_refused(connection: Connection, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "tabel"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Refusal, match=said):
        import_cbs(connection, path, 2024, "final", "tester")


def test_a_recount_of_cbs_replaces_the_earlier_figure(connection: Connection, as_csv: Callable[..., Path]) -> None:
    import_cbs(connection, as_csv(), 2024, "final", "tester")
    rows = [[*row[:4], 1010, *row[5:]] if row[0] == 1 else row for row in ROWS]
    result = import_cbs(connection, as_csv(rows=rows), 2024, "final", "tester")
    assert (result.added, result.changed) == (0, 1)
    key = ("GM0502", "inhabitants", DAY, "final")
    assert [counts_known(connection, cutoff)[key] for cutoff in (1, 2)] == [Count(1003, 1), Count(1010, 2)]


def test_the_examples_are_real_and_say_the_same(connection: Connection) -> None:
    result = import_cbs(connection, EXAMPLES / "kerncijfers_2024.csv", 2024, "final", "tester")
    again = import_cbs(connection, EXAMPLES / "kerncijfers_2024.json", 2024, "final", "tester")
    assert (again.recording, again.known) == (None, result.added)
    counts = _counts(connection)
    published = _published()
    of_examples = {area: count for (area, measure), count in counts.items() if measure == "inhabitants"}
    assert of_examples.items() <= published.items()
    assert counts[("GM0502", "dwellings")] == 31596


def test_the_whole_country(connection: Connection, as_csv: Callable[..., Path]) -> None:
    """Published for 2024: 342 municipalities, 3393 districts, 17,942,942 inhabitants."""
    rows = [[f"{area:<10}", count] for area, count in _published().items()]
    path = as_csv(["Codering_3", "AantalInwoners_5"], rows)
    result: CountsImport = import_cbs(connection, path, 2024, "final", "tester")
    (summary,) = result.summaries
    assert (summary.municipalities, summary.districts, summary.persons) == (342, 3393, 17_942_942)
    (warning,) = result.warnings
    assert "bij 305 van de 342 gemeenten" in warning.message
    assert "de grootste verschillen: GM" in warning.message
    assert " (61), " in warning.message


def test_every_measure_has_one_column() -> None:
    assert len(set(MEASURES.values())) == len(MEASURES)


def _published() -> dict[str, int]:
    with (EXAMPLES / "population_2024.csv").open(encoding="utf-8", newline="") as lines:
        return {row["area"]: int(row["count"]) for row in csv.DictReader(lines)}


def test_the_command_tells_what_was_read(invoke: Callable[..., Result]) -> None:
    first = invoke("import", "cbs", EXAMPLES / "kerncijfers_2024.csv", "--year", "2024", "--status", "final")
    assert first.exit_code == 3, first.output
    assert "Vastlegging 1: 56 tellingen nieuw, 0 gewijzigd, 0 al bekend." in first.output
    assert re.search(r"inwoners +3 +180\.166 +25 +0 van 3", first.output)
    assert "B03" in first.output
    again = invoke("import", "cbs", EXAMPLES / "kerncijfers_2024.json", "--year", "2024", "--status", "final")
    assert "Al bekend: 56 tellingen; er is niets vastgelegd." in again.output
    other = invoke("import", "cbs", EXAMPLES / "kerncijfers_2024.csv", "--year", "2024", "--status", "voorlopig")
    assert "Vastlegging 2: 56 tellingen nieuw" in other.output
    assert re.search(r"\n ?woningen +3 ", first.output)
    without_status = invoke("import", "cbs", EXAMPLES / "kerncijfers_2024.csv", "--year", "2024")
    assert (without_status.exit_code, "'--status'" in without_status.output) == (2, True)
    ahead = invoke("import", "cbs", EXAMPLES / "kerncijfers_2024.csv", "--year", "2062", "--status", "final")
    assert ahead.exit_code == 1
    assert "Geweigerd: een telling over 2062 kan er nog niet zijn" in ahead.output
    assert max(map(len, first.output.splitlines())) <= 80
