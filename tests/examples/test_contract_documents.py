"""The documents of `examples/contracts`: the worked examples come out to the cent, and each can be recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from contracts.acceptance import acceptance_findings
from contracts.documents import read_documents
from contracts.model import Contract
from contracts.parties import Parties
from contracts.summary import summary
from settlement.simulation import settle_example
from tariffs.units import PRICE_RULES, UNIT_NAMES, Rounding, Unit
from tests.settlement.books import PRODUCTS_HEADER

DOCUMENTS = sorted((Path(__file__).parents[2] / "examples" / "contracts").glob("*.toml"))
OF_EXAMPLES = ("C13", "C14", "C15", "C16", "C20", "C21")
NOBODY = Parties({}, {})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_worked_examples_come_out(path: Path) -> None:
    (document,) = read_documents([path])
    assert document.contract.example
    findings = acceptance_findings([document], {}, NOBODY, {}, settle_example)
    assert [str(finding) for finding in findings if finding.code in OF_EXAMPLES] == []
    said = "\n".join(summary(document.contract, NOBODY))
    assert all(component.key in said and component.clause in said for component in document.contract.component)


def register(contract: Contract) -> tuple[list[str], list[str]]:
    """The parties that a contract names, and the products it reads, counted as its worked examples count them."""
    counted = {code: product for example in contract.example for code, product in example.products.items()}
    providers = {contract.provider, *contract.providers}
    parties = [f"gemeente;{code};{code}" for code in contract.municipalities]
    parties += [f"aanbieder;{code};{code}" for code in sorted(providers)]
    read = {product for component in contract.component for _, product in contract.deliveries_read_by(component)}
    products = []
    for code in sorted(read):
        rule = counted[code].rule if code in counted else PRICE_RULES[(Unit.PIECE, Unit.PIECE, Rounding.ROW)]
        words = (UNIT_NAMES[rule.unit], UNIT_NAMES[rule.price_per], rule.rounding)
        products.append(
            f"{contract.laws[0]};01;{code};{code};{';'.join(words)};tweede;lokaal;6.751;{contract.in_force.start};"
        )
    return parties, products


# What is said of a document that is recorded without the others it belongs with: another serves the rest of the area.
WARNINGS = {"population": ["W20"]}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_each_document_can_be_recorded(path: Path, invoke: Callable[..., Result], tmp_path: Path) -> None:
    (document,) = read_documents([path])
    parties, products = register(document.contract)
    (tmp_path / "partijen.csv").write_text("\n".join(["soort;code;naam", *parties]), encoding="utf-8")
    (tmp_path / "producten.csv").write_text("\n".join([PRODUCTS_HEADER, *products]), encoding="utf-8")
    assert invoke("contract", "parties", tmp_path / "partijen.csv").exit_code == 0
    if products:
        assert invoke("tariff", "products", tmp_path / "producten.csv").exit_code == 0
    added = invoke("contract", "add", path)
    warned = WARNINGS.get(path.stem, [])
    assert (added.exit_code, re.findall(r"^ *([A-Z]\d\d)$", added.output, re.MULTILINE)) == (3 if warned else 0, warned)
    assert f"{document.contract.number}: nieuw" in added.output


def test_a_word_of_the_screen_in_expect_is_told_the_label(tmp_path: Path) -> None:
    example = next(path for path in DOCUMENTS if path.stem == "lump_sum").read_text(encoding="utf-8")
    path = tmp_path / "a.toml"
    path.write_text(example.replace('"instalment"', '"termijn"', 1), encoding="utf-8")
    found = acceptance_findings(read_documents([path]), {}, NOBODY, {}, settle_example)
    (finding,) = (finding for finding in found if finding.code == "C15")
    assert finding.hint.startswith("schrijf het label dat uitkomt: instalment; ")


def test_capital_letters_make_no_other_index(tmp_path: Path) -> None:
    example = next(path for path in DOCUMENTS if path.stem == "indexation").read_text(encoding="utf-8")
    path = tmp_path / "a.toml"
    path.write_text(
        example.replace('["ova", 2023', '["OVA", 2023').replace("{ ova = ", "{ OVA = ", 1), encoding="utf-8"
    )
    found = acceptance_findings(read_documents([path]), {}, NOBODY, {}, settle_example)
    assert [str(finding) for finding in found if finding.code in OF_EXAMPLES] == []
