"""What commands print on 80 columns: findings, tables and sentences; and the exit code when somebody should look."""

import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.progress import track
from rich.table import Table
from rich.text import Text

from database.command_line import tell_json
from database.output import steered
from kernel.findings import Finding, other_than_file

WIDTH = 80
_UNBOUNDED = 10_000
NEEDS_ATTENTION = 3


class PlainPath(click.Path):
    """A path of a file or a folder to read or write; a pipe or a device is refused, since it may never end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(str(super().convert(value, param, ctx)))
        kind = other_than_file(path)
        if kind and not path.is_dir():
            self.fail(f"{str(path)!r} is {kind}, geen {'bestand' if self.file_okay else 'map'}.", param, ctx)
        return path


# The number of a run, a recording, a job or a version: what the database can hold.
NUMBER = click.IntRange(max=2**31 - 1)
FILE = PlainPath(dir_okay=False)
FOLDER = PlainPath(file_okay=False)


def tell_findings(findings: Sequence[Finding], *, most: int, err: bool = False) -> None:
    """Print under each code its first `most` findings, with place and remedy, and how many there are."""
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code].append(finding)
    for code, found in sorted(by_code.items()):
        click.echo(f"  {code} ({len(found)} keer)" if len(found) > 1 else f"  {code}", err=err)
        for finding in found[:most]:
            say_under(str(finding), indent="    ", err=err)
        if len(found) > most:
            click.echo(f"    … en nog {len(found) - most}", err=err)


def tell_warnings(ctx: click.Context, warnings: Sequence[Finding]) -> None:
    """Print warnings and, when there are any, end with the exit code that says that somebody should look."""
    if warnings:
        click.echo("Let op:")
        tell_findings(warnings, most=len(warnings))
        ctx.exit(NEEDS_ATTENTION)


def end_with_json(ctx: click.Context, answer: Any, *, needs_attention: object) -> None:
    """Print an answer as JSON, and end with the exit code that the command has without it."""
    tell_json(answer)
    ctx.exit(NEEDS_ATTENTION if needs_attention else 0)


T = TypeVar("T")


def watched(items: Iterable[T], title: str) -> Iterable[T]:
    """The same items, with a progress line on the terminal while they pass; nothing when nobody is looking."""
    console = Console(file=steered(sys.stderr), width=WIDTH)
    return track(items, title, console=console, transient=True, disable=not sys.stderr.isatty())


def print_table(table: RenderableType) -> None:
    """Print a table on 80 columns, without blanks at the end of a line; what is in the cells is text, no markup."""
    console = Console(width=WIDTH, markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def print_amounts(first: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Print a table of amounts of which the last row is the total; no name and no amount is broken.

    Where that is wider than a terminal a name has a line of its own above its amounts, and where these do not fit
    beside each other either, each of them has one.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for place, (name, amounts) in enumerate(rows):
        if place == len(rows) - 1:
            table.add_section()
        table.add_row(name, *amounts)
    if width_of(table) <= WIDTH:
        print_table(table)
        return
    widths = [max(map(len, cells)) for cells in zip(columns, *(amounts for _, amounts in rows), strict=True)]
    if sum(widths) + 2 * len(widths) <= WIDTH:
        for name, amounts in ((first, columns), *rows):
            beside = "".join(f"  {amount:>{width}}" for amount, width in zip(amounts, widths, strict=True))
            click.echo(f"{name}\n{beside}")
        return
    for name, amounts in rows:
        click.echo(name)
        for column, amount in zip(columns, amounts, strict=True):
            click.echo(f"  {column:<{max(map(len, columns))}}  {amount:>{max(widths)}}")


def under_headings(empty: Callable[[], Table], rows: Mapping[str, Sequence[Sequence[str]]]) -> RenderableType:
    """Rows in a table for each heading, which stands above it and so is never broken; the columns are as wide in all.

    `empty` makes a table without rows; its header stands once, under the first heading.
    """
    whole = empty()
    for row in chain.from_iterable(rows.values()):
        whole.add_row(*row)
    fit(whole)
    parts: list[RenderableType] = []
    for heading, of_heading in rows.items():
        table = empty()
        table.show_header = not parts
        for column, fitted in zip(table.columns, whole.columns, strict=True):
            column.width = fitted.width
        for row in of_heading:
            table.add_row(*row)
        parts += [Text(f"\n{heading}" if heading else ""), table]
    return Group(*parts)


def width_of(table: Table) -> int:
    """How wide a table is when nothing in it is folded."""
    console = Console(width=_UNBOUNDED, markup=False, emoji=False)
    return Measurement.get(console, console.options, table).maximum


def say_under(sentence: str, *, indent: str, err: bool = False) -> None:
    """Print a sentence under what it is about, on 80 columns; the name of a contract stays whole."""
    further = f"{indent}  "
    filled = textwrap.fill(sentence, WIDTH, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False)
    click.echo(filled, err=err)


def say(sentence: str, *, indent: str = "  ", err: bool = False) -> None:
    """Print a sentence on 80 columns; a path and the name of a contract stay whole."""
    click.echo(
        textwrap.fill(sentence, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False),
        err=err,
    )


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
