"""Finds client numbers in the texts that are kept as they are sent: references and assignments."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from functools import cached_property

from importers.delivery_blocks import blocks
from importers.delivery_files import DeliveryFile
from kernel.identifiers import client_number, client_numbers_in, numbers_in
from kernel.tabular import FoundTable

_FEWEST_DIGITS = 8  # of a client number that lost its leading zero
# The texts that are kept as they are sent. One with fewer digits holds no client number, two zeros in front or not.
_KEPT = ("reference", "previous", "assignment")
_MANY_DIGITS = re.compile(rf"(?m)^(?:[^\d\n]*+\d){{{_FEWEST_DIGITS - 1}}}")
_NO_DIGIT = re.compile(r"[^0-9]+")


class ClientNumbers:
    """Every client number in the column of the client, of all tables. Read once, and only when a row asks for it."""

    def __init__(self, file: DeliveryFile) -> None:
        self._file = file

    @cached_property
    def all(self) -> Set[str]:
        found: set[str] = set()
        for table in self._file.tables:
            place = table.places["client"] or 0
            for block in blocks(self._file, 0, table):
                cells = (
                    block.columns[place] if block.columns else (row[place] for row in block.rows() if place < len(row))
                )
                found.update(number for cell in {*cells} - found if (number := client_number(cell.strip())))
        return found


class Finder:
    """Finds where in a row a text that is kept holds a client number.

    One in eleven numbers of nine digits could be a client number, so a number counts as one when it is in the column of
    the client, in this row or in any other of the file. When this row has something else there, columns may have
    changed places: then every number that could be one counts, where at least half of the cells of a column hold one.
    """

    def __init__(self, table: FoundTable, clients: ClientNumbers) -> None:
        client = table.places["client"]
        assert client is not None, "the client is a required column"
        self._table, self._clients, self._client = table, clients, client
        self._kept = [place for name in _KEPT if (place := table.places[name]) is not None]

    @cached_property
    def _misplaced(self) -> frozenset[int]:
        return _columns_of_client_numbers(self._table, self._kept)

    def any_in(self, columns: Sequence[Sequence[str]]) -> bool:
        """Whether `place_in` finds one in any row of a block, given by column."""
        for place in self._kept:
            texts = "\n".join(columns[place])
            if not _MANY_DIGITS.search(texts):
                continue
            numbers, clients = columns[self._client], self._clients.all
            if not clients.isdisjoint(numbers_in(texts)):
                return True
            # What is left: the own number within longer ones, another kind of number, zeros in front.
            for row, (number, text) in enumerate(zip(numbers, columns[place], strict=True)):
                doubtful = number[-3:] in text or number not in clients or text[:2] == "00"
                if doubtful and self.place_in([column[row] for column in columns]) is not None:
                    return True
        return False

    def place_in(self, cells: Sequence[str]) -> int | None:
        number = cells[self._client].strip()
        for place in self._kept:
            text = cells[place]
            if len(text) < _FEWEST_DIGITS:
                continue
            digits = _NO_DIGIT.sub("", text)
            # The row's own number counts within longer numbers too; few rows get past the first condition.
            if number[-3:] in text and (own := client_number(number)):
                own = own.lstrip("0")
                if len(own) >= _FEWEST_DIGITS - 1 and own in digits:
                    return place
            if len(digits) < _FEWEST_DIGITS:
                continue
            if numbers := client_numbers_in(text):
                if not self._clients.all.isdisjoint(numbers):
                    return place
                if client_number(number) is None and place in self._misplaced:
                    return place
        return None


def _columns_of_client_numbers(table: FoundTable, kept: Sequence[int]) -> frozenset[int]:
    """The columns of which at least half of the cells hold a number that could be a client number."""
    filled, suspect = Counter[int](), Counter[int]()
    for _, cells in table.rows():
        for place in kept:
            if place < len(cells) and cells[place].strip():
                filled[place] += 1
                suspect[place] += bool(client_numbers_in(cells[place]))
    return frozenset(place for place in kept if suspect[place] and 2 * suspect[place] >= filled[place])
