"""Bounds on a TOML text, so that reading it takes time and memory in proportion to its size.

`tomllib` calls itself for every bracket, takes the square of the length of a dotted key, and makes an integer of any
size. So a text is looked through once before it is parsed.
"""

import re
import tomllib
from decimal import Decimal
from typing import Any

# Some fifty times the largest contract in use.
MOST_BYTES = 250_000
_MOST_NESTED = 10
_MOST_PARTS = 6
_LONGEST_TEXT = 1_000
_LONGEST_BARE = 100

# A text that is not closed goes on to the end of its line, or of the document: no character is looked at twice.
_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*+)
      | (?P<text>\"{3}(?:[^"\\]++|\\.|\"{1,2}(?!\"))*+\"{0,5}|'{3}(?:[^']++|'{1,2}(?!'))*+'{0,5}
        |\"(?:[^"\\\n]++|\\[^\n])*+\"?|'[^'\n]*+'?)
      | (?P<open>[\[{])
      | (?P<close>[\]}])
      | (?P<dot>\.)
      | (?P<end>[\n=,])
      | (?P<bare>[^\]\[{}=,.\s\#"']+)""",
    re.VERBOSE | re.DOTALL,
)


def parse(text: str) -> dict[str, Any]:
    """What a TOML text within bounds says, with exact decimals. Raises `tomllib.TOMLDecodeError`."""
    return tomllib.loads(text, parse_float=Decimal)


def out_of_bounds(text: str) -> tuple[int, str] | None:
    """The line of the first thing in a text that is out of bounds, and 'what; remedy'."""
    depth = dots = 0
    for match in _TOKEN.finditer(text):
        said = None
        match match.lastgroup:
            case "open":
                depth, dots = depth + 1, 0
                if depth > _MOST_NESTED:
                    said = f"meer dan {_MOST_NESTED} haken in elkaar; sluit elke haak"
            case "close":
                depth, dots = max(depth - 1, 0), 0
            case "dot":
                dots += 1
                if dots >= _MOST_PARTS:
                    said = f"een sleutel van meer dan {_MOST_PARTS} delen; schrijf sleutel = waarde"
            case "end":
                dots = 0
            case "text" if match.end() - match.start() > _LONGEST_TEXT:
                said = f"een tekst van meer dan {_LONGEST_TEXT} tekens; sluit het aanhalingsteken, of kort de tekst in"
            case "bare" if match.end() - match.start() > _LONGEST_BARE:
                said = f"meer dan {_LONGEST_BARE} tekens achter elkaar; zet tekst en bedragen tussen aanhalingstekens"
        if said:
            return text.count("\n", 0, match.start()) + 1, said
    return None


def brackets_open_at(text: str, line: int) -> int | None:
    """The line on which the outermost bracket was opened that is still open where `line` begins; None when none is."""
    opened: list[int] = []
    at = 1
    for match in _TOKEN.finditer(text):
        if at >= line:
            break
        match match.lastgroup:
            case "open":
                opened.append(at)
            case "close" if opened:
                opened.pop()
        at += match[0].count("\n")
    return opened[0] if opened else None
