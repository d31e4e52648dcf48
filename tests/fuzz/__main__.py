"""Many cases by hand: `python -m tests.fuzz --cases 50000 --seed 1`. What goes wrong is kept in a folder, to try again.

The number of a case and its seed say what it is: `python -m tests.fuzz --seed 1 --only 4711` runs that one again.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import click
from sqlalchemy import URL, make_url

from database import embedded, migrations
from database.connection import open_engine
from database.settings import Settings
from tests import databases
from tests.fuzz import pool
from tests.fuzz.cases import FORMS, case_of, form_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", type=int, help="run one case")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("fuzz-found"), help="folder for the files that go wrong")
    parser.add_argument("--forms", nargs="+", choices=sorted(set(FORMS)), help="only files of these forms")
    asked = parser.parse_args()
    numbers = [asked.only] if asked.only is not None else range(asked.first, asked.first + asked.cases)
    indexes = [n for n in numbers if asked.forms is None or form_of(asked.seed, n) in asked.forms]
    began, outcomes = time.monotonic(), Counter[str]()

    def tell(index: int, code: int | None, wrong: str | None) -> None:
        outcomes["run"] += 1
        outcomes[f"exit code {code}"] += 1
        if wrong:
            outcomes["wrong"] += 1
            case = case_of(asked.seed, index)
            asked.out.mkdir(exist_ok=True)
            kept = asked.out / f"{asked.seed}-{index}-{case.file_name}"
            kept.write_bytes(case.content)
            click.echo(f"{kept} ({len(case.content)} bytes, {' '.join(case.arguments)}): {wrong}\n")
        if outcomes["run"] % 1_000 == 0:
            seconds = time.monotonic() - began
            click.echo(f"{outcomes['run']} cases, {outcomes['wrong']} wrong, {seconds:.0f} s")

    with tempfile.TemporaryDirectory(prefix="bekostiging-fuzz-") as folder:
        settings = Settings(Path(folder, "data"), Path(folder, "config"), database_url=None, user="tester")
        with embedded.server(settings) as address:
            server = make_url(address)
            with databases.administered(server):
                _prepare(server)

                def new_database() -> AbstractContextManager[str]:
                    return databases.database(server)

                pool.run(new_database, asked.seed, indexes, min(asked.processes, len(indexes)), tell)
    click.echo(", ".join(f"{name}: {count}" for name, count in sorted(outcomes.items())))
    click.echo(f"{outcomes['run']} cases of seed {asked.seed}, {outcomes['wrong']} wrong")
    return 1 if outcomes["wrong"] else 0


def _prepare(server: URL) -> None:
    quick = ("fsync", "full_page_writes")
    databases.administer(server, *(f"ALTER SYSTEM SET {name} = off" for name in quick), "SELECT pg_reload_conf()")
    engine = open_engine(databases.new_database(server, databases.TEMPLATE, "template1"))
    migrations.upgrade(engine)
    engine.dispose()


if __name__ == "__main__":
    raise SystemExit(main())
