"""Lines that a modifier applies to, and documents that hold nothing but it and what it applies to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.documents import contract_of, read_documents
from contracts.model import Contract
from kernel.explanations import Step
from kernel.findings import Refusal
from kernel.money import Eur, total
from kernel.periods import Month
from settlement.entitlement import Entitlement, LineKey, Treatment

CAPELLE, ROTTERDAM = "GM0502", "GM0599"


def modified(modifier: str, *, start: str = "2026-01-01", until: str = "2028-01-01") -> Contract:
    """A contract of two municipalities with a component `zorg` and below it the modifier `regel`."""
    return contract_of(_document(modifier, start, until))


def refused(modifier: str, folder: Path) -> str:
    """What a contract manager reads about a document with a modifier that cannot be meant."""
    path = folder / "contract.toml"
    path.write_text(_document(modifier, "2026-01-01", "2028-01-01"), encoding="utf-8")
    with pytest.raises(Refusal) as refusal:
        read_documents([path])
    return "\n".join(str(finding) for finding in refusal.value.findings)


def _document(modifier: str, start: str, until: str) -> str:
    return f"""contract = "A"
title = "Ambulant"
provider = "41000002"
municipalities = ["{CAPELLE}", "{ROTTERDAM}"]
laws = ["Jeugdwet"]
in_force = {{ from = {start}, until = {until} }}

[[component]]
key = "zorg"
kind = "effort"
clause = "artikel 5"
products = ["45A04"]

[[component]]
key = "regel"
clause = "artikel 6"
{modifier}
"""


def line(
    month: str,
    amount: str | Eur,
    municipality: str = CAPELLE,
    *,
    component: str = "zorg",
    label: str = "45A04",
    treatment: Treatment = Treatment.PAYABLE,
    task_field: str = "6.751",
) -> Entitlement:
    key = LineKey(component, municipality, Month.parse(month), label, treatment)
    return Entitlement(key, Eur(str(amount)), task_field, Step("posted", {}, str(amount)))


def sums(lines: Sequence[Entitlement]) -> dict[tuple[str, str], str]:
    """What lines come to by month and label."""
    keys = sorted({(str(one.key.month), one.key.label) for one in lines})
    return {key: str(total(o.amount for o in lines if (str(o.key.month), o.key.label) == key)) for key in keys}
