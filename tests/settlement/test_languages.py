"""Languages: what one says the other says too, with the same numbers in it, and nothing is said that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from contracts.model import Component
from kernel.money import Eur
from settlement.languages.dutch import DUTCH
from settlement.languages.english import ENGLISH
from settlement.statements.changes import CAUSES_IN_ORDER
from tariffs.units import Unit

KINDS = {get_args(member.model_fields["kind"].annotation)[0] for member in get_args(get_args(Component)[0])}
SETTLEMENT = Path(__file__).parents[2] / "settlement"
TABLES = ("steps", "causes", "labels", "units", "texts", "remedies")


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_say_the_same_with_the_same_places(table: str) -> None:
    dutch: Mapping[str, str] = getattr(DUTCH, table)
    english: Mapping[str, str] = getattr(ENGLISH, table)
    assert list(dutch) == list(english)
    assert [code for code in dutch if places(dutch[code]) != places(english[code])] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_number_with_a_word_has_one_for_one_and_one_for_many(table: str) -> None:
    for language in (DUTCH, ENGLISH):
        for template in getattr(language, table).values():
            words = [spec for _, _, spec, _ in Formatter().parse(template) if spec and spec != "{unit}"]
            assert all(spec.count("/") == 1 for spec in words), template


def test_every_kind_of_component_has_its_words() -> None:
    for language in (DUTCH, ENGLISH):
        assert {f"notes.component.{kind}" for kind in KINDS} <= language.texts.keys()


# Warnings that concern the municipality alone.
FOR_THE_MUNICIPALITY = {"F12", "P02"}


def test_every_warning_of_a_run_says_what_a_provider_does_or_stands_on_no_statement() -> None:
    documented = (SETTLEMENT.parent / "docs" / "findings.md").read_text(encoding="utf-8")
    warnings = set(re.findall(r"^\| ([PSF][0-9]{2}) \| [^|]*warning", documented, re.MULTILINE))
    assert warnings > FOR_THE_MUNICIPALITY
    assert warnings - DUTCH.remedies.keys() == FOR_THE_MUNICIPALITY


def test_what_a_provider_reads_speaks_to_it() -> None:
    """Commands, and what the municipality lets a provider do, are for the municipality."""
    of_commands = {code for code in DUTCH.texts if code.startswith("cause.")}
    for language, not_said in (
        (
            DUTCH,
            r"bekostiging [a-z]+|[Ll]aat de aanbieder|[Vv]raag de aanbieder|deze aanbieder|opdrachtgever|leg .* vast",
        ),
        (ENGLISH, r"bekostiging [a-z]+|let the provider|ask the provider|this provider|who made it"),
    ):
        said = {**language.remedies, **{code: text for code, text in language.texts.items() if code not in of_commands}}
        assert [code for code, text in said.items() if re.search(not_said, text)] == []


def test_every_cause_has_its_row_in_a_statement() -> None:
    assert set(CAUSES_IN_ORDER) == {code.split(".")[0] for code in DUTCH.causes}


def test_every_text_is_said_somewhere() -> None:
    """A code is written out, or made of a beginning and an end that are."""
    sources = "".join(
        path.read_text(encoding="utf-8") for path in SETTLEMENT.rglob("*.py") if path.parent.name != "languages"
    )
    written = set(re.findall(r"""["']([a-z_.]+)["']""", sources))
    begun = re.findall(r'f"([a-z_]+(?:\.[a-z_]+)*\.)\{', sources)
    said = written | {f"{start}{end}" for start in begun for end in {*written, *map(str, Unit)}}
    said |= {f"{code}.is" for code in said} | {f"notes.component.{kind}" for kind in KINDS}
    assert [code for code in DUTCH.texts if code not in said] == []


def test_names_of_sheets_need_no_quotes_in_a_formula_and_are_short_enough() -> None:
    for language in (DUTCH, ENGLISH):
        names = [text for code, text in language.texts.items() if code.startswith("sheet.")]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[A-Za-z]{1,31}", name) for name in names)


def test_numbers_dates_and_months() -> None:
    day = date(2026, 3, 5)
    assert [DUTCH.eur(Eur("1132.45")), DUTCH.day(day), DUTCH.month(day)] == ["1.132,45", "05-03-2026", "maart 2026"]
    assert [ENGLISH.eur(Eur("1132.45")), ENGLISH.day(day), ENGLISH.month(day)] == [
        "1,132.45",
        "5 March 2026",
        "March 2026",
    ]
    assert DUTCH.say("rejected.more", rows=DUTCH.count(1)) == "En nog 1 afgewezen rij."
    assert ENGLISH.say("rejected.more", rows=ENGLISH.count(1200)) == "And 1,200 more rejected rows."
