"""A quantity far above what a provider delivered of a product so far is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from click.testing import Result

    from importers.deliveries import DeliveryImport
    from tests.importers.conftest import Desk

Line = Callable[..., str]


def told(result: DeliveryImport) -> list[tuple[int, str, str]]:
    return [(found.row_number, found.column, found.message) for found in result.warnings if found.code == "D41"]


def usual(line: Line, rows: int) -> list[str]:
    """Rows of 40 and 80 minutes: 60 on average."""
    return [line(reference=f"r{number}", quantity=40 + 40 * (number % 2)) for number in range(rows)]


@pytest.mark.parametrize(("rows", "quantity", "is_told"), [(20, 601, True), (20, 600, False), (19, 1400, False)])
def test_more_than_ten_times_the_usual(
    desk: Desk, line: Line, lines: Line, rows: int, quantity: int, is_told: bool
) -> None:
    rest = [line(reference="odd", quantity=60)] * (rows % 2)
    assert told(desk.take(lines(*usual(line, rows - rows % 2), *rest))) == []
    found = told(desk.take(lines(line(reference="x", quantity=30), line(reference="y", quantity=quantity))))
    assert [(number, column) for number, column, _ in found] == [(3, "aantal")] * is_told
    assert all("(rij 3); gewoon is 60, het meeste is hier 601" in message for *_, message in found)


def test_what_is_usual_is_of_one_provider_and_product(desk: Desk, line: Line, lines: Line) -> None:
    desk.take(lines(*usual(line, 20)))
    other = [
        line(reference="p", provider="41000001", quantity=1400),
        line(reference="q", product="02A16", quantity=1400),
    ]
    known = line(reference="r0", quantity=40)
    assert told(desk.take(lines(*other, known))) == []
    many = [line(reference=f"m{number}", quantity=1000 + number) for number in range(7)]
    [(number, _, message)] = told(desk.take(lines(line(reference="a", quantity=1), *many)))
    assert (number, "7 regels met meer dan 10 keer" in message, "rij 7, en nog 2)" in message) == (3, True, True)


def test_the_factor_is_chosen(run: Callable[..., Result], line: Line, lines: Line, tmp_path: Path) -> None:
    for name, content in {"a": lines(*usual(line, 20)), "b": lines(line(reference="x", quantity=200))}.items():
        (tmp_path / f"{name}.csv").write_text(content)
    run("import", "deliveries", tmp_path / "a.csv")
    result = run("import", "deliveries", tmp_path / "b.csv", "--factor", "3")
    assert (result.exit_code, " D41" in result.output) == (3, True)
