"""What every command does the same: usage in Dutch, which paths it takes, and what becomes of what it says."""

from __future__ import annotations

import inspect
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

import cli
from database.command_line import _DUTCH, Later
from database.connection import transaction
from database.recordings import latest, record
from database.session import database
from database.terminal import PlainPath


def wrong(*arguments: str) -> str:
    result = CliRunner().invoke(cli.main, arguments, env={"COLUMNS": "80"})
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("setle", "De opdracht 'setle' bestaat niet. Bedoelt u een van 'schedule', 'settle'?"),
        ("tariff lst", "De opdracht 'lst' bestaat niet. Bedoelt u 'list'?"),
        ("settle run", "Er ontbreekt een optie: '--period'."),
        ("settle run --perod 2026-01", "De optie '--perod' bestaat niet. Bedoelt u '--period'?"),
        ("settle run --period", "De optie '--period' vraagt een waarde; zie --help."),
        ("settle run --dry-run=3", "De optie '--dry-run' heeft geen waarde; zie --help."),
        ("settle show", "Er ontbreekt een waarde: 'RUN'."),
        ("settle show drie", "Bij 'RUN': 'drie' is geen geheel getal."),
        ("settle show 1 2", "Dit staat er te veel: 2"),
        ("schedule run --every 0", "Bij '--every': 0 valt buiten de grenzen 1<=x<=3600."),
        ("completion csh", "Bij 'SHELL': 'csh' kan niet; kies uit 'bash', 'zsh', 'fish'."),
        ("contract add .", "Bij 'FILES...': '.' is een map, geen bestand."),
        ("contract diff A 1", "geef twee vastleggingen, of geen"),
    ],
)
def test_wrong_usage_is_said_in_dutch_with_what_to_do(arguments: str, said: str) -> None:
    words = wrong(*arguments.split())
    assert "Wat te doen: zie '" in words or "zie --help" in words
    assert f"Verkeerd gebruik: {said}" in words.replace("\n\t", " ")


def test_help_is_dutch() -> None:
    shown = CliRunner().invoke(cli.main, ["explain", "--help"]).output
    assert shown.startswith("Gebruik: ")
    assert "\nOpties:\n" in shown
    assert "[standaard: 20; 0<=x<=2147483647]" in shown
    assert "Toon deze uitleg." in shown
    assert "\nOpdrachten:\n" in CliRunner().invoke(cli.main, ["--help"]).output


def test_what_is_translated_is_what_click_says() -> None:
    """A next version of click may say something else, and would say it in English."""
    modules = (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types)
    source = "".join(inspect.getsource(module) for module in modules)
    in_pieces = {"required"}
    unknown = [
        said for said in _DUTCH if said not in in_pieces and f'"{said.encode("unicode_escape").decode()}"' not in source
    ]
    assert unknown == []


# --- paths ------------------------------------------------------------------------------------------------------------


def commands_of(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    found = command.load() if isinstance(command, Later) else command
    if isinstance(found, click.Group):
        for name, part in found.commands.items():
            yield from commands_of(part, (*words, name))
    else:
        yield words, found


def something_for(param: click.Parameter, file: Path) -> list[str]:
    """What a required parameter can be."""
    match param.type:
        case PlainPath():
            value = str(file)
        case click.Choice():
            value = str(next(iter(param.type.choices)))
        case click.IntRange():
            value = str(param.type.min)
        case _:
            value = "1"
    return [value] if isinstance(param, click.Argument) else [param.opts[0], value]


WITH_PATHS = [
    pytest.param(words, command, param, id=" ".join((*words, param.opts[-1])))
    for words, command in commands_of(cli.main)
    for param in command.params
    if isinstance(param.type, click.Path)
]


@pytest.fixture
def no_files(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """What can stand where a file is asked and is none."""
    folder, pipe, named = (tmp_path / name for name in ("map", "pijp", "socket"))
    folder.mkdir()
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(tmp_path)  # the address of a socket is short
        listener.bind(named.name)
        os.chdir(before)
        yield {"een map": folder, "een pijp": pipe, "een socket": named, "een apparaat": Path("/dev/zero")}


def test_there_are_commands_with_paths() -> None:
    assert len(WITH_PATHS) > 20


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes with a path")
@pytest.mark.parametrize(("words", "command", "param"), WITH_PATHS)
def test_what_is_no_file_is_refused_by_every_command(
    words: tuple[str, ...], command: click.Command, param: click.Parameter, no_files: dict[str, Path], tmp_path: Path
) -> None:
    assert isinstance(param.type, PlainPath), "else a pipe would be waited for"
    file = tmp_path / "bestand.csv"
    file.write_text("")
    for kind, path in no_files.items():
        if kind == "een map" and not param.type.file_okay:
            continue
        arguments = list(words)
        for other in command.params:
            if other is param:
                arguments += [str(path)] if isinstance(param, click.Argument) else [param.opts[0], str(path)]
            elif other.required:
                arguments += something_for(other, file)
        told = CliRunner().invoke(cli.main, arguments, env={"COLUMNS": "80"})
        assert told.exit_code == 2, told.output
        assert f"{str(path)!r} is {kind}, geen {'bestand' if param.type.file_okay else 'map'}." in told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bestand.csv", "map", "pijp", "socket"]


# --- what a command says, and where it cannot -----------------------------------------------------------------------

PARTIES = "soort;code;naam\ngemeente;GM0502;Capelle aan den IJssel\n"


def run_to(stdout: int | None, database_url: str, *arguments: str) -> tuple[int, str]:
    """The exit code of the program when its output goes to `stdout`, or is closed; and what it says on stderr."""
    environment = os.environ | {"BEKOSTIGING_DATABASE_URL": database_url}
    program = [sys.executable, str(Path(cli.__file__)), *arguments]
    if stdout is None:
        program = ["sh", "-c", 'exec "$0" "$@" >&-', *program]
    done = subprocess.run(
        program, stdout=stdout, stderr=subprocess.PIPE, env=environment, encoding="utf-8", check=False
    )
    return done.returncode, done.stderr


@pytest.fixture
def parties(tmp_path: Path) -> str:
    path = tmp_path / "partijen.csv"
    path.write_text(PARTIES, encoding="utf-8")
    return str(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_what_was_recorded_is_said_on_stderr_when_the_output_is_full(
    database_url: str, engine: Engine, parties: str
) -> None:
    with open("/dev/full", "wb") as full:
        code, said = run_to(full.fileno(), database_url, "contract", "parties", parties)
    assert code == cli.OUTPUT_LOST
    assert said.startswith("De uitvoer kan niet worden geschreven: de schijf is vol. De opdracht zegt:\n")
    assert "Vastlegging 1: 1 partij nieuw" in said
    with transaction(engine) as connection:
        assert latest(connection) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows closes no output")
def test_what_was_recorded_is_said_on_stderr_when_the_output_is_closed(database_url: str, parties: str) -> None:
    code, said = run_to(None, database_url, "contract", "parties", parties)
    assert code == cli.OUTPUT_LOST
    assert said.startswith("De uitvoer kan niet worden geschreven: het is gesloten. De opdracht zegt:\n")
    assert "Vastlegging 1: 1 partij nieuw" in said


def test_who_stops_reading_is_told_no_more_and_the_command_ends_its_work(
    database_url: str, engine: Engine, parties: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code, said = run_to(writing, database_url, "contract", "parties", parties)
    os.close(writing)
    assert (code, said) == (cli.OUTPUT_LOST, "")
    with transaction(engine) as connection:
        assert latest(connection) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_refusal_stays_one_when_nobody_can_hear_it(database_url: str) -> None:
    with open("/dev/full", "wb") as full:
        code, said = run_to(full.fileno(), database_url, "contract", "parties", "weg.csv")
    assert (code, "kan niet gelezen worden" in said) == (cli.REFUSED, True)


@pytest.mark.parametrize(
    ("records", "code", "said"),
    [(False, cli.BUG, "Er is niets vastgelegd."), (True, cli.BUG_AFTER_RECORDING, "Er is al iets vastgelegd")],
)
def test_the_exit_code_of_a_bug_tells_whether_something_was_recorded(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., object], records: bool, code: int, said: str
) -> None:
    @click.command("broken")
    @click.pass_context
    def broken(ctx: click.Context) -> None:
        with database(ctx).transaction(dry_run=not records) as connection:
            record(connection, "parties", "one", "tester")
        raise ValueError

    monkeypatch.setitem(cli.main.commands, "broken", broken)
    result = invoke("broken")
    assert result.exit_code == code
    assert said in result.output
    assert invoke("tariff", "list").exit_code == 0
