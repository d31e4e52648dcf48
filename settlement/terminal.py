"""Tables for a terminal: columns give way at the spaces in them, and a word is broken only where no room is left."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from tariffs.commands import WIDTH

_UNBOUNDED = 10_000


def fit(table: Table) -> Table:
    """Narrow the widest columns of `table` until it is as wide as a terminal; its cells are text, no markup.

    A column keeps room for its longest word as long as another can give way.
    """
    console = Console(width=_UNBOUNDED, markup=False, emoji=False)
    spans = [
        [Measurement.get(console, console.options, cell) for cell in (column.header, *column.cells)]
        for column in table.columns
    ]
    widths = [max(span.maximum for span in of_column) for of_column in spans]
    longest_words = [
        wide if column.no_wrap else max(span.minimum for span in of_column)
        for column, of_column, wide in zip(table.columns, spans, widths, strict=True)
    ]
    between = Measurement.get(console, console.options, table).maximum - sum(widths)
    may_fold = [place for place, column in enumerate(table.columns) if not column.no_wrap]
    while sum(widths) > WIDTH - between and may_fold:
        in_words = [place for place in may_fold if widths[place] > longest_words[place]]
        widest = max(in_words or may_fold, key=lambda place: widths[place])
        if widths[widest] == 1:
            break
        widths[widest] -= 1
    for column, characters in zip(table.columns, widths, strict=True):
        column.width = characters
    return table
