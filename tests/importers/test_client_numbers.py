"""The key that client numbers are hashed with: made once, for this user alone, and one for all of a database."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text

from database.settings import KEY_FILE
from importers import client_numbers
from importers.client_numbers import pseudonym_key
from importers.pseudonyms import pseudonym
from kernel.findings import Refusal

if TYPE_CHECKING:
    from tests.importers.conftest import Desk


@pytest.fixture
def database(desk: Desk) -> Iterator[Connection]:
    """A database that was never filled with a key."""
    with desk.connection.begin_nested() as savepoint:
        yield desk.connection
        savepoint.rollback()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "bekostiging"


def test_a_pseudonym_is_a_keyed_hash() -> None:
    key = bytes(range(32))
    assert pseudonym(key, "999900006") == hmac.new(key, b"999900006", hashlib.sha256).hexdigest()
    assert pseudonym(key, "999900006") != pseudonym(bytes(32), "999900006")
    assert pseudonym(key, "cliënt") != pseudonym(key, "client")


def test_the_first_use_makes_a_key_for_this_user_alone(database: Connection, config: Path) -> None:
    key = pseudonym_key(database, config)
    assert len(key) == 32
    assert [path.name for path in config.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((config / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o700
    assert pseudonym_key(database, config) == key


def test_keys_are_not_alike(database: Connection, tmp_path: Path) -> None:
    keys = set()
    for folder in "abc":
        with database.begin_nested() as savepoint:
            keys.add(pseudonym_key(database, tmp_path / folder))
            savepoint.rollback()
    assert len(keys) == 3


def test_the_database_keeps_a_fingerprint_and_not_the_key(database: Connection, config: Path) -> None:
    key = pseudonym_key(database, config)
    [row] = database.execute(text("SELECT pseudonym_keys::text FROM pseudonym_keys")).scalars()
    assert key.hex() not in row
    assert hashlib.sha256(key).hexdigest() not in row


def test_a_database_filled_with_another_key_is_refused(database: Connection, config: Path, tmp_path: Path) -> None:
    pseudonym_key(database, config)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / KEY_FILE).write_text("ab" * 32)
    with pytest.raises(Refusal, match="niet de sleutel waarmee de database is gevuld") as refusal:
        pseudonym_key(database, tmp_path / "other")
    assert "db key import" in refusal.value.hint


def test_a_lost_key_is_not_replaced(database: Connection, config: Path) -> None:
    pseudonym_key(database, config)
    (config / KEY_FILE).unlink()
    with pytest.raises(Refusal, match="ontbreekt"):
        pseudonym_key(database, config)
    assert not (config / KEY_FILE).exists()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"geen sleutel", b"ab" * 31, b"ab" * 33, b"ab" * 31 + b"a", b"\xff\xfe"]
)
@pytest.mark.parametrize("filled", [True, False])
def test_what_is_no_key_is_refused(database: Connection, config: Path, content: bytes, filled: bool) -> None:
    if filled:
        pseudonym_key(database, config)
    config.mkdir(parents=True, exist_ok=True)
    (config / KEY_FILE).write_bytes(content)
    with pytest.raises(Refusal, match="is geen sleutel"):
        pseudonym_key(database, config)
    assert (config / KEY_FILE).read_bytes() == content


def test_a_key_that_cannot_be_read_is_refused(database: Connection, config: Path) -> None:
    (config / KEY_FILE).mkdir(parents=True)
    with pytest.raises(Refusal, match="is geen sleutel maar een map"):
        pseudonym_key(database, config)


def test_a_folder_that_cannot_be_made_is_refused(database: Connection, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("een bestand waar een map moet komen")
    with pytest.raises(Refusal, match="kan niet geschreven worden"):
        pseudonym_key(database, tmp_path / "config" / "bekostiging")


def test_a_key_half_written_is_never_the_key(
    database: Connection, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after writing and before the key has its name."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pseudonym_key(database, config)
    assert not (config / KEY_FILE).exists()
    assert len(pseudonym_key(database, config)) == 32


def test_of_two_that_make_a_key_at_once_one_wins(config: Path) -> None:
    ready = threading.Barrier(8)

    def make() -> None:
        ready.wait()
        for _ in range(5):
            client_numbers._make_key(config / KEY_FILE)
            seen.add((config / KEY_FILE).read_text())

    seen: set[str] = set()
    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1
    assert [path.name for path in config.iterdir()] == [KEY_FILE]
