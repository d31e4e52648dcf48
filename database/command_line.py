"""What all commands share: usage in Dutch, import when they are used, and answers as JSON."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any

import click
from click import core, decorators, exceptions, formatting, parser, types

from kernel.findings import Finding, Refusal
from kernel.money import Eur
from kernel.periods import Month
from kernel.texts import STEERING

_ASKED = "bekostiging.json"


def _note(ctx: click.Context, _option: click.Parameter, asked: bool) -> bool:
    ctx.meta[_ASKED] = asked
    return asked


as_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_note,
    help="Als JSON, met bedragen en getallen met decimalen als tekst.",
)


def tell_json(answer: Any) -> None:
    """Print an answer as JSON: amounts and decimals are text, so that nothing is rounded; days and moments are ISO.

    A dataclass becomes its fields; what refers to a row of the database has no place in it.
    """
    told = json.dumps(answer, indent=2, ensure_ascii=False, default=_plain)
    click.echo(STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", told))  # json escapes only the other ones


def tell_refusal_json(ctx: click.Context, refusal: Refusal) -> None:
    """Print why nothing was done, when the command was asked to answer as JSON."""
    if ctx.meta.get(_ASKED):
        tell_json(refusal)


def _plain(value: Any) -> Any:
    match value:
        case date() | time():
            return value.isoformat()
        case Eur() | Decimal() | Month():
            return str(value)
        case Finding():
            named = {"code": value.code, "severity": value.severity, "place": value.place}
            return {**named, "message": value.message, "remedy": value.hint}
        case Refusal():
            return {"refused": value.message, "remedy": value.hint, "findings": value.findings}
        case _ if is_dataclass(value):
            return fields_of(value)
    raise TypeError(f"not known as JSON: {value!r}")


def fields_of(value: Any, *left_out: str) -> dict[str, Any]:
    """The fields of a dataclass, but for those that are left out."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name not in left_out}


class Later(click.Command):
    """A command that is imported from `module:name` when it is used; to show and to complete its name, it is not.

    `parts` are added to it then: commands of packages above its own.
    """

    def __init__(self, place: str, name: str, help: str, parts: Sequence[click.Command] = ()) -> None:
        super().__init__(name, help=help)
        self._place = place
        self._parts = parts

    def load(self) -> click.Command:
        module, _, name = self._place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        if isinstance(command, click.Group):
            for part in self._parts:
                command.add_command(part)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        return self.load().make_context(info_name, args, parent, **extra)


def speak_dutch() -> None:
    """Let click say in Dutch what it says itself; it asks gettext, under the name `_` in each of its modules.

    A catalogue of gettext would be found only where the language of the user is set to Dutch.
    """
    modules: tuple[ModuleType, ...] = (core, decorators, exceptions, formatting, parser, types)
    spoken: dict[str, Callable[..., str]] = {"_": _dutch, "ngettext": _dutch_of_several}
    for module in modules:
        for name, function in spoken.items():
            if hasattr(module, name):
                setattr(module, name, function)


def _dutch(message: str) -> str:
    return _DUTCH.get(message, message)


def _dutch_of_several(one: str, many: str, number: int) -> str:
    return _dutch(one if number == 1 else many)


_DUTCH = {
    "Usage:": "Gebruik:",
    "Options": "Opties",
    "Commands": "Opdrachten",
    "Show this message and exit.": "Toon deze uitleg.",
    "Show the version and exit.": "Toon de versie.",
    "%(prog)s, version %(version)s": "%(prog)s, versie %(version)s",
    "default: {default}": "standaard: {default}",
    "required": "verplicht",
    "Error: {message}": "Verkeerd gebruik: {message}",
    "Try '{command} {option}' for help.": "Wat te doen: zie '{command} {option}'.",
    "Aborted!": "Afgebroken.",
    "Missing command.": "De opdracht ontbreekt.",
    "No such command {name!r}.": "De opdracht {name!r} bestaat niet.",
    "No such option {name!r}.": "De optie {name!r} bestaat niet.",
    "Did you mean {possibility}?": "Bedoelt u {possibility}?",
    "(Did you mean one of: {possibilities}?)": "Bedoelt u een van {possibilities}?",
    "Missing argument": "Er ontbreekt een waarde:",
    "Missing option": "Er ontbreekt een optie:",
    "Choose from:\n\t{choices}": "Kies uit:\n\t{choices}",
    "Invalid value: {message}": "{message}",
    "Invalid value for {param_hint}: {message}": "Bij {param_hint}: {message}",
    "{value!r} is not {choice}.": "{value!r} kan niet; kies {choice}.",
    "{value!r} is not one of {choices}.": "{value!r} kan niet; kies uit {choices}.",
    "{value!r} is not a valid {number_type}.": "{value!r} is geen geheel getal.",  # no command asks for another number
    "{value} is not in the range {range}.": "{value} valt buiten de grenzen {range}.",
    "{name} {filename!r} does not exist.": "{filename!r} bestaat niet.",
    "{name} {filename!r} is a file.": "{filename!r} is een bestand, geen map.",
    "{name} {filename!r} is a directory.": "{filename!r} is een map, geen bestand.",
    "{name} {filename!r} is not readable.": "{filename!r} kan niet gelezen worden; controleer de rechten.",
    "{name} {filename!r} is not writable.": "in {filename!r} kan niet geschreven worden; controleer de rechten.",
    "Got unexpected extra argument ({args})": "Dit staat er te veel: {args}",
    "Got unexpected extra arguments ({args})": "Dit staat er te veel: {args}",
    "Option {name!r} requires an argument.": "De optie {name!r} vraagt een waarde; zie --help.",
    "Option {name!r} does not take a value.": "De optie {name!r} heeft geen waarde; zie --help.",
    "Argument {name!r} takes {nargs} values.": "{name!r} vraagt {nargs} waarden.",
}
