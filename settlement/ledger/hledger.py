"""The profile for plain text accounting: a journal that `hledger check --strict` accepts, with every account declared.

An entry is dated on the last day of its booking period. What it is about stands in tags, so that
`hledger balance --pivot taakveld` and the like work.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from settlement.ledger.booked import BookedLine
from settlement.ledger.generic import decimal_comma

# By event: the account above it, and what hledger must take it for.
_TOP = {"cost": ("lasten", "X"), "advance": ("activa", "A"), "payable": ("passiva", "L")}
# What means something to hledger within a description or the name of an account.
_SYNTAX = str.maketrans({";": ",", ":": ",", "|": "/"})


def hledger(lines: Sequence[BookedLine]) -> bytes:
    """The journal as text."""
    return "\n".join([*_declarations(lines), *_entries(lines), ""]).encode()


def _declarations(lines: Sequence[BookedLine]) -> Iterator[str]:
    yield "; Debet is positief, credit is negatief."
    yield "decimal-mark ,"
    yield "commodity 1.000,00 EUR"
    yield ""
    for event in sorted({line.event for line in lines}, key=list(_TOP).index):
        top, kind = _TOP[event]
        yield f"account {top}  ; type:{kind}"
        yield from (f"account {name}" for name in sorted({_account(line) for line in lines if line.event == event}))


def _entries(lines: Sequence[BookedLine]) -> Iterator[str]:
    for entry, group in groupby(lines, key=lambda line: line.entry):
        own = list(group)
        of = own[0]
        provider = _plain(of.run.provider_names.get(of.provider, "")) or of.provider
        what = "verrekening van voorschotten" if any(line.event == "advance" for line in own) else "afrekening"
        yield ""
        yield (
            f"{of.run.period.last_day} * ({entry}) {provider} | {of.contract} {what}"
            f"  ; run:{of.run.number}, contract:{of.contract}, aanbieder:{of.provider}"
        )
        names = [_account(line) for line in own]
        width = max(map(len, names))
        for name, line in zip(names, own, strict=True):
            yield f"    {name:<{width}}  {decimal_comma(line.amount):>15} EUR  ; {', '.join(_tags(line))}"


def _tags(line: BookedLine) -> Iterator[str]:
    """`name:value`. No value holds a comma: these are codes and numbers."""
    yield f"regel:{line.line}"
    if line.event == "cost":
        yield f"taakveld:{line.task_field}"
        yield f"economische-categorie:{line.account.economic_category}"
        yield f"kostenplaats:{line.cost_centre}"
        yield f"gemeente:{line.municipality}"
        if line.service_month:
            yield f"dienstperiode:{line.service_month}"
        yield f"vorig-jaar:{'J' if line.prior_year else 'N'}"


def _account(line: BookedLine) -> str:
    return f"{_TOP[line.event][0]}:{_plain(f'{line.account.number} {line.account.name}')}"


def _plain(text: str) -> str:
    """Text on one line, with single spaces and without a sign that hledger would read as syntax."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.translate(_SYNTAX).split())
