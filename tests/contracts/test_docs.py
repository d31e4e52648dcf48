"""The pages on files and contracts say what the code reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts import acceptance, documents, parties, review
from contracts.documents import read_documents
from contracts.model import Contract
from importers import advances, cbs, delivery_files, population_counts
from importers.facts import assignments, households, importing, kind, moves, outcomes, referrals, trajectories
from kernel import tabular
from settlement import reach_back
from settlement import review as settlement_review
from tariffs import index_figures, price_lists, products

DOCS = Path(__file__).parents[2] / "docs"
LAYOUTS = (DOCS / "file_layouts.md").read_text(encoding="utf-8")
CONTRACTS = (DOCS / "contracts.md").read_text(encoding="utf-8")
SECTIONS = {section.split(":")[0]: section for section in LAYOUTS.split("\n## ")[1:]}


@pytest.mark.parametrize(
    ("title", "layout"),
    [
        ("Products", products.LAYOUT),
        ("Prices", price_lists.LAYOUT),
        ("Index figures", index_figures.LAYOUT),
        ("Parties", parties.LAYOUT),
        ("Population counts", population_counts.LAYOUT),
        ("Advances", advances.LAYOUT),
        ("Deliveries", delivery_files.COLUMNS),
    ],
)
def test_every_column_stands_in_its_section(title: str, layout: tuple[tabular.Column, ...]) -> None:
    rows = dict(
        reversed(re.findall(r"^\| ([^|]+?)(?: \(optional\))? \| ([^|]+?) \|", SECTIONS[title], re.MULTILINE))
    )  # the first table of the section
    for column in layout:
        name = column.headers[0]
        assert name in rows, f"{title}: {name}"
        assert f"| {name} (optional) |" in SECTIONS[title] or column.required
        assert len(tabular.find_columns([rows[name]], [column], title)) == 1  # the English header means it too
    example = SECTIONS[title].split("```csv\n")[1].split("```")[0]
    assert tabular.find_columns(example.splitlines()[0].split(";"), layout, title)


def test_every_key_of_a_contract_is_explained() -> None:
    schema = Contract.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        for key in part.get("properties", {}):
            assert re.search(rf"\b{key}\b", CONTRACTS), key


def test_every_code_is_explained() -> None:
    for page, modules in (
        (
            LAYOUTS,
            (
                tabular,
                products,
                price_lists,
                index_figures,
                parties,
                population_counts,
                advances,
                cbs,
                importing,
                kind,
                outcomes,
                referrals,
                assignments,
                households,
                moves,
                trajectories,
            ),
        ),
        (CONTRACTS, (documents, acceptance, review, settlement_review, reach_back)),
    ):
        sources = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules)
        codes = set(re.findall(r'"([RKTGBVCW]\d\d)"', sources))
        assert codes
        assert codes == set(re.findall(r"\b([RKTGBVCW]\d\d)\b", page))


def test_the_example_is_a_contract(document: Callable[..., Path]) -> None:
    (read,) = read_documents([document(CONTRACTS.split("```toml\n")[1].split("```")[0])])
    assert review.warnings(read, review.NO_PRICE_LISTS) == []
