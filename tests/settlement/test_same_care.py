"""A run says which deliveries seem to be the same care twice, each contract its own, and pays them all."""

from __future__ import annotations

from kernel.findings import Severity
from kernel.money import Eur
from tests.settlement.books import OTHER, Books, delivery, effort_contract


def test_deliveries_in_two_files_and_under_two_contracts(books: Books) -> None:
    books.open(
        effort_contract(products=["45A04", "44A09"]), effort_contract("O", provider=OTHER, products=["45A04", "44A09"])
    ).prices("45A04;2026-01-01;;60,00", "44A09;2026-01-01;;200,00")
    books.deliver(
        delivery("r1", "45A04", "2026-01-05", 60),
        delivery("s1", "44A09", "2026-01-20", 3, end="2026-01-22"),
        delivery("f1", "45A04", "2026-02-05", 60),
    )
    books.deliver(
        delivery("r2", "45A04", "2026-01-05", 60, provider=OTHER),
        delivery("r3", "45A04", "2026-01-05", 61, provider=OTHER),
        delivery("s2", "44A09", "2026-01-22", 1),
    )
    run = books.settle("2026-01")
    said = {
        contract.contract.number: [
            (finding.code, finding.severity, finding.place, finding.message) for finding in contract.findings
        ]
        for contract in run.contracts
    }
    first, second = (f"rij {row} van vastlegging" for row in (2, 3))
    assert [(code, severity, place) for code, severity, place, _ in said["B"]] == [
        ("P06", Severity.WARNING, "product 44A09, GM0502, 2026-01"),
        ("P06", Severity.WARNING, "product 45A04, GM0502, 2026-01"),
    ]
    assert said["B"][0][3].startswith("2 leveringen bij een cliënt")
    assert second in said["B"][0][3]
    assert said["B"][1][3].startswith("1 levering bij een cliënt")
    assert [(place, message.count(first)) for _, _, place, message in said["O"]] == [
        ("product 45A04, GM0502, 2026-01", 1)
    ]
    totals = {contract.contract.number: contract.total for contract in run.contracts}
    assert totals == {"B": Eur("860.00"), "O": Eur("121.00")}
    books.deliver(
        delivery("c2", "45A04", "2026-01-05", 60, provider=OTHER, credits="r2"),
        delivery("c1", "44A09", "2026-01-22", 1, credits="s2"),
    )
    assert [finding for contract in books.settle("2026-01").contracts for finding in contract.findings] == []
    early = books.settle("2026-01", cutoff=run.cutoff)
    assert len([finding for contract in early.contracts for finding in contract.findings]) == 3
