"""An explanation survives being stored."""

from __future__ import annotations

import json

from kernel.explanations import Step
from kernel.findings import Finding, Refusal, Severity


def test_a_tree_of_steps_comes_back_from_json_as_it_was() -> None:
    leaf = Step("index", {"percent": "4.96", "before_eur": "1000000.00"}, "1049600.00", "artikel 4 lid 2")
    tree = Step("instalment", {"number": "1", "of": "12"}, "87466.66", "artikel 4", (leaf, Step("nothing_left")))
    assert Step.from_json(json.loads(json.dumps(tree.to_json()))) == tree


def test_a_finding_reads_as_a_sentence() -> None:
    assert str(Finding("D02", Severity.ERROR, "rij 2", "leeg", "vul een waarde in")) == "rij 2: leeg; vul een waarde in"
    assert str(Finding("D32", Severity.ERROR, "", "was al ontvangen", "")) == "was al ontvangen"


def test_a_refusal_keeps_its_reasons() -> None:
    finding = Finding("R01", Severity.ERROR, "rij 2", "kort", "vul aan")
    refusal = Refusal("niet ingelezen", "verbeter de regels", [finding])
    assert (str(refusal), refusal.hint, refusal.findings) == ("niet ingelezen", "verbeter de regels", (finding,))
