"""Which account of the general ledger an event is booked on: a mapping that every organisation fills for itself.

The mapping is a small TOML file; `default_accounts.toml`, beside this module, is the example that holds when none is
given. What is not understood in it is refused, since a key that nothing reads would book on another account in silence.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.findings import Finding, Refusal, Severity
from kernel.identifiers import municipality_code
from kernel.tabular import read_bytes
from tariffs.task_fields import TASK_FIELDS

DEFAULT_ACCOUNTS = Path(__file__).with_name("default_accounts.toml")

_EVENTS = ("cost", "payable", "advance")
_SECTIONS = ("accounts", "task_fields", "cost_centres")
_DEFAULT = "default"
# A number that no spreadsheet takes for a formula and no delimiter breaks.
_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/ -]{0,38}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the general ledger. Its number is text: it may begin with a nought."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts by event, cost accounts by the beginning of a task field, cost centres by municipality."""

    events: Mapping[str, Account]
    task_fields: Mapping[str, Account]
    cost_centres: Mapping[str, str]
    default_cost_centre: str | None

    def account_of(self, event: str, task_field: str) -> Account | None:
        """The account of an event; of costs that of the longest beginning of their task field, else the general one."""
        beginnings = [beginning for beginning in self.task_fields if task_field.startswith(beginning)]
        if event == "cost" and beginnings:
            return self.task_fields[max(beginnings, key=len)]
        return self.events.get(event)

    def cost_centre_of(self, municipality: str) -> str | None:
        """The cost centre of costs of a municipality; None when the mapping has none for it."""
        return self.cost_centres.get(municipality, self.default_cost_centre)


def read_accounts(path: Path | None = None) -> Accounts:
    """Read a mapping; without `path` the shipped one. Raises `Refusal` with every finding of the file."""
    path = path or DEFAULT_ACCOUNTS
    try:
        data = tomllib.loads(read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise Refusal(f"{path.name} is geen UTF-8", "bewaar het bestand als UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        raise Refusal(
            f"{path.name}{f', regel {where[1]}' if where else ''}: geen geldige TOML",
            "vergelijk de regel met het voorbeeld in docs/ledger.md",
        ) from None
    findings = list(_findings(path.name, data))
    if findings:
        count = "1 bevinding" if len(findings) == 1 else f"{len(findings)} bevindingen"
        raise Refusal(f"{path.name} is niet te gebruiken: {count}", "het voorbeeld staat in docs/ledger.md", findings)
    cost_centres = {_municipality(key): number for key, number in data.get("cost_centres", {}).items()}
    return Accounts(
        events={event: Account(**account) for event, account in data.get("accounts", {}).items()},
        task_fields={field: Account(**account) for field, account in data.get("task_fields", {}).items()},
        cost_centres={code: number for code, number in cost_centres.items() if code != _DEFAULT},
        default_cost_centre=cost_centres.get(_DEFAULT),
    )


def _municipality(key: str) -> str:
    return key if key == _DEFAULT else municipality_code(key) or key


def _findings(file_name: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    def finding(key: str, message: str, hint: str) -> Finding:
        return Finding("L01", Severity.ERROR, f"{file_name}, {key}", message, hint)

    for section, content in data.items():
        if section not in _SECTIONS:
            yield finding(section, "wordt niet gelezen", f"kies uit {', '.join(_SECTIONS)}")
        elif not isinstance(content, dict):
            yield finding(section, "is geen tabel", f"schrijf [{section}] met de sleutels eronder")
        else:
            for key, value in content.items():
                for message, hint in _problems(section, key, value):
                    yield finding(f"{section}.{key}", message, hint)
    codes = [_municipality(key) for key in _table(data, "cost_centres")]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield finding(f"cost_centres.{code}", "de gemeente staat er twee keer in", "laat er een weg")


def _table(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    content = data.get(section)
    return content if isinstance(content, dict) else {}


def _problems(section: str, key: str, value: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with one key, as message and remedy."""
    if section == "accounts" and key not in _EVENTS:
        yield "is geen gebeurtenis van het journaal", f"kies uit {', '.join(_EVENTS)}"
    if section == "task_fields" and not (key and any(field.startswith(key) for field in TASK_FIELDS)):
        yield "geen taakveld van Iv3 2025 begint zo", 'schrijf bijvoorbeeld "6.71" of "6.711"'
    if section == "cost_centres":
        if key != _DEFAULT and municipality_code(key) is None:
            yield "is geen gemeentecode", f"schrijf de CBS-code, zoals GM0502, of {_DEFAULT}"
        yield from _number_problems(value)
    elif not isinstance(value, dict):
        yield "is geen rekening", 'schrijf { number = "4120", name = "…" }'
    else:
        for unread in sorted(value.keys() - {"number", "name"}):
            yield f"{unread} wordt niet gelezen", "een rekening heeft number en name"
        yield from _number_problems(value.get("number"))
        name = value.get("name")
        if not (isinstance(name, str) and name.strip() and name.isprintable()):
            yield "name ontbreekt of is geen tekst op één regel", 'schrijf name = "…"'


def _number_problems(number: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(number, str):
        yield "het nummer ontbreekt of staat niet tussen aanhalingstekens", 'schrijf "4120"'
    elif not _NUMBER.fullmatch(number):
        yield f'"{number}" is geen nummer', "gebruik letters, cijfers, spatie, . _ / en - (hooguit 40 tekens)"
