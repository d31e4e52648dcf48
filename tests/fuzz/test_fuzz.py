"""A fixed share of the fuzzer; many more by hand: `python -m tests.fuzz --cases 50000 --seed 1`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import count, islice
from pathlib import Path

import pytest
from sqlalchemy import URL

from database.connection import open_engine
from tests.databases import database
from tests.fuzz import pool
from tests.fuzz.cases import ACCEPTED, Room, form_of, good_cases

SEED, CASES = 2026, 150


@pytest.mark.parametrize(
    "forms",
    [
        ("csv", "toml"),
        ("xlsx", "ods"),
    ],
    ids="-".join,
)
def test_whatever_stands_in_a_file_is_read_or_refused_whole(server_url: URL, forms: tuple[str, ...]) -> None:
    def new_database() -> AbstractContextManager[str]:
        return database(server_url)

    indexes = list(islice((index for index in count() if form_of(SEED, index) in forms), CASES))
    found: dict[int, str | None] = {}
    pool.run(new_database, SEED, indexes, 1, lambda index, _, wrong: found.update({index: wrong}))
    assert len(found) == CASES
    assert {index: wrong for index, wrong in found.items() if wrong} == {}


def test_what_the_changes_begin_with_is_read(server_url: URL, tmp_path: Path) -> None:
    with database(server_url) as url:
        engine = open_engine(url)
        room = Room(engine, tmp_path)
        known = [case for case in good_cases() if case.name != "contract"]  # one contract keeps another out
        outcomes = {f"{number} {case.file_name}": room.outcome(case) for number, case in enumerate(known)}
        engine.dispose()
    refused = {name: outcome for name, outcome in outcomes.items() if outcome.code not in ACCEPTED or outcome.wrong}
    assert refused == {}
