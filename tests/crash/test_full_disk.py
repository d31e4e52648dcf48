"""A full disk is refused and leaves nothing half; with room again, what is given again ends as if nothing happened."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.crash.conftest import NewTelling
from tests.crash.disturbing import Ended, Trouble, chance_of, needs_fork
from tests.crash.telling import Disturbance, Telling, Told, differing, papers, tell

pytestmark = needs_fork

POINTS = 20
_WRITING = ("deliveries-a", "deliveries-b", "statements", "ledger", "backup")
_REFUSALS = ("kan niet geschreven worden", "kunnen niet geschreven worden", "er is geen ruimte voor")
_DATABASE_IS_FULL = (
    "de schijf van de database is vol",
    "de verbinding met de database is weggevallen",
    "kan niet worden geschreven: de schijf is vol",
    _REFUSALS[2],
)


def was_refused(ended: Ended) -> bool:
    """The rows of a file count also where the rejected ones cannot be written; all else is refused whole."""
    return ended.code in (1, 3) and any(refusal in " ".join(ended.output.split()) for refusal in _REFUSALS)


def allow(size: int) -> None:
    import resource  # Windows has none

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A disk of some size; skips who may not have one."""
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        folder = tmp_path / f"disk-{size}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
        with suppress(FileNotFoundError):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                mounted.append(folder)
                return folder
        pytest.skip("nobody may mount a small disk here")

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, room: int) -> None:
    """Leave only so many bytes."""
    found = os.statvfs(disk)
    with open(disk / ".filler", "wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, max(1, found.f_bavail * found.f_frsize - room))


def test_a_file_that_may_not_grow_is_refused(undisturbed: Told, new_telling: NewTelling) -> None:
    chance = chance_of("limited")
    points = Counter(chance.choices([name for name in undisturbed.steps if name.endswith(_WRITING)], k=POINTS))

    def draw(name: str) -> Trouble:
        return Trouble("a limit", limit=partial(allow, int(10 ** chance.uniform(0, 4))))

    telling = new_telling()
    disturbance = Disturbance(points, draw, was_refused)
    told = tell(telling, disturbance)
    assert disturbance.struck.total() == POINTS
    assert differing(told, undisturbed) == []
    assert [path for path in telling.out.rglob(".*") if path.is_file()] == []


def test_a_full_disk_of_the_papers_is_refused(
    undisturbed: Told, new_telling: NewTelling, small_disk: Callable[[str], Path]
) -> None:
    chance = chance_of("full")
    points = Counter(chance.choices([name for name in undisturbed.steps if name.endswith(_WRITING)], k=POINTS))
    telling = new_telling()
    disk = small_disk("2m")
    telling.out.symlink_to(disk)

    def draw(name: str) -> Trouble:
        fill(disk, 4096 * chance.randrange(4))
        return Trouble("a full disk")

    def was_struck(ended: Ended) -> bool:
        (disk / ".filler").unlink()
        papers(telling.out)
        return was_refused(ended)

    disturbance = Disturbance(points, draw, was_struck)
    told = tell(telling, disturbance)
    assert disturbance.struck.total() == POINTS
    assert differing(told, undisturbed) == []
    assert [path for path in disk.rglob(".*") if path.is_file()] == []


def test_a_full_disk_of_the_database_is_refused(
    undisturbed: Told, tmp_path: Path, small_disk: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = chance_of("full database")
    disk = small_disk("160m")
    telling = Telling("", tmp_path / "told", months=("2026-01",))
    telling.folder.mkdir()
    telling.desk.home.symlink_to(disk)
    monkeypatch.setenv("BEKOSTIGING_KEEP_SERVER", "1")  # so that it runs while the disk fills

    def draw(name: str) -> Trouble:
        fill(disk, 8192 * chance.randrange(4))
        return Trouble("a full disk")

    def was_struck(ended: Ended) -> bool:
        (disk / ".filler").unlink()
        return ended.code == 1 and any(refusal in " ".join(ended.output.split()) for refusal in _DATABASE_IS_FULL)

    points = {"2026-01 deliveries-a": 2, "2026-01 deliveries-b": 2, "2026-01 run": 2}
    disturbance = Disturbance(points, draw, was_struck)
    told = tell(telling, disturbance)
    assert disturbance.struck.total() == sum(points.values())
    assert differing(told, undisturbed) == []
    assert telling.desk.do("db", "stop").code == 0
    fill(disk, 0)
    refused = telling.desk.do("settle", "list")
    assert (refused.code, "de schijf is vol" in " ".join(refused.output.split())) == (1, True)
    (disk / ".filler").unlink()
    assert telling.desk.do("settle", "list").code == 0
    assert telling.desk.do("db", "stop").code == 0
