"""Rules of the house that a reader should not have to watch over."""

import ast
import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click
import pytest

import cli
from database.command_line import Later
from kernel.identifiers import is_bsn

ROOT = Path(__file__).parents[1]
PACKAGES = ("kernel", "database", "tariffs", "contracts", "importers", "settlement")
MODULES = sorted(chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES))
PROGRAM = [*MODULES, ROOT / "cli.py"]
LOCKS = ("requirements.txt", "requirements-dev.txt")


def _trees(modules: list[Path]) -> Iterator[tuple[str, ast.Module]]:
    for module in modules:
        yield str(module.relative_to(ROOT)), ast.parse(module.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The last name of everything that is called, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node.lineno


def test_modules_say_what_they_are_for() -> None:
    assert [name for name, tree in _trees(PROGRAM) if not ast.get_docstring(tree)] == []


def test_nothing_imports_the_command_line() -> None:
    assert [name for name, tree in _trees(MODULES) if "cli" in _imports(tree)] == []


def test_the_command_line_only_assembles() -> None:
    (_, tree), = _trees([ROOT / "cli.py"])  # fmt: skip
    own = {module for module in _imports(tree) if module.partition(".")[0] in PACKAGES}
    shared = {"database.command_line", "database.connection", "database.output", "database.terminal"}
    assert own == {*shared, "kernel.findings", "settlement.program"}
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    later = {text.partition(":")[0] for text in constants if re.fullmatch(r"[\w.]+:\w+", str(text))}
    commands = {module for module in later if module.endswith(".commands")}
    packages = {*PACKAGES, "settlement.ledger"} - {"kernel"}
    assert commands == {f"{package}.commands" for package in packages}
    in_a_group_of_others = {
        "importers.key_commands",
        "settlement.backup_commands",
        "settlement.review_commands",
        "settlement.simulate_commands",
    }
    of_their_own = {"settlement.schedule_commands", "settlement.status_commands"}
    assert later - commands == in_a_group_of_others | of_their_own


def test_help_and_completion_import_no_group() -> None:
    """So they answer at once: a database, tables and numbers are not there before a command needs them."""
    script = "import sys, cli; cli.main(standalone_mode=False); print(sorted(sys.modules), file=sys.stderr)"
    asked = {"_BEKOSTIGING_COMPLETE": "bash_complete", "COMP_WORDS": "bekostiging s", "COMP_CWORD": "1"}
    completing = script.replace("standalone_mode=False", "prog_name='bekostiging', standalone_mode=False")
    for program, arguments, environment in ((script, ["--help"], {}), (_quietly(completing), [], asked)):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "settle" in done.stdout
        imported = set(ast.literal_eval(done.stderr))
        assert "database.command_line" in imported
        assert not {name for name in imported if name.endswith("commands")}
        assert not imported & {"sqlalchemy", "psycopg", "pydantic", "rich", "alembic"}


def _quietly(script: str) -> str:
    """Completion ends with `sys.exit`; what was imported is told all the same."""
    first, call, last = script.split("; ")
    return f"{first}\ntry: {call}\nexcept SystemExit: {last}"


def test_packages_keep_their_tables_and_commands_in_one_place() -> None:
    for package in ("tariffs", "contracts", "importers", "settlement"):
        assert (ROOT / package / "tables.py").exists()
        assert (ROOT / package / "commands.py").exists()
    define_tables = {
        name
        for name, tree in _trees(MODULES)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy" and "Table" in [n.name for n in node.names]
    }
    elsewhere = {name for name in define_tables if not name.endswith("/tables.py")}
    assert elsewhere <= {"database/recordings.py"}


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {"utils", "util", "common", "helpers", "misc", "base", "core", "manager"}
    assert [module for module in MODULES if names & {module.stem, *module.relative_to(ROOT).parts}] == []


def test_no_amount_goes_through_a_float() -> None:
    found = [
        f"{name}:{line}"
        for name, tree in _trees(MODULES)
        if not name.startswith("database/")
        for called, line in _calls(tree)
        if called in ("float", "round")
    ]
    assert found == []


def test_migrations_stand_in_one_line() -> None:
    """Two that follow the same one would leave every database without its tables."""
    numbers = [path.name[:4] for path in sorted((ROOT / "database" / "migrations" / "versions").glob("0*.py"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_only_the_command_line_catches_everything() -> None:
    """Except to clean up and raise it again."""
    found = []
    for name, tree in _trees(MODULES):
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "BaseException"
                raised_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                if caught in ("Exception", "BaseException") and not raised_again:
                    found.append(f"{name}:{node.lineno}")
    assert found == []


def test_only_one_place_begins_and_commits() -> None:
    found = [
        f"{name}:{line}"
        for name, tree in _trees(MODULES)
        if name != "database/connection.py"
        for called, line in _calls(tree)
        if called in ("commit", "begin", "autocommit", "execution_options")
    ]
    assert found == []


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group, by what a user types."""
    if isinstance(command, Later):
        command = command.load()
    yield name, command
    if isinstance(command, click.Group):
        for part, inner in command.commands.items():
            yield from _commands(inner, f"{name} {part}")


COMMANDS = dict(_commands(cli.main, "bekostiging"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    text = inspect.cleandoc(COMMANDS[name].help or "")
    examples = re.findall(rf"^  ({name}\b.*)$", text.partition("Voorbeeld:\n")[2], re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example.partition(">")[0])
        said = next(n for n in range(len(words), 0, -1) if " ".join(words[:n]) in COMMANDS)
        command = COMMANDS[" ".join(words[:said])]
        assert not isinstance(command, click.Group)
        assert command.make_context(name, words[said:])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_imported_later_is_announced_with_its_own_words(name: str) -> None:
    for part, announced in getattr(COMMANDS[name], "commands", {}).items():
        own = inspect.cleandoc(COMMANDS[f"{name} {part}"].help or "")
        assert inspect.cleandoc(announced.help or "").split("\n")[0] == own.split("\n")[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained(name: str) -> None:
    options = [option for option in COMMANDS[name].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_whole_number_is_no_larger_than_the_database_holds(name: str) -> None:
    numbers = [one for one in COMMANDS[name].params if isinstance(one.type, click.types.IntParamType)]
    largest = [one.type.max if isinstance(one.type, click.IntRange) else None for one in numbers]
    assert all(most is not None and most < 2**31 for most in largest), [one.name for one in numbers]


@pytest.mark.parametrize("name", cli.main.commands)
def test_the_readme_names_every_group_of_commands(name: str) -> None:
    assert f"bekostiging {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def _pins(lock: str) -> dict[str, str]:
    """Name and version of everything in a lock file, each with at least one hash."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+)==([\w.]+).*((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)$", text, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^\w", text, re.MULTILINE))
    return {_plain(name): version for name, version, _ in entries}


def _plain(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_every_dependency_is_pinned_with_its_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    use, develop = (_pins(lock) for lock in LOCKS)
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"], *groups["build"]]
    assert {_plain(requirement) for requirement in wanted} <= use.keys()
    tools = [requirement for requirement in groups["dev"] if isinstance(requirement, str)]
    assert {_plain(requirement) for requirement in tools} <= develop.keys()
    assert use.items() <= develop.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    """Neither the address of a package index nor a folder of the machine on which it was made."""
    assert not re.search(r"://|--index|--find-links|^[-./]|@ ", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)


def _texts(file: Path) -> str:
    """What a file says; of a module only its texts, since a number in a calculation is nobody's."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix != ".py":
        return text
    constants = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return "\n".join(constant for constant in constants if isinstance(constant, str))


def test_no_client_number_of_a_person_is_in_the_project() -> None:
    """Numbers for tests begin with 9999, which are never given out, or count up; published amounts are no numbers."""
    published = ROOT / "tests" / "cases" / "shared_savings_2018.csv"  # whole dollars of organisations
    folders = [ROOT / folder for folder in (*PACKAGES, "tests", "docs", "examples", "benchmarks")]
    files = [file for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".md", ".csv", ".toml")]
    found = {
        f"{file.relative_to(ROOT)}: {number}"
        for file in {*files, *ROOT.glob("*.md"), ROOT / "cli.py"} - {published}
        for number in re.findall(r"(?<![\w.])\d{9}(?![\w.])", _texts(file))
        if is_bsn(number) and not number.startswith(("9999", "012345", "123456"))
    }
    assert found == set()
