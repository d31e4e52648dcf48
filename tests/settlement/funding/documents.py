"""Contract documents around a component, and what they come to on facts written by hand."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.documents import contract_of, read_documents
from contracts.facts import FactsPart
from contracts.model import Contract
from kernel.findings import Finding, Refusal
from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import Entitlement
from settlement.funding.components import entitle
from settlement.simulation import facts_of_document


def document(
    *components: str,
    start: str = "2026-01-01",
    until: str = "2028-01-01",
    laws: str = '"Wmo", "Jeugdwet"',
    municipalities: str = '"GM0502"',
) -> str:
    """A document with components, each given by its keys but `clause`."""
    head = f"""contract = "A"
title = "Voorbeeld"
provider = "41000001"
municipalities = [{municipalities}]
laws = [{laws}]
in_force = {{ from = {start}, until = {until} }}
"""
    return head + "".join(f'\n[[component]]\nclause = "artikel {n}"\n{c}\n' for n, c in enumerate(components, 1))


def settled(contract: Contract | str, facts: str) -> tuple[list[Entitlement], list[Finding]]:
    """What a contract comes to on facts written as in a worked example."""
    contract = contract_of(contract) if isinstance(contract, str) else contract
    read, unpriced = facts_of_document(contract, FactsPart.model_validate(tomllib.loads(facts, parse_float=Decimal)))
    assert unpriced == []
    return entitle(contract, read, Month.parse(tomllib.loads(facts)["through"]))


def sums(lines: Iterable[Entitlement]) -> dict[tuple[str, str], str]:
    """What lines come to by month and label; lines of nothing are left out."""
    found: dict[tuple[str, str], Eur] = defaultdict(Eur.zero)
    for line in lines:
        found[(str(line.key.month), line.key.label)] += line.amount
    return {key: str(amount) for key, amount in sorted(found.items()) if amount}


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def refused(text: str, folder: Path) -> str:
    """What a contract manager reads about a document that cannot be meant."""
    path = folder / "contract.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refusal:
        read_documents([path])
    assert all(finding.hint for finding in refusal.value.findings)
    return "\n".join(str(finding) for finding in refusal.value.findings)
