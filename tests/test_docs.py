"""What the documentation says is there: links, decisions, the words of the glossary, the codes of findings."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
PACKAGES = ("kernel", "database", "tariffs", "contracts", "importers", "settlement")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"(?<![A-Z])[BCDFGKLPRTVW]\d\d")


def _source() -> dict[str, str]:
    return {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
    }


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{target} does not exist"
        assert not anchor or anchor in _anchors(found), f"{target} has no heading {anchor}"


def test_every_decision_is_listed_short_and_numbered_in_order() -> None:
    listed = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for number, decision in enumerate(DECISIONS, start=1):
        lines = decision.read_text(encoding="utf-8").splitlines()
        assert decision.name.startswith(f"{number:04d}-")
        assert lines[0].startswith(f"# {number}. ")
        assert [line for line in lines if line.startswith("## ")] == [
            "## Context", "## Decision", "## Why", "## Consequences"
        ]  # fmt: skip
        assert len(lines) <= 40
        assert f"(decisions/{decision.name}) {lines[0].partition('. ')[2]}\n" in listed
    assert DECISIONS


def test_the_words_of_the_glossary_are_those_of_the_code() -> None:
    source = "\n".join(_source().values())
    rows = [line for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines() if "| `" in line]
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(names) > 60
    assert [name for name in names if not re.search(rf"\b{name}\b", source)] == []


def test_every_code_of_a_finding_is_documented_and_means_one_thing() -> None:
    used: dict[str, set[str]] = {}
    for file, text in _source().items():
        for code in re.findall(rf'"({CODE.pattern})"', text):
            used.setdefault(code, set()).add(file.split("/")[0])
    pages = [page.read_text(encoding="utf-8") for page in ROOT.glob("docs/*.md")]
    documented = Counter(code for page in pages for code in re.findall(rf"^\| ({CODE.pattern}) \|", page, re.MULTILINE))
    mentioned = {code for page in pages for code in CODE.findall(page)}
    assert {code for code in used if code not in mentioned} == set()
    assert {code for code in mentioned if code not in used} == set()
    assert {code for code, times in documented.items() if times > 1} == set()
    assert {code: packages for code, packages in used.items() if len(packages) > 1} == {}
