"""Whatever is killed, and whenever: no cent is lost, and none is there twice.

Every case tells the story in a database of its own and kills its commands at random moments, some of them many times in
a row. What is given again ends as if nothing had happened. BEKOSTIGING_CRASH_SEED repeats what was seen.
"""

import sys
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from settlement import runs
from settlement.ledger.journal import book
from tests.crash.conftest import NewTelling
from tests.crash.disturbing import Trouble, chance_of, needs_fork
from tests.crash.telling import NOTHING, Disturbance, Told, differing, tell

CASES, POINTS = 4, 80
_CLOCK = "a time"

pytestmark = needs_fork


def test_there_are_enough_points() -> None:
    assert CASES * POINTS >= 300


@pytest.mark.parametrize("case", range(CASES))
def test_what_was_killed_ends_as_if_nothing_happened(case: int, undisturbed: Told, new_telling: NewTelling) -> None:
    chance = chance_of(case)

    def draw(name: str) -> Trouble:
        usual = undisturbed.steps[name]
        kind = chance.choice([_CLOCK, *sorted(usual.counts)])
        if kind == _CLOCK:
            return Trouble(_CLOCK, after_seconds=chance.random() * usual.seconds, lines=True)
        return Trouble(kind, chance.randint(1, usual.counts[kind]), lines=kind == "a line")

    points = Counter(chance.choices(list(undisturbed.steps), k=POINTS))
    disturbance = Disturbance(points, draw, lambda ended: ended.code is None)
    told = tell(new_telling(), disturbance)
    sys.stdout.write(f"{dict(disturbance.struck)}\n")
    assert disturbance.struck.total() == POINTS
    assert differing(told, undisturbed) == []


def test_a_posting_in_two_transactions_would_be_seen(
    undisturbed: Told, new_telling: NewTelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof can fail: a run that is posted in one transaction and booked in the next is found out."""

    def commit_and_book(connection: Connection, run: int) -> None:
        connection.connection.dbapi_connection.commit()  # type: ignore[union-attr]
        book(connection, run)

    monkeypatch.setattr(runs, "book", commit_and_book)
    telling = replace(new_telling(), months=("2026-01",))
    last = undisturbed.steps["2026-01 post"].counts["a statement"]
    assert differing(tell(telling, NOTHING), undisturbed) == []  # as long as nothing happens nobody sees it

    telling = replace(new_telling(), months=("2026-01",))
    disturbance = Disturbance({"2026-01 post": 1}, lambda _: Trouble("a statement", last), lambda end: end.code is None)
    with pytest.raises(AssertionError, match="Journal"):
        tell(telling, disturbance)
