"""The same care twice is told, and what is several visits or was credited is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from importers.deliveries import DeliveryImport
    from tests.importers.conftest import Desk

Line = Callable[..., str]
Cells = dict[str, object]

VISIT: Cells = {"reference": "a"}
WEEK: Cells = {"reference": "a", "start": "05-01-2026", "end": "11-01-2026", "quantity": 300}
STAY: Cells = {"reference": "a", "product": "44A09", "start": "20-01-2026", "end": "22-01-2026", "quantity": 3}

TOLD = {
    "the same day and quantity": (VISIT, {}),
    "in another municipality": (VISIT, {"municipality": "GM0599"}),
    "by another provider": (VISIT, {"provider": "41000001"}),
    "under another assignment": (VISIT, {"assignment": "x"}),
    "a week and a day in it": (WEEK, {"end": "05-01-2026", "quantity": 20}),
    "weeks that overlap": (WEEK, {"start": "11-01-2026", "end": "17-01-2026", "quantity": 20}),
    "the same stay": (STAY, {}),
    "stays that overlap": (STAY, {"start": "22-01-2026", "end": "23-01-2026", "quantity": 2}),
    "a day of a stay": (STAY, {"end": "20-01-2026", "quantity": 1}),
    "a stay inside a stay": (STAY, {"start": "21-01-2026", "end": "21-01-2026", "quantity": 1}),
}
NOT_TOLD = {
    "another quantity on the day": (VISIT, {"quantity": 30}),
    "the next day": (VISIT, {"start": "06-01-2026", "end": "06-01-2026"}),
    "another client": (VISIT, {"client": "999900018"}),
    "another product": (VISIT, {"product": "02A16"}),
    "the next week": (WEEK, {"start": "12-01-2026", "end": "18-01-2026"}),
    "the next stay": (STAY, {"start": "23-01-2026", "end": "23-01-2026", "quantity": 1}),
}


def told(result: DeliveryImport) -> list[tuple[int, str]]:
    return [(warning.row_number, warning.message) for warning in result.warnings if warning.code == "D40"]


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(("first", "other"), TOLD.values(), ids=TOLD)
def test_what_seems_the_same_care(
    desk: Desk, line: Line, lines: Line, first: Cells, other: Cells, files: int, back: bool
) -> None:
    rows = [line(**first), line(**{**first, "reference": "b", **other})]
    rows = rows[::-1] if back else rows
    if files == 1:
        [(number, message)] = told(desk.take(lines(*rows)))
        assert (number, "2 regels bij een cliënt" in message, "(rij 2, rij 3)" in message) == (2, True, True)
    else:
        assert told(desk.take(lines(rows[0]))) == []
        [(number, message)] = told(desk.take(lines(rows[1])))
        assert (number, "1 regel bij een cliënt" in message) == (2, True)
        assert "; ook rij 2 van vastlegging 3" in message
    assert sum(desk.counting().values()) == 2  # a warning: both count


@pytest.mark.parametrize(("first", "other"), NOT_TOLD.values(), ids=NOT_TOLD)
def test_what_is_other_care(desk: Desk, line: Line, lines: Line, first: Cells, other: Cells) -> None:
    assert told(desk.take(lines(line(**first), line(**{**first, "reference": "b", **other})))) == []


@pytest.mark.parametrize("cells", [VISIT, STAY])
def test_what_was_taken_back_is_not_there_twice(desk: Desk, line: Line, lines: Line, cells: Cells) -> None:
    credited = [line(**cells), line(**{**cells, "reference": "c", "dc": "C", "previous": "a"})]
    assert told(desk.take(lines(*credited, line(**{**cells, "reference": "b"})))) == []
    contradicted = {**cells, "client": "999900018", "reference": "d"}
    desk.take(lines(line(**contradicted)))
    desk.take(lines(line(**{**contradicted, "quantity": 1})))
    assert told(desk.take(lines(line(**{**contradicted, "reference": "e"})))) == []


def test_many_rows_of_several_products_are_one_finding_each(desk: Desk, line: Line, lines: Line) -> None:
    rows = [line(reference=f"a{number}") for number in range(8)]
    rows += [line(**{**STAY, "reference": f"s{number}"}) for number in range(2)]
    result = desk.take(lines(*rows, line(reference="x", client="999900018")))
    (first, visits), (second, stays) = told(result)
    assert (first, second) == (2, 10)
    assert visits.startswith("product 45A04: 8 regels bij een cliënt")
    assert "(rij 2, rij 3, rij 4, rij 5, rij 6, en nog 3)" in visits
    assert stays.startswith("product 44A09: 2 regels")
    assert told(desk.take(lines(*rows))) == []  # all of it is known: nothing new is said
