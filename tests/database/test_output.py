"""What commands say steers no terminal, whatever text it came with."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from database.command_line import tell_json
from database.output import _Shown, steered

_EVIL = "a\x1b[31mb\x9b2Jc\u202ed\u200be\x07\rf"


def test_what_is_said_has_no_escape_sequences_and_a_progress_line_has() -> None:
    content = io.BytesIO()
    stream = _Shown(io.BufferedWriter(content), "utf-8")  # type: ignore[type-var]
    print(_EVIL, "tot\tslot", file=stream)
    steered(stream).write("\x1b[2K")
    stream.flush()
    assert content.getvalue().decode() == "a[31mb2Jcdef tot\tslot\n\x1b[2K"
    assert steered(sys.stderr) is sys.stderr


def test_json_escapes_them_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    tell_json({"name": _EVIL})
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert json.loads(said) == {"name": _EVIL}


@pytest.mark.parametrize(
    "arguments",
    [
        ["contract", "check", "a\x1b[31mb.toml"],
        ["contract", "check", "kwaad.toml"],
        ["contract", "simulate", "kwaad.toml", "--facts", "kwaad.toml"],
        ["settle", "\x1b[31m"],
        ["settle", "run", "--period", "\x1b[31m"],
    ],
)
def test_the_program_passes_on_no_escape_sequence(tmp_path: Path, arguments: list[str], database_url: str) -> None:
    for name in ("a\x1b[31mb.toml", "kwaad.toml"):
        (tmp_path / name).write_text('title = "\\u001b[31m"\n"\\u001b[2J" = 1\n\x1b[31m\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], cwd=tmp_path, capture_output=True, check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "BEKOSTIGING_DATABASE_URL": database_url,
             "BEKOSTIGING_HOME": str(tmp_path), "BEKOSTIGING_USER": "t"},
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode()
    assert said
    assert said.replace("\n", "").isprintable(), said
    assert done.returncode in (1, 2)
