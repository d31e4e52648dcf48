"""Number formats of spreadsheets (ECMA-376 part 1, 18.8.30 and 18.8.31): how a number is shown, in Dutch notation."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

# What the numbers of formats below 164 stand for, where a file does not say it.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0", 6: "#,##0", 7: "#,##0.00", 8: "#,##0.00", 9: "0%",
    10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "dd-mm-yyyy", 15: "d-mmm-yy", 16: "d-mmm",
    17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "d-m-yyyy h:mm", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 41: "#,##0;-#,##0", 42: "#,##0;-#,##0",
    43: "#,##0.00;-#,##0.00", 44: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0",
    **dict.fromkeys((*range(27, 32), *range(50, 59), 36), "dd-mm-yyyy"), **dict.fromkeys(range(32, 36), "h:mm:ss"),
}  # fmt: skip

_MOST_PLACES = 30  # that a spreadsheet shows
_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | _(?P<blank>.) | \*(?P<fill>.)
    | \[(?P<bracket>[^\]]*)\] | (?P<general>General|Standaard|Standard)
    | (?P<exponent>E[+-])0* | (?P<place>[0\#?]) | (?P<point>\.) | (?P<comma>,) | (?P<percent>%) | (?P<text>@)
    | (?P<day>[ymdhsgbeYMDHSGB]|AM/PM|A/P|am/pm|a/p) | (?P<fraction>/) | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:[.,]\d+)?)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_HOLDS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b,
}  # fmt: skip
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts of a format between semicolons: its tokens as (kind, text), and the condition it asks."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, Decimal] | None

    def has(self, *kinds: str) -> bool:
        return any(kind in kinds for kind, _ in self.tokens)


@dataclass(frozen=True, slots=True)
class Format:
    """A number format. `is_general`: numbers are shown as they are; `is_day`: days or times; `has_time`: times too.

    `is_elapsed`: hours that go on after 24.
    """

    sections: tuple[Section, ...]
    is_general: bool
    is_day: bool
    has_time: bool
    is_elapsed: bool = False


GENERAL = Format((), is_general=True, is_day=False, has_time=False)


@lru_cache(maxsize=1000)
def format_of(code: str) -> Format:
    """The format that a code such as '#,##0.00;[Red]-0.00' stands for."""
    sections = tuple(_section(part) for part in _parts(code))
    first = sections[0]
    if not code or first.has("general", "text"):
        return GENERAL
    is_day = first.has("day", "elapsed") and not first.has("place")
    has_time = is_day and any(kind == "elapsed" or text in "hsHS" for kind, text in first.tokens if kind != "literal")
    is_elapsed = is_day and first.has("elapsed")
    return Format(sections, is_general=False, is_day=is_day, has_time=has_time, is_elapsed=is_elapsed)


def _parts(code: str) -> list[str]:
    """The code cut at the semicolons that are no text."""
    parts, start, quoted, at = [], 0, False, 0
    while at < len(code):
        if code[at] == "\\" and not quoted:
            at += 1
        elif code[at] == '"':
            quoted = not quoted
        elif code[at] == ";" and not quoted:
            parts.append(code[start:at])
            start = at + 1
        at += 1
    return [*parts, code[start:]]


def _section(code: str) -> Section:
    tokens: list[tuple[str, str]] = []
    condition = None
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "other", match[match.lastgroup or 0]
        if kind == "bracket":
            if found := _CONDITION.fullmatch(text.strip()):
                condition = (found[1], Decimal(found[2].replace(",", ".")))
            elif text.startswith("$"):
                tokens.append(("literal", text[1:].partition("-")[0]))
            elif _ELAPSED.fullmatch(text):
                tokens.append(("elapsed", text))
            continue
        if kind == "blank":
            kind, text = "literal", " "
        elif kind == "fill":
            continue
        elif kind in ("quoted", "escaped", "other"):
            kind = "literal"
        tokens.append((kind, text))
    return Section(tuple(tokens), condition)


def shown(number: Decimal, of: Format) -> str:
    """How a number is shown by a format that is neither general nor of days."""
    section, signed = _section_for(number, of.sections)
    if section.has("general", "text"):
        return f"{number:f}".replace(".", ",")
    minus = "-" if signed and number < 0 else ""
    return (minus + _laid_out(abs(number), section)).strip()


def _section_for(number: Decimal, sections: tuple[Section, ...]) -> tuple[Section, bool]:
    """The section that shows a number, and whether a minus sign is put before it."""
    if any(section.condition for section in sections):
        for section in sections[:2]:
            if section.condition and _HOLDS[section.condition[0]](number, section.condition[1]):
                return section, True
        rest = [section for section in sections if section.condition is None]
        return (rest or sections)[-1 if rest else 0], True
    if number < 0 and len(sections) > 1:
        return sections[1], False
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


def _laid_out(number: Decimal, section: Section) -> str:
    """The digits of a number that is not negative in the places of a section, with the texts between them."""
    tokens = section.tokens
    if not section.has("place"):
        return "".join(text for kind, text in tokens if kind in ("literal", "percent"))
    last_place = max(at for at, (kind, _) in enumerate(tokens) if kind == "place")
    point = next((at for at, (kind, _) in enumerate(tokens) if kind == "point"), len(tokens))
    whole_places = [at for at, (kind, _) in enumerate(tokens) if kind == "place" and at < point]
    decimals = [at for at, (kind, _) in enumerate(tokens) if kind == "place" and at > point][:_MOST_PLACES]
    if section.has("fraction"):
        return f"{int(number)}" if number == int(number) else f"{int(number)} ?/?"
    if section.has("exponent"):
        return f"{number:.{len(decimals)}E}".replace(".", ",")
    commas = [at for at, (kind, _) in enumerate(tokens) if kind == "comma"]
    after_whole = max(whole_places, default=-1)
    scale = sum(1 for at in commas if after_whole < at <= point or at > last_place)
    grouped = any(at < after_whole for at in commas)
    number = _EXACT.multiply(number, Decimal(100) ** sum(kind == "percent" for kind, _ in tokens))
    number = _EXACT.divide(number, Decimal(1000) ** scale)
    rounded = number.quantize(Decimal(1).scaleb(-len(decimals)), context=Context(prec=400, rounding=ROUND_HALF_UP))
    whole, _, behind = f"{rounded:f}".partition(".")
    whole = whole.lstrip("0")
    least = sum(tokens[at][1] == "0" for at in whole_places)
    whole = whole.zfill(least)
    needed = max((n + 1 for n, at in enumerate(decimals) if tokens[at][1] == "0"), default=0)
    behind = behind[:needed] + behind[needed:].rstrip("0")
    between = [kind for kind, _ in tokens[whole_places[0] : after_whole] if kind == "literal"] if whole_places else []
    out: list[str] = []
    for at, (kind, text) in enumerate(tokens):
        if kind == "place" and at in whole_places:
            if between:
                left = len(whole_places) - whole_places.index(at)
                end = len(whole) - left + 1
                out.append(whole[:end] if at == whole_places[0] else whole[max(end - 1, 0) : max(end, 0)])
            elif at == whole_places[0]:
                out.append(_grouped(whole) if grouped else whole)
        elif kind == "point":
            out.append(("" if whole_places else whole) + ("," + behind if behind or needed else ""))
        elif kind in ("literal", "percent"):
            out.append(text)
    return "".join(out)


def _grouped(digits: str) -> str:
    head = len(digits) % 3
    return ".".join(part for part in (digits[:head], *(digits[n : n + 3] for n in range(head, len(digits), 3))) if part)
