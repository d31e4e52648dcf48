"""Reading a contract document: TOML in, a `Contract` out, or every problem at once with its place.

`tomllib` says nothing of lines, so the text is walked a second time (`line_numbers`) to tell where a key stands.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.model import KINDS, Contract
from contracts.values import PATTERN_WORDS
from kernel.findings import Finding, Refusal, Severity
from kernel.notation import counted
from kernel.tabular import name_of, read_bytes

KeyPath = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

RECORDS_NOTHING = "niets is vastgelegd"


@dataclass(frozen=True, slots=True)
class Document:
    """A contract document as read: `text` whole, with line ends made alike, and what it says.

    `lines` tells on which line each key and each element of a list stands.
    """

    file_name: str
    text: str
    contract: Contract
    lines: Mapping[KeyPath, int]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def finding(
        self, code: str, path: KeyPath, message: str, hint: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding about the key at `path`."""
        return Finding(code, severity, _place(self.file_name, parse(self.text), self.lines, path), message, hint)


def parse(text: str) -> dict[str, Any]:
    """The TOML of a document with exact decimals. Raises `tomllib.TOMLDecodeError`."""
    return tomllib.loads(text, parse_float=Decimal)


def contract_of(text: str) -> Contract:
    """The contract of a document that was accepted before."""
    return Contract.model_validate(parse(text))


def read_documents(paths: Sequence[Path], refused: str = RECORDS_NOTHING) -> list[Document]:
    """Read contract documents. Raises `Refusal` with every finding of every document when one of them is wrong.

    `refused` is what the refusal says was not done.
    """
    documents: list[Document] = []
    findings: list[Finding] = []
    for path in paths:
        document = _read(name_of(path), read_bytes(path))
        if isinstance(document, Document):
            documents.append(document)
        else:
            findings += document
    if findings:
        raise refuse_documents(findings, refused)
    return documents


def refuse_documents(findings: Sequence[Finding], refused: str = RECORDS_NOTHING) -> Refusal:
    """The refusal of a set of documents because of `findings`."""
    count = counted(len(findings), "bevinding", "bevindingen")
    return Refusal(f"{refused}: {count}", "verbeter de documenten en lees ze opnieuw in", findings)


def _read(file_name: str, content: bytes) -> Document | list[Finding]:
    read = read_as(Contract, file_name, content)
    if isinstance(read, list):
        return read
    text, contract = read
    return Document(file_name, text, contract, line_numbers(text))


def read_as(model: type[M], file_name: str, content: bytes) -> tuple[str, M] | list[Finding]:
    """The text of a TOML document, with line ends made alike, and what it says; or all that is wrong with it."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "bewaar het document als UTF-8"
        return [Finding("C01", Severity.ERROR, f"{file_name}, regel {line}", "het document is geen UTF-8", hint)]
    try:
        data = parse(text)
    except tomllib.TOMLDecodeError as error:
        return [_syntax_finding(file_name, text, str(error))]
    try:
        return text, model.model_validate(data)
    except ValidationError as error:
        return _model_findings(file_name, data, line_numbers(text), error.errors(include_url=False))


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
    "Illegal character": "een aanhalingsteken wordt niet gesloten, of er staat een onzichtbaar teken; typ hem over",
    "Unclosed": "een haak of accolade wordt niet gesloten; zet het teken erbij",
    "Expected ']'": "een rechte haak ontbreekt; schrijf [naam] of [[naam]]",
    "Expected newline": "achter de waarde staat iets dat er niet hoort; haal het weg, of begin een nieuwe regel",
}
_UNREADABLE = "onleesbaar; schrijf sleutel = waarde"


def _syntax_finding(file_name: str, text: str, error: str) -> Finding:
    match = _POSITION.fullmatch(error)
    line = int(match[2]) if match and match[2] else text.rstrip("\n").count("\n") + 1
    reason = match[1] if match else error
    message = next((dutch for start, dutch in _SYNTAX_MESSAGES.items() if reason.startswith(start)), _UNREADABLE)
    message, _, hint = message.partition("; ")
    excerpt = "".join(filter(str.isprintable, text.split("\n")[line - 1])).strip()[:60]
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
    "union_tag_not_found": ("sleutel kind ontbreekt", "kies {kinds}"),
    "union_tag_invalid": ('kind "{tag}" bestaat niet', "kies {expected_tags}"),
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


def _model_findings(
    file_name: str, data: dict[str, Any], lines: Mapping[KeyPath, int], errors: Sequence[ErrorDetails]
) -> list[Finding]:
    """One finding for each remark; a value that fits none of several types gives their hints together."""
    said: dict[tuple[KeyPath, str], tuple[str, str]] = {}
    for error in errors:
        # A list that is too short only because its elements are wrong.
        if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
            continue
        path = _path_in(data, error)
        message, hint = _in_dutch(error, path)
        # Of a value with several types pydantic's place names the type too.
        remark = (path, message if error["loc"] == path else "")
        if remark in said:
            message, hint = said[remark][0], f"{said[remark][1]}, of {hint}"
        said[remark] = (message, hint)
    return [
        Finding("C03", Severity.ERROR, _place(file_name, data, lines, path), message, hint)
        for (path, _), (message, hint) in said.items()
    ]


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
    message, hint = _MODEL_MESSAGES.get(error["type"], ("ongeldige waarde", "zie docs/contracts.md"))
    return message.format(input=str(error["input"])[:60], **words), hint.format(**words)


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


def _place(file_name: str, data: dict[str, Any], lines: Mapping[KeyPath, int], path: KeyPath) -> str:
    """'wijkteam.toml, regel 14, onderdeel "wijkteam", sleutel recount.dead_band_percent'."""
    known = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in lines), None)
    words = [file_name] if known is None else [file_name, f"regel {lines[known]}"]
    rest = path
    for table, noun, name in _NAMED_TABLES:
        if len(path) > 1 and path[0] == table:
            element = data[table][path[1]]
            named = isinstance(element, dict) and name in element
            words.append(f'{noun} "{element[name]}"' if named else f"{noun} {int(path[1]) + 1}")
            rest = path[2:]
    if rest:
        words.append("sleutel " + "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in rest).lstrip("."))
    return ", ".join(words)
