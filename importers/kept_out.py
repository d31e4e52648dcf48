"""Keeps the numbers of clients out of all text that a command records: names, reasons, documents, users.

References of deliveries come in by the million and have a rule of their own (D14). All else is written with parameters,
so it is looked up there, whatever command writes it and whatever table it goes to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from database.settings import Settings
from importers.pseudonyms import pseudonym
from kernel.findings import Refusal
from kernel.identifiers import as_quoted, possible_client_numbers

_WRITES = re.compile(r"\s*(?:INSERT\s+INTO|UPDATE)\s+(\w+)", re.IGNORECASE)
# Computed from what was looked up when it entered, or told of a file without the numbers in it.
_COMPUTED = frozenset(
    (
        "runs", "run_contracts", "run_findings", "run_lines", "run_months", "run_set_offs", "run_volumes",
        "journal_entries", "journal_lines", "batch_findings", "clients", "job_attempts", "pseudonym_keys",
    )
)  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{64}")
_NINE_DIGITS = 9
# In a document of many lines numbers stand beside each other that are not of one another.
_BETWEEN_VALUES = re.compile(r"[\n,;=\[\]{}]+")


def keep_out_client_numbers(engine: Engine, settings: Settings) -> None:
    """Refuse, from now on, to write a text with the number of a client that is known by its pseudonym."""

    def look(connection: Connection, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        written = _WRITES.match(statement)
        if written is None or written[1] in _COMPUTED:
            return
        found = dict(_numbers_in(parameters))
        for number in numbers_of_clients(connection, settings.key_file, found):
            raise Refusal(
                f'"{as_quoted(found[number].strip())}" bevat het nummer van een cliënt; er is niets vastgelegd',
                "schrijf de tekst zonder dat nummer",
            )

    event.listen(engine, "before_cursor_execute", look)


def numbers_of_clients(connection: Connection, key_file: Path, numbers: Iterable[str]) -> list[str]:
    """Those of `numbers` that are of a client; without a key no client was ever received."""
    asked = list(numbers)
    if not asked or not key_file.exists():
        return []
    try:
        key = bytes.fromhex(key_file.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        hint = "zet de bewaarde sleutel terug met `bekostiging db key import BESTAND`"
        raise Refusal(f"{key_file} kan niet als sleutel gelezen worden", hint) from None
    by_pseudonym = {bytes.fromhex(pseudonym(key, number)): number for number in asked}
    query = text("SELECT pseudonym FROM clients WHERE pseudonym = ANY(:asked)")
    known = connection.execute(query, {"asked": list(by_pseudonym)}).scalars()
    return [by_pseudonym[bytes(one)] for one in known]


def _numbers_in(parameters: Any) -> Iterator[tuple[str, str]]:
    """Every number that could be one of a client, with the text in which it stands."""
    for values in parameters if isinstance(parameters, Sequence) else (parameters,):
        for value in values.values() if isinstance(values, Mapping) else ():
            if isinstance(value, str) and not _HASH.fullmatch(value):
                for part in _BETWEEN_VALUES.split(value) if "\n" in value else (value,):
                    yield from ((number, part) for number in possible_client_numbers(part, fewest_digits=_NINE_DIGITS))
