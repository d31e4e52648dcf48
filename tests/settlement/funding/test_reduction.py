"""A temporary reduction: so many percent less, for some months."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.components.reduction import ReductionComponent
from kernel.periods import Month
from settlement.entitlement import Treatment
from settlement.funding import reduction
from settlement.phrases import explanation_lines
from tests.settlement.funding.lines import CAPELLE, ROTTERDAM, line, modified, refused

DOCUMENT = 'kind = "reduction"\npercent = "2.5"\nfrom = "2026-03"\nuntil = "2026-05"\n'


def test_half_up_for_each_municipality_in_the_months_it_holds() -> None:
    contract = modified(DOCUMENT)
    component = contract.component[-1]
    assert isinstance(component, ReductionComponent)
    above = [
        line("2026-02", "100.00"),
        line("2026-03", "100.20"), line("2026-03", "100.00", ROTTERDAM), line("2026-03", "0.20", ROTTERDAM),
        line("2026-03", "500.00", treatment=Treatment.SHADOW),
        line("2026-04", "-33.33"),
        line("2026-05", "100.00"),
    ]  # fmt: skip
    lines, findings = reduction.entitle(contract, component, above, Month(2026, 12))
    assert findings == []
    assert [(str(one.key.month), one.key.municipality, str(one.amount)) for one in lines] == [
        ("2026-03", CAPELLE, "-2.51"),  # 2.505, and 2.505 of the other: together they are not 5.01
        ("2026-03", ROTTERDAM, "-2.51"),
        ("2026-04", CAPELLE, "0.83"),
    ]
    assert explanation_lines(lines[1].explanation) == [
        (0, "tijdelijke korting: 2,5 % van 100,20 (artikel 6)", "-2,51"),
        (1, "zorg, GM0599, maart 2026", "100,20"),
    ]
    until_march, _ = reduction.entitle(contract, component, above, Month(2026, 3))
    assert until_march == lines[:2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('until = "2026-03"', "het einde (2026-03) ligt niet na het begin (2026-03)"),
        ('until = "mei 2026"', '"mei 2026" is geen maand'),
        ('until = "2026-05"\npercent = "102"', "hooguit 100"),
    ],
)
def test_documents_that_cannot_be_meant(wrong: str, said: str, tmp_path: Path) -> None:
    document = 'kind = "reduction"\nfrom = "2026-03"\n' + wrong + ("" if "percent" in wrong else '\npercent = "2.5"')
    assert said in refused(document, tmp_path)
