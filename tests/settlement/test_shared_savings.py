"""268 published settlements, by the commands of a user: one contract document and one call for each track.

Where the published share of four digits enters, a result may differ by what its fifth digit makes; elsewhere a dollar,
since published inputs are whole dollars (tests/cases/shared_savings_2018.md).
"""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli

ROOT = Path(__file__).parents[2]
TRACKS = {"1": 222, "1_Plus": 29, "2": 2, "3": 15}
_FIFTH_DIGIT = Decimal("0.00005")


def rows_of(track: str) -> list[dict[str, str]]:
    with (ROOT / "tests/cases/shared_savings_2018.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row[f"Current_Track_{track}"] == "1"]


def facts(rows: list[dict[str, str]]) -> str:
    """The facts file of a track: a case for every organisation, in the order of the publication."""
    cases = [
        f'[[case]]\nid = "{row["ACO_ID"]}"\n'
        f'figures = {{ benchmark = "{row["ABtotBnchmk"]}", cost = "{row["ABtotExp"]}", '
        f'minimum_rate = "{row["MinSavPerc"]}", final_share_rate = "{row["FinalShareRate"]}", '
        f'disaster_adjustment = "{row["DisAdj"] or 0}" }}\n'
        for row in rows
    ]
    return 'through = "2018-12"\n' + "".join(cases)


@pytest.mark.parametrize("track", TRACKS)
def test_every_settlement_of_a_track_in_one_call(track: str, tmp_path: Path) -> None:
    rows = rows_of(track)
    assert len(rows) == TRACKS[track]
    path = tmp_path / "facts.toml"
    path.write_text(facts(rows), encoding="utf-8")
    document = ROOT / "examples" / "contracts" / f"shared_savings_track_{track.lower()}.toml"
    result = CliRunner().invoke(
        cli.main, ["contract", "simulate", str(document), "--facts", str(path), "--json"], env={"COLUMNS": "80"}
    )
    assert result.exit_code == 0, result.output
    cases = json.loads(result.stdout)["cases"]
    assert [case["id"] for case in cases] == [row["ACO_ID"] for row in rows]
    for case, row in zip(cases, rows, strict=True):
        published = Decimal(row["EarnSaveLoss"])
        deviation = abs(Decimal(row["ABtotBnchmk"]) - Decimal(row["ABtotExp"]))
        assert abs(Decimal(case["amount_eur"]) - published) <= 1 + deviation * _FIFTH_DIGIT, row["ACO_ID"]
        assert [line["label"] for line in case["lines"]] == ["risk_sharing"]


def test_all_268_are_there() -> None:
    assert sum(TRACKS.values()) == 268
