"""The process in which cases run: `python -m tests.fuzz.worker URL FOLDER SEED`, a number of a case on each line."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import click

from database.connection import open_engine
from tests.fuzz.cases import Room, case_of, good_cases

# What reading a file may take, by its size; and what Python and its libraries take besides, at any size.
MEMORY_BYTES, TIMES_ITS_SIZE, BESIDES_BYTES = 50_000_000, 20, 150_000_000


def main(url: str, folder: str, seed: str) -> None:
    os.environ["BEKOSTIGING_HOME"] = folder
    engine = open_engine(url)
    room = Room(engine, Path(folder))
    for case in good_cases():  # what is imported and made once is no part of a case
        room.outcome(case)
    base = _address_space_bytes()
    out = sys.stdout
    click.echo("ready", file=out)
    for line in sys.stdin:
        case = case_of(int(seed), int(line))
        most = base + MEMORY_BYTES + TIMES_ITS_SIZE * len(case.content) + BESIDES_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        outcome = room.outcome(case)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        click.echo(json.dumps([int(line), *outcome]), file=out)


def _address_space_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main(*sys.argv[1:])
