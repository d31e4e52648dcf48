"""The embedded server that is killed: the command is refused, and the next one recovers what was committed."""

import os
import signal
from functools import partial
from pathlib import Path

from tests.crash.disturbing import Ended, Trouble, chance_of, needs_fork
from tests.crash.telling import Disturbance, Telling, Told, differing, tell

pytestmark = needs_fork

POINTS = {
    "register contracts": 1,
    "2026-01 deliveries-a": 2,
    "2026-01 deliveries-b": 2,
    "2026-01 run": 1,
    "2026-01 post": 2,
}


def kill_the_server(home: Path) -> None:
    """The postmaster is killed, as by a machine that runs out of memory; its processes notice and end."""
    first_line = (home / "data" / "postgresql" / "pgdata" / "postmaster.pid").read_text().partition("\n")[0]
    os.kill(int(first_line), signal.SIGKILL)


def test_a_server_that_is_killed_loses_nothing_that_was_committed(undisturbed: Told, tmp_path: Path) -> None:
    chance = chance_of("killed server")
    telling = Telling("", tmp_path / "told", months=("2026-01",))
    telling.folder.mkdir()

    def draw(name: str) -> Trouble:
        counts = undisturbed.steps[name].counts
        strike = partial(kill_the_server, telling.desk.home)
        return Trouble("a statement", chance.randint(1, counts["a statement"]), strike=strike)

    def was_refused(ended: Ended) -> bool:
        return ended.code == 1 and "de verbinding met de database is weggevallen" in " ".join(ended.output.split())

    disturbance = Disturbance(POINTS, draw, was_refused)
    told = tell(telling, disturbance)
    assert disturbance.struck.total() == sum(POINTS.values())
    assert differing(told, undisturbed) == []
