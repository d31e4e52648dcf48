"""Reading a contract document: TOML in, a `Contract` out, or every problem at once with its place.

`tomllib` says nothing of lines, so the text is walked a second time (`line_numbers`) to tell where a key stands.
"""

import copy
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.model import KINDS, Contract
from contracts.values import PATTERN_WORDS, Misfit, Part, Unread, misfits, shown
from kernel.findings import Finding, Refusal, Severity
from kernel.identifiers import as_quoted, as_shown
from kernel.notation import counted
from kernel.tabular import name_of, read_bytes
from kernel.texts import for_a_terminal, visible
from kernel.toml import MOST_BYTES, brackets_open_at, out_of_bounds, parse

KeyPath = tuple[str | int, ...]
P = TypeVar("P", bound=Part)

RECORDS_NOTHING = "niets is vastgelegd"

# How many lines that are no TOML are looked past, how often values that do not fit are left out, and how many findings
# of one document are told: what reading a document may cost follows from its size.
_MOST_LINES = 20
_MOST_ROUNDS = 20
_MOST_FINDINGS = 200
_MOST_ERRORS = 20_000


@dataclass(frozen=True, slots=True)
class Document:
    """A contract document as read: `text` whole, with line ends made alike, and what it says.

    `lines` tells on which line each key and each element of a list stands. With `findings`, what is wrong with it, it
    is a contract as far as it could be read.
    """

    file_name: str
    text: str
    contract: Contract
    lines: Mapping[KeyPath, int]
    findings: Sequence[Finding] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def finding(
        self, code: str, path: KeyPath, message: str, hint: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding about the key at `path`."""
        return _finding(code, severity, _place(self.file_name, self.data, self.lines, path), message, hint)


def contract_of(text: str) -> Contract:
    """The contract of a document that was accepted before."""
    return Contract.model_validate(parse(text))


def read_documents(paths: Sequence[Path], refused: str = RECORDS_NOTHING) -> list[Document]:
    """Read contract documents. Raises `Refusal` with every finding of every document when one of them is wrong.

    `refused` is what the refusal says was not done.
    """
    documents = documents_as_read(paths)
    if findings := [finding for document in documents for finding in document.findings]:
        raise refuse_documents(findings, refused)
    return documents


def documents_as_read(paths: Sequence[Path]) -> list[Document]:
    """Contract documents as far as they can be read, each with what is wrong with it."""
    documents = []
    for path in paths:
        text, data, contract, findings = _read(Contract, name_of(path), read_bytes(path, MOST_BYTES))
        documents.append(Document(name_of(path), text, contract, line_numbers(text), findings, data))
    return documents


def refuse_documents(findings: Sequence[Finding], refused: str = RECORDS_NOTHING) -> Refusal:
    """The refusal of a set of documents because of `findings`."""
    count = counted(len(findings), "bevinding", "bevindingen")
    return Refusal(f"{refused}: {count}", "verbeter de documenten en lees ze opnieuw in", findings)


def read_as(model: type[P], file_name: str, content: bytes) -> tuple[str, P] | list[Finding]:
    """The text of a TOML document, with line ends made alike, and what it says; or all that is wrong with it."""
    text, _, part, findings = _read(model, file_name, content)
    return findings or (text, part)


def warnings_in(file_name: str, text: str, code: str, found: Iterable[Misfit]) -> list[Finding]:
    """Warnings about places in a TOML document that could be read."""
    told = list(found)
    if not told:  # as mostly; a file with many cases takes long to look through once more
        return []
    data, lines = parse(text), line_numbers(text)
    return [
        Finding(code, Severity.WARNING, _place(file_name, data, lines, path), *said.split("; ", 1))
        for path, said in told
    ]


def _read(model: type[P], file_name: str, content: bytes) -> tuple[str, dict[str, Any], P, list[Finding]]:
    """The text of a document, what it says, and its part as far as it can be read, with all that is wrong.

    What cannot be read at all has the text ''.
    """
    nothing, _ = _as_read(model, {})
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return "", {}, nothing, [_no_text(file_name, content, error.start, "het document is geen UTF-8")]
    if "\0" in text:
        at = content.index(b"\0")
        return "", {}, nothing, [_no_text(file_name, content, at, "in het document staat een teken dat geen tekst is")]
    text, data, findings = _toml(file_name, text)
    if data is None:
        return "", {}, nothing, findings
    part, remarks = _as_read(model, data)
    unread = {path for path, *_ in remarks}
    remarks += [remark for remark in _misleading(data) if remark[0] not in unread]
    lines = line_numbers(text) if remarks else {}
    told = sorted(remarks, key=lambda remark: _line_of(lines, remark[0]) or 0)
    findings += [
        _finding("C03", Severity.ERROR, _place(file_name, data, lines, path), message, hint)
        for path, message, hint in told[:_MOST_FINDINGS]
    ]
    if len(told) > _MOST_FINDINGS:
        more = f"en nog {counted(len(told) - _MOST_FINDINGS, 'bevinding', 'bevindingen')}"
        findings.append(Finding("C03", Severity.ERROR, file_name, more, "verbeter eerst wat hierboven staat"))
    return text, data, part, findings


_AMOUNT = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_NAMED = tuple(
    (key,) for key in ("contract", "title", "key", "name", "id", "number", "decision", "price_list", "product")
)


def _misleading(said: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str, str]]:
    """Texts and keys with characters that nobody sees, or with what may be the number of a client."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _misleading(key, (*path, key))
            yield from _misleading(value, (*path, key))
    elif isinstance(said, list):
        for place, value in enumerate(said):
            yield from _misleading(value, (*path, place))
    elif isinstance(said, str):
        if for_a_terminal(said) != said:
            yield path, "er staat een teken in dat niemand ziet", "typ de tekst opnieuw"
        elif as_shown(said) != visible(said) and not (_AMOUNT.fullmatch(said) and path[-1:] not in _NAMED):
            yield path, "bevat een getal dat een cliëntnummer kan zijn", "schrijf de tekst zonder dat getal"


def _finding(code: str, severity: Severity, place: str, message: str, hint: str) -> Finding:
    """A finding that quotes what a document says, but for what may be the number of a client."""
    quoted = (re.sub(r"\d{9,}", lambda digits: as_shown(digits[0]), text) for text in (place, message, hint))
    return Finding(code, severity, *quoted)


def _no_text(file_name: str, content: bytes, at: int, said: str) -> Finding:
    line = content.count(b"\n", 0, at) + 1
    return Finding("C01", Severity.ERROR, f"{file_name}, regel {line}", said, "bewaar het document als UTF-8")


# --- TOML -------------------------------------------------------------------------------------------------------------

_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
# What tomllib says, by how its message begins.
_SYNTAX_MESSAGES = {
    "Cannot overwrite": "deze sleutel staat al eerder in het document; laat er een weg",
    "Cannot declare": "deze tabel staat al eerder in het document; zet bij elkaar wat erin hoort",
    "Cannot mutate": "deze tabel staat al eerder in het document; zet bij elkaar wat erin hoort",
    "Duplicate inline table key": "een sleutel staat twee keer tussen dezelfde accolades; laat er een weg",
    "Expected '=' after a key": "achter de sleutel ontbreekt het teken =; schrijf sleutel = waarde",
    "Invalid value": "de waarde is onleesbaar; zet tekst en bedragen tussen aanhalingstekens",
    "Invalid date": "deze datum bestaat niet; schrijf een bestaande dag als 2026-01-31",
    "Unterminated string": "een aanhalingsteken wordt niet gesloten; zet er een achter de tekst",
    "Illegal character": "een aanhalingsteken wordt niet gesloten, of er staat een onzichtbaar teken; typ het over",
    "Unclosed": "een haak of accolade wordt niet gesloten; zet het teken erbij",
    "Expected ']'": "een rechte haak ontbreekt; schrijf [naam] of [[naam]]",
    "Expected newline": "achter de waarde staat iets dat er niet hoort; haal het weg, of begin een nieuwe regel",
}
_UNREADABLE = "onleesbaar; schrijf sleutel = waarde"


# Mistakes that are over at the end of their line, so that what follows can be read.
_OF_ONE_LINE = ("Cannot overwrite", "Invalid value", "Invalid date", "Illegal character", "Expected newline")
_LEFT_OPEN = "Unclosed before the next key"
_PAIR = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
# Values that are no TOML without quotation marks.
_BARE = (
    (r"(?<![\d-])\d{4}-\d{2}(?![\d-])", "een maand staat zonder aanhalingstekens", 'schrijf "2026-05"'),
    (r"(?<![\d-])\d{1,2}-\d{1,2}-\d{4}", "een datum begint met het jaar", "schrijf 2026-01-31"),
    (r"=\s*-?\d+,\d", "een getal staat zonder aanhalingstekens en met een komma", 'schrijf "12.50"'),
)


def _toml(file_name: str, text: str) -> tuple[str, dict[str, Any] | None, list[Finding]]:
    """What a document says, its text as far as it is TOML, and where it is not.

    Of a line that is no TOML only the key is read; so of a list or table that is not closed before the next key. Any
    other mistake that goes on after its line leaves nothing.
    """
    mark = hashlib.sha256(text.encode()).hexdigest()  # a text that the document does not hold
    findings: list[Finding] = []
    healed: set[int] = set()
    while True:
        if beyond := out_of_bounds(text):
            line, said = beyond
            message, _, hint = said.partition("; ")
            return "", None, [*findings, Finding("C02", Severity.ERROR, f"{file_name}, regel {line}", message, hint)]
        try:
            return text, _marked(parse(text), mark), findings
        except tomllib.TOMLDecodeError as error:
            match = _POSITION.fullmatch(str(error))
            line = int(match[2]) if match and match[2] else text.rstrip("\n").count("\n") + 1
            reason = match[1] if match else str(error)
        lines = text.split("\n")
        at_end = match is not None and match[2] is None
        opened = brackets_open_at(text, len(lines) + 1 if at_end else line)
        first = line
        if opened is not None and reason.startswith(_OF_ONE_LINE) and (at_end or _PAIR.match(lines[line - 1])):
            first, reason = opened, _LEFT_OPEN
        findings.append(_syntax_finding(file_name, first, lines[first - 1], reason))
        pair = _PAIR.match(lines[first - 1])
        goes_on = not reason.startswith((*_OF_ONE_LINE, _LEFT_OPEN))
        if pair is None or goes_on or at_end or first in healed or len(healed) == _MOST_LINES:
            return "", None, findings
        healed.add(first)
        lines[first - 1] = "" if reason.startswith("Cannot overwrite") else f'{pair[1]} = "{mark}"'
        lines[first : line - 1] = [""] * (line - 1 - first)
        text = "\n".join(lines)


def _marked(said: Any, mark: str) -> Any:
    """The same, with every value of a line that is no TOML marked as unread."""
    if isinstance(said, dict):
        return {key: _marked(value, mark) for key, value in said.items()}
    if isinstance(said, list):
        return [_marked(value, mark) for value in said]
    return Unread if said == mark else said


def _syntax_finding(file_name: str, line: int, text: str, reason: str) -> Finding:
    message = next((dutch for start, dutch in _SYNTAX_MESSAGES.items() if reason.startswith(start)), _UNREADABLE)
    message, _, hint = message.partition("; ")
    for pattern, bare, remedy in _BARE:
        if not reason.startswith("Cannot") and re.search(pattern, _QUOTED.sub("", text)):
            message, hint = bare, remedy
            break
    excerpt = as_quoted("".join(filter(str.isprintable, text))).strip()[:60]  # it may be a row of another file
    message = f"geen geldige TOML: {message}" + (f": {excerpt}" if excerpt else "")
    return Finding("C02", Severity.ERROR, f"{file_name}, regel {line}", message, hint)


_TOKEN = re.compile(
    r"""(?P<skip>[ \t]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*')
      | (?P<mark>[][{}=,.])
      | (?P<bare>[^][{}=,.\s\#"']+)""",
    re.VERBOSE | re.DOTALL,
)


def line_numbers(text: str) -> dict[KeyPath, int]:
    """On which line each key and each element of a list stands in a TOML document that can be read."""
    return dict(_Walker(text).document())


class _Walker:
    """Walks the tokens of valid TOML and yields (path, line) of every key and list element it meets."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "skip":
                self.tokens.append((match[0], line))
            line += match[0].count("\n")
        self.tokens.append(("\n", line))
        self.at = 0

    def document(self) -> Iterator[tuple[KeyPath, int]]:
        table: KeyPath = ()
        elements: dict[KeyPath, int] = {}
        while self.at < len(self.tokens):
            token, line = self._take()
            if token == "\n":
                continue
            if token != "[":
                self.at -= 1
                yield from self._pair(table)
                continue
            is_array = self.tokens[self.at][0] == "["
            self.at += is_array
            table = ()
            *parents, name = self._key("]")
            for part in parents:
                table += (part,)
                if table in elements:
                    table += (elements[table],)
            table += (name,)
            if is_array:
                elements[table] = elements.get(table, -1) + 1
                table += (elements[table],)
            self.at += is_array
            yield table, line

    def _pair(self, table: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        line = self.tokens[self.at][1]
        path = table + tuple(self._key("="))
        yield path, line
        yield from self._value(path)

    def _value(self, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        token, _ = self._take()
        if token == "[":
            index = 0
            while (element := self._after_newlines())[0] != "]":
                yield (*path, index), element[1]
                yield from self._value((*path, index))
                index += self._after_newlines()[0] == ","
                self.at += self.tokens[self.at][0] == ","
            self.at += 1
        elif token == "{":
            while self._after_newlines()[0] != "}":
                yield from self._pair(path)
                self.at += self._after_newlines()[0] == ","
            self.at += 1
        else:
            while self.tokens[self.at][0] not in (",", "]", "}", "\n"):
                self.at += 1

    def _key(self, end: str) -> list[str]:
        parts: list[str] = []
        while (token := self._take()[0]) != end:
            if token != ".":
                quoted = token[0] in "\"'"
                parts.append(str(tomllib.loads(f"key = {token}")["key"]) if quoted else token)
        return parts

    def _take(self) -> tuple[str, int]:
        self.at += 1
        return self.tokens[self.at - 1]

    def _after_newlines(self) -> tuple[str, int]:
        while self.tokens[self.at][0] == "\n":
            self.at += 1
        return self.tokens[self.at]


# --- what the model says ----------------------------------------------------------------------------------------------

# The error types of pydantic that a document can cause: message and hint, filled with the input and pydantic's context.
_MODEL_MESSAGES = {
    "missing": ("ontbreekt", "vul deze sleutel in"),
    "extra_forbidden": ("onbekende sleutel", "verbeter de naam of haal de sleutel weg"),
    "literal_error": ("{input} kan hier niet staan", "kies {expected}"),
    "enum": ("{input} kan hier niet staan", "kies {expected}"),
    "union_tag_not_found": ("ontbreekt", "kies {kinds}"),
    "union_tag_invalid": ("{tag} bestaat niet", "{near}kies {expected_tags}"),
    "string_type": ("hier hoort tekst", "zet de waarde tussen aanhalingstekens"),
    "string_too_short": ("leeg", "vul tekst in"),
    "string_too_long": ("te lang", "gebruik hooguit {max_length} tekens"),
    "string_pattern_mismatch": ('"{input}" kan hier niet staan', "gebruik {pattern}"),
    "bool_type": ("hier hoort ja of nee", "schrijf true of false, zonder aanhalingstekens"),
    "int_type": ("hier hoort een geheel getal", "schrijf alleen cijfers, zonder aanhalingstekens"),
    "date_type": ("hier hoort een datum", "schrijf 2026-01-31, zonder aanhalingstekens"),
    "tuple_type": ("hier hoort een lijst", "zet de waarden tussen [ en ]"),
    "dict_type": ("hier hoort een tabel", "schrijf {{ sleutel = waarde }}"),
    "model_type": ("hier hoort een tabel", "schrijf {{ sleutel = waarde }}"),
    "model_attributes_type": ("hier hoort een tabel", "schrijf {{ sleutel = waarde }}"),
    "too_short": ("te weinig waarden", "geef er minstens {min_length}"),
    "too_long": ("te veel waarden", "geef er hooguit {max_length}"),
    "greater_than": ("{input} is te laag", "geef meer dan {gt}"),
    "greater_than_equal": ("{input} is te laag", "geef minstens {ge}"),
    "less_than_equal": ("{input} is te hoog", "geef hooguit {le}"),
}

# What somebody would write who gives a component a period of its own.
_DATES = [("in_force",), ("from",), ("until",), ("start",), ("end",)]


_Remark = tuple[KeyPath, str, str]


def _as_read(model: type[P], data: dict[str, Any]) -> tuple[P, list[_Remark]]:
    """What a document says as far as it can be read; and all that is wrong with it: where, what, and the remedy.

    With more that is wrong than is told, nothing else of it is looked at.
    """
    errors: dict[KeyPath, list[ErrorDetails]] = {}
    readable = data
    part = None
    for _ in range(_MOST_ROUNDS):
        try:
            part = model.model_validate(readable)
        except ValidationError as error:
            if error.error_count() > _MOST_ERRORS:
                said = f"{error.error_count()} sleutels en waarden passen niet"
                return _as_read(model, {})[0], [((), said, "kijk of dit het goede bestand is")]
            found = _errors(readable, error)
            told = set(errors)
            for path, one in found:
                if path not in told and not _is_told(one):
                    errors.setdefault(path, []).append(one)
            if len(errors) > _MOST_FINDINGS:
                break
            readable = _left_out(readable, found)
        else:
            break
    if part is None:
        return _as_read(model, {})[0], [(path, *one) for path, of in errors.items() for one in _said(path, of)]
    meant = _keys_meant(part, errors)
    remarks = []
    for path, of_path in errors.items():
        if of_path[0]["type"] == "missing" and path in meant.values():
            continue  # its name is mistyped
        for message, hint in _said(path, of_path):
            remarks.append((path, message, f"bedoelt u {meant[path][-1]}? {hint}" if path in meant else hint))
    for path, said in misfits(part):
        message, _, hint = said.partition("; ")
        remarks.append((path, message, hint))
    return part, remarks


# A list is too short without the elements that are wrong, or could have been a word; a table could have been a number.
_OF_THE_WHOLE = ("too_short", "literal_error", "value_error")


def _errors(data: dict[str, Any], error: ValidationError) -> list[tuple[KeyPath, ErrorDetails]]:
    """The errors of pydantic, each with its place, without those that are there because of another."""
    found = [(_path_in(data, one), one) for one in error.errors(include_url=False)]
    found = [((*path, "kind") if one["type"].startswith("union_tag") else path, one) for path, one in found]

    around = {path[:end] for path, _ in found for end in range(len(path))}

    def follows(path: KeyPath, one: ErrorDetails) -> bool:
        return path in around and isinstance(one["input"], dict | list) and one["type"] in _OF_THE_WHOLE

    return [(path, one) for path, one in found if not follows(path, one)]


def _is_told(one: ErrorDetails) -> bool:
    """Whether what stood where a value could not be read does not fit either, as in a list in a table."""
    return one["input"] is Unread or (isinstance(one["input"], list) and Unread in one["input"])


def _left_out(data: dict[str, Any], errors: Sequence[tuple[KeyPath, ErrorDetails]]) -> dict[str, Any]:
    """The same without unknown keys, and with every value that has an error in it marked as unread."""
    left = copy.deepcopy(data)
    for place, error in errors:
        within = (place[:end] for end in range(len(place), 0, -1))
        path = next((path for path in within if _may_be_left_out(data, path, error)), ())
        if not path:
            continue
        key: Any = path[-1]
        table: Any = _at(left, path[:-1])
        if isinstance(table, list) and key == len(table):
            table.append(Unread)
        elif isinstance(table, dict | list):
            table[key] = Unread
        if error["type"] == "extra_forbidden" and isinstance(table, dict):  # else the table itself could not be read
            table.pop(key, None)
    return left


def _may_be_left_out(data: dict[str, Any], path: KeyPath, error: ErrorDetails) -> bool:
    unread = _at(data, path) is Unread and error["type"] != "extra_forbidden"
    return not unread and (isinstance(_at(data, path[:-1]), dict) or _is_in_row(data, path))


def _is_in_row(data: dict[str, Any], path: KeyPath) -> bool:
    return isinstance(_at(data, path[:-1]), list) and isinstance(_at(data, path[:-2]), list)


def _at(said: Any, path: KeyPath) -> Any:
    """What stands at a place of a document, or of what was read of it; None when nothing does."""
    for key in path:
        inside: Any = said.__dict__ if isinstance(said, Part) else said
        if isinstance(inside, dict):
            said = inside.get(key)
        else:
            there = isinstance(inside, list | tuple) and isinstance(key, int) and key < len(inside)
            said = inside[key] if there else None
    return said


def _keys_meant(part: Part, errors: Mapping[KeyPath, Sequence[ErrorDetails]]) -> dict[KeyPath, KeyPath]:
    """By the place of an unknown key, that of the known key it is nearest to, which then could not be read either."""
    meant: dict[KeyPath, KeyPath] = {}
    for path, (error, *_) in errors.items():
        table = _at(part, path[:-1])
        if error["type"] != "extra_forbidden" or not isinstance(table, Part):
            continue
        names = {field.alias or name: name for name, field in type(table).model_fields.items()}
        for near in get_close_matches(str(path[-1]), list(names), n=1):
            meant[path] = (*path[:-1], near)
            if names[near] not in table.model_fields_set:
                table.__dict__.pop(names[near], None)
    return meant


def _said(path: KeyPath, errors: Sequence[ErrorDetails]) -> Iterable[tuple[str, str]]:
    """What is wrong at a place, and the remedy; of a value that fits none of several types, their remedies together."""
    said: dict[str, tuple[str, str]] = {}
    for error in errors:
        message, hint = _in_dutch(error, path)
        # Of a value with several types pydantic's place names the type too.
        of_one = message if error["loc"] == path else ""
        said[of_one] = (said[of_one][0], f"{said[of_one][1]}, of {hint}") if of_one in said else (message, hint)
    return said.values()


def _in_dutch(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    if error["type"] == "value_error":
        message, _, hint = str(error["ctx"]["error"]).partition("; ")
        return message, hint
    if error["type"] == "missing" and isinstance(error["loc"][-1], int):
        return "deze waarde ontbreekt", "vul de rij aan"
    if error["type"] == "extra_forbidden" and path[0] == "component" and path[2:] in _DATES:
        return "een onderdeel heeft geen eigen datums", "geef wat later begint een eigen contract met die looptijd"
    words = {name: _plain(value) for name, value in error.get("ctx", {}).items()}
    words["pattern"] = PATTERN_WORDS.get(words.get("pattern", ""), "")
    words["kinds"] = ", ".join(KINDS)
    words["near"] = "".join(f"bedoelt u {kind}? " for kind in get_close_matches(words.get("tag", ""), KINDS, n=1))
    message, hint = _MODEL_MESSAGES.get(error["type"], ("ongeldige waarde", "zie docs/contracts.md"))
    return message.format(input=_shown(error["input"]), **words), hint.format(**words)


def _shown(value: object) -> str:
    """A value as the document writes it, when it is short."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return "een lijst"
        case dict():
            return "een tabel"
    return shown(value)


def _plain(value: Any) -> str:
    return str(value).replace("''", '""').replace("'", "").replace(" or ", " of ")


def _path_in(data: Any, error: ErrorDetails) -> KeyPath:
    """Where the error stands in the document: pydantic's own place also names the members of unions."""
    path: KeyPath = ()
    for part in error["loc"]:
        if isinstance(data, dict) and part in data:
            path += (part,)
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int):
            path += (part,)
            data = data[part] if part < len(data) else None
    return path if error["type"] != "missing" or path[-1:] == error["loc"][-1:] else (*path, error["loc"][-1])


# The lists of tables in a document: what one is called, and the key that names it.
_NAMED_TABLES = (("component", "onderdeel", "key"), ("example", "rekenvoorbeeld", "name"), ("case", "geval", "id"))


def _line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or of the table or list that it would be in."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def _place(file_name: str, data: Mapping[str, Any], lines: Mapping[KeyPath, int], path: KeyPath) -> str:
    """'wijkteam.toml, regel 14, onderdeel "wijkteam", sleutel recount.dead_band_percent'."""
    line = _line_of(lines, path)
    words = [file_name] if line is None else [file_name, f"regel {line}"]
    rest = path
    for table, noun, name in _NAMED_TABLES:
        if len(path) > 1 and path[0] == table:
            element = data[table][path[1]]
            named = isinstance(element, dict) and isinstance(element.get(name), str)
            words.append(f'{noun} "{shown(element[name])}"' if named else f"{noun} {int(path[1]) + 1}")
            rest = path[2:]
    if rest:
        keys = (f"[{key + 1}]" if isinstance(key, int) else f".{shown(key)}" for key in rest)
        words.append("sleutel " + "".join(keys).lstrip("."))
    return ", ".join(words)
