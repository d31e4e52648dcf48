"""Which account of the general ledger an event is booked on: a mapping that every organisation fills for itself.

The mapping is a small TOML file of *schemes*, each with the date from which it holds: until the next one begins. A line
is booked by the scheme of its booking period, so the scheme of a new year leaves what was exported for an earlier one
as it was. `default_accounts.toml`, beside this module, is the example that holds when no file is given. What is not
understood is refused, since a key that nothing reads would book on another account in silence.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kernel.findings import Finding, Refusal, Severity
from kernel.identifiers import as_quoted, municipality_code
from kernel.notation import counted, format_date
from kernel.periods import Month
from kernel.tabular import name_of, read_bytes
from kernel.toml import MOST_BYTES, out_of_bounds, parse
from tariffs.task_fields import TASK_FIELDS

DEFAULT_ACCOUNTS = Path(__file__).with_name("default_accounts.toml")

EVENTS = ("cost", "payable", "advance")
_SECTIONS = ("accounts", "task_fields", "cost_centres")
_DEFAULT = "default"
# A number that no spreadsheet takes for a formula and no delimiter breaks.
_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/ -]{0,38}[A-Za-z0-9])?")
# An economic category of Iv3: 3.4.1, 3.8. Which ones there are differs by year, so they are not listed here.
_CATEGORY = re.compile(r"[0-9](\.[0-9]){1,2}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the general ledger. Its number is text: it may begin with a nought.

    `economic_category` is that of Iv3; an account of the balance sheet has none.
    """

    number: str
    name: str
    economic_category: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What holds from a date: accounts by event, cost accounts by the beginning of a task field, cost centres."""

    valid_from: date
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


@dataclass(frozen=True, slots=True)
class Accounts:
    """The schemes of a file, the oldest first."""

    schemes: Sequence[Scheme]

    def in_force(self, period: Month) -> Scheme | None:
        """The scheme that a booking period is booked by; None before the first one."""
        begun = [scheme for scheme in self.schemes if scheme.valid_from <= period.first_day]
        return begun[-1] if begun else None


def read_accounts(path: Path | None = None) -> Accounts:
    """Read a mapping; without `path` the shipped one. Raises `Refusal` with every finding of the file."""
    path = path or DEFAULT_ACCOUNTS
    name = name_of(path)
    try:
        text = read_bytes(path, MOST_BYTES).decode("utf-8-sig").replace("\r\n", "\n")
        if beyond := out_of_bounds(text):
            line, said = beyond
            raise Refusal(f"{name}, regel {line}: {said.partition('; ')[0]}", said.partition("; ")[2])
        data = parse(text)
    except UnicodeDecodeError:
        raise Refusal(f"{name} is geen UTF-8", "bewaar het bestand als UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        raise Refusal(
            f"{name}{f', regel {where[1]}' if where else ''}: geen geldige TOML",
            "vergelijk de regel met het voorbeeld in docs/ledger.md",
        ) from None
    findings = list(_findings(name, data))
    if findings:
        count = counted(len(findings), "bevinding", "bevindingen")
        raise Refusal(f"{name} is niet te gebruiken: {count}", "het voorbeeld staat in docs/ledger.md", findings)
    schemes = sorted((_scheme(scheme) for scheme in data["scheme"]), key=lambda scheme: scheme.valid_from)
    return Accounts(tuple(schemes))


def _scheme(data: Mapping[str, Any]) -> Scheme:
    cost_centres = {_municipality(key): number for key, number in data.get("cost_centres", {}).items()}
    return Scheme(
        valid_from=data["from"],
        events={event: Account(**account) for event, account in data.get("accounts", {}).items()},
        task_fields={field: Account(**account) for field, account in data.get("task_fields", {}).items()},
        cost_centres={code: number for code, number in cost_centres.items() if code != _DEFAULT},
        default_cost_centre=cost_centres.get(_DEFAULT),
    )


def _municipality(key: str) -> str:
    return key if key == _DEFAULT else municipality_code(key) or key


def _findings(file_name: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a file, each under the scheme, section and key where it stands."""

    def finding(place: str, message: str, hint: str) -> Finding:
        return Finding("L01", Severity.ERROR, as_quoted(f"{file_name}, {place}"), as_quoted(message), hint)

    for key in data:
        if key != "scheme":
            yield finding(key, "hoort bij geen schema", "zet [[scheme]] erboven, en de sectie als [scheme.accounts]")
    schemes = data.get("scheme")
    if not (schemes and isinstance(schemes, list) and all(isinstance(scheme, dict) for scheme in schemes)):
        yield finding("scheme", "er is geen rekeningschema", "begin met [[scheme]] en daaronder from = 2026-01-01")
        return
    begun: dict[date, int] = {}
    for number, scheme in enumerate(schemes, start=1):
        valid_from = scheme.get("from")
        place = f"scheme {number}"
        if not isinstance(valid_from, date) or isinstance(valid_from, datetime):
            yield finding(f"{place}.from", "de ingangsdatum ontbreekt of is geen datum", "schrijf from = 2026-01-01")
        elif valid_from.day != 1:
            message = f"{format_date(valid_from)} is geen eerste dag van een maand"
            yield finding(f"{place}.from", message, "een schema gaat in op de eerste dag van een boekmaand")
        elif (other := begun.setdefault(valid_from, number)) != number:
            message = f"gaat in op {format_date(valid_from)}, net als scheme {other}"
            yield finding(f"{place}.from", message, "geef elk schema een eigen datum; het geldt tot het volgende")
        for where, message, hint in _of_a_scheme(scheme):
            yield finding(f"{place}.{where}", message, hint)


def _of_a_scheme(scheme: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Where in a scheme something is wrong, what, and the remedy."""
    for section, content in scheme.items():
        if section == "from":
            continue
        if section not in _SECTIONS:
            yield section, "wordt niet gelezen", f"kies uit {', '.join(('from', *_SECTIONS))}"
        elif not isinstance(content, dict):
            yield section, "is geen tabel", f"schrijf [scheme.{section}] met de sleutels eronder"
        else:
            for key, value in content.items():
                for message, hint in _problems(section, key, value):
                    yield f"{section}.{key}", message, hint
    cost_centres = scheme.get("cost_centres")
    codes = Counter(_municipality(key) for key in cost_centres) if isinstance(cost_centres, dict) else Counter()
    for code in sorted(code for code, times in codes.items() if times > 1):
        yield f"cost_centres.{code}", "de gemeente staat er twee keer in", "laat er een weg"


def _problems(section: str, key: str, value: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with one key, as message and remedy."""
    if section == "cost_centres":
        if key != _DEFAULT and municipality_code(key) is None:
            yield "is geen gemeentecode", f"schrijf de CBS-code, zoals GM0502, of {_DEFAULT}"
        yield from _number_problems(value)
        return
    if section == "accounts" and key not in EVENTS:
        yield "is geen gebeurtenis van het journaal", f"kies uit {', '.join(EVENTS)}"
    if section == "task_fields" and not (key and any(field.startswith(key) for field in TASK_FIELDS)):
        yield "geen taakveld van Iv3 2025 begint zo", 'schrijf bijvoorbeeld "6.71" of "6.711"'
    if isinstance(value, dict):
        of_costs = section == "task_fields" or key == "cost"
        yield from _account_problems(value, of_costs)
    else:
        yield "is geen rekening", 'schrijf { number = "4120", name = "…" }'


def _account_problems(account: Mapping[str, Any], of_costs: bool) -> Iterator[tuple[str, str]]:
    for unread in sorted(account.keys() - {"number", "name", "economic_category"}):
        yield f"{unread} wordt niet gelezen", "een rekening heeft number, name en bij kosten economic_category"
    yield from _number_problems(account.get("number"))
    name = account.get("name")
    if not (isinstance(name, str) and name.strip() and name.isprintable()):
        yield "name ontbreekt of is geen tekst op één regel", 'schrijf name = "…"'
    category = account.get("economic_category")
    if of_costs and not (isinstance(category, str) and _CATEGORY.fullmatch(category)):
        yield "economic_category ontbreekt of is geen categorie van Iv3", 'schrijf economic_category = "3.4.1"'
    if not of_costs and category is not None:
        yield "een balansrekening heeft geen economic_category", "laat economic_category weg"


def _number_problems(number: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(number, str):
        yield "het nummer ontbreekt of staat niet tussen aanhalingstekens", 'schrijf "4120"'
    elif not _NUMBER.fullmatch(number):
        yield f'"{number}" is geen nummer', "gebruik letters, cijfers, spatie, . _ / en - (hooguit 40 tekens)"
