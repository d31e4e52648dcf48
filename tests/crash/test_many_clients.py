"""Twenty clients at once: the end is that of one after another, every run is posted once, and nobody waits for ever."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.crash import auditor, story
from tests.crash.conftest import NewTelling
from tests.crash.disturbing import Ended, asked, chance_of, needs_fork
from tests.crash.telling import Telling, backup, broken, papers

CLIENTS = 20
MONTH = story.MONTHS[-1]

pytestmark = needs_fork


def at_once(telling: Telling, commands: Iterable[tuple[str, ...]]) -> list[tuple[str, Ended]]:
    """Start all commands, and wait for all of them. Done, done with findings or refused: nothing else will do."""
    started = [(" ".join(command[:2]), telling.desk.start(*command)) for command in commands]
    assert len(started) == CLIENTS
    ended = [(name, child.end()) for name, child in started]
    assert [(name, end.output) for name, end in ended if end.code not in (0, 1, 3)] == []
    return ended


def done(ended: Iterable[tuple[str, Ended]]) -> Counter[str]:
    """How often each command was done."""
    return Counter(name for name, end in ended if end.code != 1)


def imports(files: Path, out: Path) -> list[tuple[str, ...]]:
    """What comes in after the register; every file of deliveries twice."""
    deliveries = [
        ("import", "deliveries", f"{files}/{name}", "--rejected", f"{out}/geweigerd") for name in story.delivery_files()
    ]
    return [
        *deliveries,
        *deliveries,
        ("tariff", "import", f"{files}/prijzen-2.csv", "--version", "2"),
        ("import", "population", f"{files}/telling-2.csv"),
    ]


def begun(telling: Telling) -> Telling:
    """The story up to where the first deliveries come."""
    story.write_files(telling.files)
    telling.out.mkdir()
    for step in story.register_steps(telling.files):
        assert telling.desk.do(*step.arguments).code in (0, 3)
    return telling


def output_hashes(telling: Telling) -> list[tuple[str, int]]:
    with asked(telling.url) as connection:
        query = "SELECT output_sha256, count(*) FROM runs WHERE state <> 'discarded' GROUP BY 1"
        return connection.execute(query).fetchall()  # type: ignore[return-value]


def test_twenty_clients_at_once_end_as_one_after_another(new_telling: NewTelling) -> None:
    chance = chance_of("many clients")
    alone, together = begun(new_telling()), begun(new_telling())
    for command in imports(alone.files, alone.out):
        assert alone.desk.do(*command).code in (0, 3)
    assert alone.desk.do("settle", "run", "--period", MONTH).code == 3

    # Everything comes in at once, while others look at it and settle without recording.
    look = [("settle", "run", "--period", MONTH, "--dry-run")] * 3 + [("ledger", "check"), ("db", "status")]
    keep = [("db", "backup", f"{together.out}/kopie.zip", "--replace")]
    come_in = imports(together.files, together.out)
    commands = [*come_in, *look, *keep]
    chance.shuffle(commands)
    ended = at_once(together, commands)
    assert done(ended)["import deliveries"] == 2 * len(story.delivery_files())
    assert done(ended)["tariff import"] == done(ended)["import population"] == done(ended)["ledger check"] == 1

    # Twelve make a run at once: all say what the run says that was made alone.
    runs = 12
    settle = [("settle", "run", "--period", MONTH)] * runs
    again = come_in[: CLIENTS - runs]
    assert done(at_once(together, [*settle, *again])) == {"settle run": runs, "import deliveries": len(again)}
    [(said, _)] = output_hashes(alone)
    assert output_hashes(together) == [(said, runs)]

    # All of them are approved at once, some twice: one is.
    approve = [("settle", "approve", str(1 + number % runs)) for number in range(CLIENTS)]
    assert done(at_once(together, approve)) == {"settle approve": 1}
    with asked(together.url) as connection:
        [(run,)] = connection.execute("SELECT id FROM runs WHERE state = 'approved'").fetchall()

    # It is posted by ten at once, while others export it and discard it: one ends it.
    commands = [
        *[("settle", "post", str(run))] * 10,
        *[("settle", "discard", str(run))] * 2,
        *[("statement", "export", str(run), "--out", f"{together.out}/afrekeningen")] * 3,
        *[("ledger", "export", str(run), "--out", f"{together.out}/journaal.csv")] * 3,
        *[("db", "backup", f"{together.out}/kopie.zip", "--replace")] * 2,
    ]
    ended = at_once(together, commands)
    assert done(ended)["settle post"] + done(ended)["settle discard"] == 1
    papers(together.out / "afrekeningen")
    backup(together.out / "kopie.zip")
    if done(ended)["settle discard"]:
        run = 1 + run % runs
        assert together.desk.do("settle", "approve", str(run)).code == 0
        assert together.desk.do("settle", "post", str(run)).code == 0
    known = story.known_at(MONTH)
    with asked(together.url) as connection:
        assert auditor.posted(connection, runs) == auditor.entitled(known, MONTH, posts_monthly=False)
        assert auditor.booked(connection) == {
            (run, contract): said
            for (_, contract), said in auditor.journals([(MONTH, known)], posts_monthly=False).items()
        }
        [postings] = connection.execute("SELECT count(*) FROM recordings WHERE kind = 'posting'").fetchall()
    assert postings == (1,)
    assert broken(together.url) == []
