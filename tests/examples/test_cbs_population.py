"""The counts of CBS for all municipalities and districts (acceptance case netherlands-2024)."""

import csv
from collections import defaultdict
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_municipalities_and_the_sum_of_their_districts() -> None:
    municipalities: dict[str, int] = {}
    districts: dict[str, list[int]] = defaultdict(list)
    for row in _rows("cbs/population_2024.csv"):
        assert (row["measure"], row["date"], row["status"]) == ("inhabitants", "2024-01-01", "final")
        if row["area"].startswith("GM"):
            municipalities[row["area"]] = int(row["count"])
        else:
            districts[f"GM{row['area'][2:6]}"].append(int(row["count"]))
    gaps = {code: abs(count - sum(districts[code])) for code, count in municipalities.items()}
    assert len(municipalities) == 342
    assert sum(len(counts) for counts in districts.values()) == 3393
    assert sum(municipalities.values()) == 17_942_942
    assert sum(gap == 0 for gap in gaps.values()) == 37
    assert max(gaps.values()) == 61


def test_the_region_has_the_counts_of_the_country() -> None:
    country = {row["area"]: row["count"] for row in _rows("cbs/population_2024.csv")}
    region = {
        row["area"]: row["count"]
        for row in _rows("rijnmond/population_2024_final.csv")
        if row["measure"] == "inhabitants"
    }
    assert sum(area.startswith("GM") for area in region) == 13
    assert region.items() <= country.items()


def test_the_provisional_counts_are_made_from_the_final_ones() -> None:
    final = {(row["area"], row["measure"]): int(row["count"]) for row in _rows("rijnmond/population_2024_final.csv")}
    made = {key: count * 985 // 10_000 * 10 for key, count in final.items()}
    provisional = {
        (row["gebied"], row["maat"]): int(row["aantal"])
        for row in _rows("rijnmond/population_2024_provisional.csv", ";")
    }
    assert provisional == made


def _rows(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    with (EXAMPLES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))
