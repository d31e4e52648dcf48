"""Client numbers become pseudonyms in the process that reads the file, before anything reaches the database.

A pseudonym is an HMAC-SHA256 of the number under a key that lives in the user's configuration and never in the
database. Without the key nobody can go back; with another key the same client is another client, so the database keeps
a fingerprint of the key it was filled with.
"""

import hashlib
import os
import secrets
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from database.settings import KEY_FILE
from database.whole_file import whole_file
from importers.tables import pseudonym_keys
from kernel.findings import NotNow, Refusal, other_than_file, why_not

_KEY_BYTES = 32


def pseudonym_key(connection: Connection, config_dir: Path) -> bytes:
    """The key of this user; made on first use. Raises `NotNow` when the database was filled with another one."""
    path = config_dir / KEY_FILE
    known = select(pseudonym_keys.c.fingerprint)
    stored = connection.execute(known).scalar_one_or_none()
    if not os.path.exists(path) and stored is None:
        _make_key(path)
    if kind := other_than_file(path):
        raise NotNow(f"{path} is geen sleutel maar {kind}", "zet weg wat daar staat")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise NotNow(
            f"de sleutel voor cliëntnummers ({path}) ontbreekt, en de database is met die sleutel gevuld",
            "zet de bewaarde sleutel terug met `bekostiging db key import BESTAND`",
        ) from None
    except OSError as error:
        raise NotNow(f"{path} kan niet gelezen worden: {why_not(error)}", "controleer de rechten") from None
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise NotNow(f"{path} is geen sleutel", "zet de bewaarde sleutel terug met `bekostiging db key import BESTAND`")
    fingerprint = hashlib.sha256(b"bekostiging pseudonym key" + key).hexdigest()
    if stored is None:
        connection.execute(insert(pseudonym_keys).values(fingerprint=fingerprint).on_conflict_do_nothing())
        stored = connection.execute(known).scalar_one()
    if stored != fingerprint:
        raise NotNow(
            f"de sleutel voor cliëntnummers ({path}) is niet de sleutel waarmee de database is gevuld",
            "zet de goede sleutel terug met `bekostiging db key import BESTAND`",
        )
    return key


def _make_key(path: Path) -> None:
    """Write a new key for this user alone; an unfinished file is never taken for a key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole_file(path) as file:
            file.write(secrets.token_hex(_KEY_BYTES).encode() + b"\n")
    except Refusal:
        if not os.path.exists(path):  # else another process made the key first; then that one is the key
            raise
    except OSError as error:
        raise NotNow(f"{path} kan niet geschreven worden: {why_not(error)}", "controleer de rechten") from None
