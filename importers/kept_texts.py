"""Finds client numbers in the texts that are kept as they are sent: references and assignments.

One in eleven numbers of nine digits could be a client number, so most that could be one are none. Here each becomes a
pseudonym with the place where it stands; the database tells which are of a client (`importers.loading`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from importers.pseudonyms import pseudonym
from kernel.identifiers import client_number, client_numbers_in, possible_client_numbers
from kernel.tabular import FoundTable

# The texts that are kept as they are sent. One with fewer digits holds no client number, two zeros in front or not.
KEPT = ("reference", "previous", "assignment")
_FEWEST_DIGITS = 7
_MANY_DIGITS = re.compile(rf"(?m)^(?:[^\d\n]*+\d){{{_FEWEST_DIGITS}}}")
_NO_DIGIT = re.compile(r"[^0-9]+")


class Finder:
    """Finds where in a row a text that is kept may hold a client number.

    The row's own number is known at once. When the row has something else in the column of the client, columns may have
    changed places: then every number that could be one counts, where at least half of the cells of a column hold one.
    All others are gathered for the database, which knows the clients of this file and of every other.
    """

    def __init__(self, table: FoundTable, key: bytes) -> None:
        client = table.places["client"]
        assert client is not None, "the client is a required column"
        self._table, self._key, self._client = table, key, client
        self._kept = [(index, place) for index, name in enumerate(KEPT) if (place := table.places[name]) is not None]
        self._gathered: list[str] = []

    @cached_property
    def _misplaced(self) -> frozenset[int]:
        return _columns_of_client_numbers(self._table, [place for _, place in self._kept])

    def any_in(self, columns: Sequence[Sequence[str]], numbers: Sequence[int]) -> bool:
        """Whether `place_in` finds one in any row of a block, given by column; if not, the block is gathered."""
        gathered: list[str] = []
        for index, place in self._kept:
            texts = columns[place]
            if not _MANY_DIGITS.search("\n".join(texts)):
                continue
            clients = columns[self._client]
            strange = {client for client in {*clients} if client_number(client.strip()) is None}
            for row, (client, text) in enumerate(zip(clients, texts, strict=True)):
                doubtful = client[-3:] in text or client in strange
                if doubtful and self.place_in([column[row] for column in columns]) is not None:
                    return True
                gathered += self._pseudonyms(numbers[row], index, text)
        self._gathered += gathered
        return False

    def place_in(self, cells: Sequence[str]) -> int | None:
        client = cells[self._client].strip()
        for _, place in self._kept:
            text = cells[place]
            if len(text) < _FEWEST_DIGITS:
                continue
            digits = _NO_DIGIT.sub("", text)
            # The row's own number counts within longer numbers too; few rows get past the first condition.
            if client[-3:] in text and (own := client_number(client)):
                own = own.lstrip("0")
                if len(own) >= _FEWEST_DIGITS and own in digits:
                    return place
            is_strange = len(digits) > _FEWEST_DIGITS and client_number(client) is None
            if is_strange and client_numbers_in(text) and place in self._misplaced:
                return place
        return None

    def gather(self, number: int, cells: Sequence[str]) -> None:
        """Keep what may be a client number in a row for the database."""
        for index, place in self._kept:
            self._gathered += self._pseudonyms(number, index, cells[place])

    def _pseudonyms(self, row: int, index: int, text: str) -> list[str]:
        found = possible_client_numbers(text)
        return [f"{row}\t{index}\t\\\\x{pseudonym(self._key, number)}\n" for number in found]

    def take(self) -> str:
        """What was gathered since the last time, as text for COPY: row, place in `KEPT`, pseudonym."""
        gathered, self._gathered = "".join(self._gathered), []
        return gathered


def _columns_of_client_numbers(table: FoundTable, kept: Sequence[int]) -> frozenset[int]:
    """The columns of which at least half of the cells hold a number that could be a client number."""
    filled, suspect = Counter[int](), Counter[int]()
    for _, cells in table.rows():
        for place in kept:
            if place < len(cells) and cells[place].strip():
                filled[place] += 1
                suspect[place] += bool(client_numbers_in(cells[place]))
    return frozenset(place for place in kept if suspect[place] and 2 * suspect[place] >= filled[place])
