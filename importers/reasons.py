"""The columns that are put beside rejected rows, and known again when the rows are sent once more."""

from collections.abc import Mapping, Sequence

from kernel.tabular import normal

REASON = ("code", "reden", "herstel")


def reason_places(header: Sequence[str]) -> Mapping[str, int]:
    """Where each column of the reason stands in a file that went back and comes again; empty for any other file."""
    names = tuple(map(normal, header))
    for first in range(len(names)):
        if names[first : first + len(REASON)] == REASON:
            return {name: place for place, name in enumerate(REASON, first)}
    return {}


def without_reason(cells: Sequence[str], places: Mapping[str, int]) -> list[str]:
    """The cells of the sender alone: what came back and still is not right gets a new reason for the old one."""
    return [cell for place, cell in enumerate(cells) if place not in places.values()]
