"""The contract documents of `examples/contracts`: the worked examples inside come out to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.acceptance import acceptance_findings
from contracts.documents import read_documents
from contracts.parties import Parties
from contracts.summary import summary
from settlement.simulation import settle_example

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
