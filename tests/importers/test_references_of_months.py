"""References that come back in another month: rejected, unless the sender is said to number again every month."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from kernel.findings import Refusal

if TYPE_CHECKING:
    from click.testing import Result

    from importers.deliveries import DeliveryImport
    from tests.importers.conftest import Desk

Line = Callable[..., str]


def month(line: Line, number: int, references: Sequence[object], **cells: object) -> list[str]:
    """A row for each reference, in a month of 2026."""
    day = f"05-{number:02}-2026"
    return [line(reference=reference, start=day, end=day, **cells) for reference in references]


def codes(result: DeliveryImport) -> list[tuple[int, str]]:
    return [(finding.row_number, finding.code) for finding in result.findings]


def test_the_earlier_month_stays_and_the_next_is_read_when_its_numbering_is_known(
    desk: Desk, line: Line, lines: Line
) -> None:
    january, february = (lines(*month(line, number, range(1, 6), quantity=120)) for number in (1, 2))
    desk.take(january)
    refused = desk.take(february)
    assert (codes(refused), refused.withdrawn) == ([(number, "D38") for number in range(2, 7)], [])
    assert desk.volume() == 5 * 120
    read = desk.take(february, per_month=True)
    assert (read.account.rows_accepted, read.references_per_month) == (5, ["41000002"])
    assert desk.volume() == 10 * 120
    again = desk.take(january)
    assert (again.account.rows_known, again.recording, again.references_per_month) == (5, None, ["41000002"])
    march = desk.take(lines(*month(line, 3, range(1, 6), quantity=120)))  # kept, also without the option
    assert (march.account.rows_accepted, march.references_per_month) == (5, ["41000002"])
    other = desk.take(lines(*month(line, 3, [1], provider="41000001")))
    assert (other.account.rows_accepted, other.references_per_month) == (1, [])
    taken_back = desk.take(lines(*month(line, 4, [1, 9])), per_month=False)
    assert (codes(taken_back), taken_back.references_per_month) == ([(2, "D38")], [])


def test_within_a_month_its_references_contradict_each_other_still(desk: Desk, line: Line, lines: Line) -> None:
    desk.take(lines(*month(line, 1, [1, 2]), *month(line, 2, [1, 2])), per_month=True)
    result = desk.take(lines(*month(line, 2, [1], quantity=60)))
    assert (codes(result), result.withdrawn) == ([(2, "D31")], ["1"])
    assert desk.volume() == 3 * 95


def test_a_credit_takes_back_the_debit_of_its_own_month(desk: Desk, line: Line, lines: Line) -> None:
    february = lines(*month(line, 2, ["c"], quantity=60, dc="C", previous="1"))
    first = desk.take(lines(*month(line, 1, [1], quantity=120)), per_month=True)
    assert first.account.rows_accepted == 1
    assert desk.take(february).account.rows_waiting == 1
    late = desk.take(lines(*month(line, 2, [1], quantity=60)))
    assert (late.waited_and_count_now, desk.volume()) == (1, 120)
    second = desk.take(lines(*month(line, 1, ["c"], quantity=120, dc="C", previous="1")))
    assert (second.account.rows_accepted, desk.volume()) == (1, 0)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_in_one_file_the_earliest_month_has_the_reference(
    desk: Desk, line: Line, lines: Line, order: tuple[int, int]
) -> None:
    rows = [row for number in order for row in month(line, number, ["a"], quantity=10 * number)]
    result = desk.take(lines(*rows))
    assert codes(result) == [(2 + order.index(2), "D38")]
    assert "(rij " in result.findings[0].message
    assert desk.volume() == 10
    contradicted = desk.take(lines(*month(line, 1, ["a"], quantity=11), *month(line, 2, ["a"])))
    assert codes(contradicted) == [(2, "D31"), (3, "D38")]
    assert desk.volume() == 0


def test_a_file_that_is_refused_whole_asks_how_its_sender_numbers(desk: Desk, line: Line, lines: Line) -> None:
    january, february = (lines(*month(line, number, range(1, 13))) for number in (1, 2))
    desk.take(january)
    with pytest.raises(Refusal, match="van 12 regels is de referentie al van een regel over een andere maand") as told:
        desk.take(february)
    assert "--references-per-month" in told.value.hint
    both = lines(*month(line, 3, range(21, 33)), *month(line, 4, range(21, 33)))
    with pytest.raises(Refusal, match="van 12 regels"):
        desk.take(both)
    assert desk.take(both, per_month=True).account.rows_accepted == 24
    assert desk.take(february).account.rows_accepted == 12


def test_the_command_keeps_it(run: Callable[..., Result], line: Line, lines: Line, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        rows = [month(line, number, [reference], quantity=reference)[0] for reference in (1, 2)]
        (tmp_path / f"{number}.csv").write_text(lines(*rows))
    assert run("import", "deliveries", tmp_path / "1.csv").exit_code == 0
    refused = run("import", "deliveries", tmp_path / "2.csv")
    assert refused.exit_code == 3
    assert "nummert de afzender elke maand opnieuw?" in " ".join(refused.output.split())
    read = run("import", "deliveries", tmp_path / "2.csv", "--references-per-month")
    assert (read.exit_code, "uniek binnen een maand van 1 aanbieder: 41000002" in read.output) == (0, True)
    answer = json.loads(run("import", "deliveries", tmp_path / "3.csv", "--json").stdout)
    assert answer["files"][0]["references_per_month"] == ["41000002"]
    assert answer["files"][0]["account"]["rows_accepted"] == 2


def test_what_is_recorded_is_what_the_checks_ask(desk: Desk, line: Line, lines: Line) -> None:
    """A reference is received once, except of a sender that numbers by month."""
    from settlement.invariants import broken_in_the_books

    desk.take(lines(*month(line, 1, [1], claimed="5,00"), *month(line, 2, [1])), per_month=True)
    desk.take(lines(*month(line, 2, [1], quantity=1), *month(line, 1, ["c"], dc="C", previous="1", claimed="5,00")))
    broken = {name: places for name, places in broken_in_the_books(desk.connection).items() if places}
    assert broken == {}
    desk.connection.execute(text("ALTER TABLE numbering_per_month DISABLE TRIGGER USER"))
    desk.connection.execute(text("DELETE FROM numbering_per_month"))
    assert "een referentie hoort bij één ontvangen rij" in {
        name for name, places in broken_in_the_books(desk.connection).items() if places
    }
