"""What every command does the same: usage in Dutch."""

from __future__ import annotations

import inspect

import click
import pytest
from click.testing import CliRunner

import cli
from database.command_line import _DUTCH


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
    assert "[standaard: 20; x>=0]" in shown
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
