"""The worked month of the README, run as it stands there.

In that section a block `sh` is run as a whole; a block `console` holds commands after `$` and what each of them says. A
line that is only `…` stands for any lines. Written anew with what the program says now: `python tests/test_readme.py`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
SECTION = re.compile(r"^## A month, worked out$.*?(?=^## )", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DONE, NEEDS_ATTENTION = 0, 3
ANY_LINES = "…"
# Printed after every command, with its exit code, to tell the outputs apart.
_MARK = "\n\x1e"


@dataclass(frozen=True)
class Command:
    """A command as the README shows it; `says` is None when the README shows no output."""

    text: str
    says: str | None


def commands_of(section: str) -> Iterator[Command]:
    for kind, body in BLOCK.findall(section):
        if kind == "sh":
            yield Command(body, None)
        else:
            for entry in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                text, _, says = entry.partition("\n")
                yield Command(text, says)


def run(commands: list[Command], folder: Path) -> list[tuple[str, int]]:
    """What each command says, and its exit code; all in one shell, in an empty folder, with the installed program."""
    shell = shutil.which("bash")
    assert shell
    script = "trap 'bekostiging db stop >/dev/null 2>&1' EXIT\n" + "".join(
        f"{command.text}\nstatus=$?; printf '\\n\\036%s\\n' $status; (exit $status)\n" for command in commands
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BEKOSTIGING_")}
    search = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")])
    environment = inherited | {"PATH": search, "HOME": str(folder), "PYTHONUTF8": "1", "BEKOSTIGING_KEEP_SERVER": "1"}
    said = subprocess.run(
        [shell, "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    ).stdout
    parts = re.split(rf"{_MARK}(\d+)\n", said)
    return [(_trimmed(text), int(code)) for text, code in zip(parts[:-1:2], parts[1::2], strict=True)]


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


def _matches(shown: str, said: str) -> bool:
    lines = [".*" if line == ANY_LINES else re.escape(line) for line in _trimmed(shown).split("\n")]
    return re.fullmatch("\n".join(lines), said, re.DOTALL) is not None


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are written for bash")
def test_the_worked_month_comes_out_as_the_readme_shows(tmp_path: Path) -> None:
    section = SECTION.search(README.read_text(encoding="utf-8"))
    assert section
    commands = list(commands_of(section[0]))
    assert sum(command.says is not None for command in commands) > 10
    outcomes = run(commands, tmp_path)
    for command, (said, code) in zip(commands, outcomes, strict=True):
        assert code in (DONE, NEEDS_ATTENTION), f"{command.text}\n{said}"
        if command.says is not None:
            assert _matches(command.says, said), f"{command.text}\n{said}"


def _shortened(said: str, shown: str) -> str:
    """What is said now, cut off where it was cut off before; as it is shown where that still holds."""
    if _matches(shown, said):
        return shown
    lines, before = said.split("\n"), shown.splitlines()
    if before[-1:] == [ANY_LINES] and before[-2] in lines:
        lines[lines.index(before[-2]) + 1 :] = [ANY_LINES]
    return "".join(f"{line}\n" for line in lines)


def rewrite() -> None:
    """Put what the program says now into the README."""
    text = README.read_text(encoding="utf-8")
    section = SECTION.search(text)
    assert section
    with tempfile.TemporaryDirectory() as folder:
        outcomes = iter(run(list(commands_of(section[0])), Path(folder)))

    def answered(block: re.Match[str]) -> str:
        entries = []
        for command in commands_of(block[0]):
            said, _ = next(outcomes)
            if command.says is None:
                return block[0]
            entries.append(f"$ {command.text}\n{_shortened(said, command.says)}")
        return f"```console\n{''.join(entries)}```"

    README.write_text(text.replace(section[0], BLOCK.sub(answered, section[0])), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
