"""Advances: recorded once, and never under another amount."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from contracts.tables import contract_versions, contracts
from database.recordings import latest, record
from importers.advances import Advance, advances_known, import_advances, render_advances_import
from kernel.findings import Refusal
from kernel.money import Eur

DOCUMENT = """\
contract = "{number}"
title = "Ambulant"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = {{ from = 2025-01-01, until = 2029-01-01 }}
component = [{{ key = "ambulant", kind = "effort", clause = "artikel 5", products = ["45A04"] }}]
"""


@pytest.fixture
def ids(connection: Connection) -> dict[str, int]:
    """The contracts B and C, recording 1."""
    recording = record(connection, "contracts", "contracten", "tester")
    found = {}
    for number in ("B", "C"):
        found[number] = connection.execute(
            insert(contracts).values(number=number).returning(contracts.c.id)
        ).scalar_one()
        connection.execute(
            insert(contract_versions).values(
                contract_id=found[number], recording=recording, document=DOCUMENT.format(number=number), sha256="0" * 64
            )
        )
    return found


@pytest.fixture
def advances_file(tmp_path: Path) -> Callable[..., Path]:
    def advances_file(*rows: str, header: str = "contract;datum;bedrag;referentie") -> Path:
        path = tmp_path / "advances.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return advances_file


def test_advances_are_read_in_a_total_order(
    connection: Connection, ids: dict[str, int], advances_file: Callable[..., Path]
) -> None:
    path = advances_file("C;10-01-2026;1,00;v1", "B;11-01-2026;3;v3", "B;10-01-2026;500,00;v2", "B;10-01-2026;7;v1")
    result = import_advances(connection, path, "tester")
    assert render_advances_import(result) == "Vastlegging 2: 4 voorschotten nieuw, samen 511,00; 0 al bekend."
    assert advances_known(connection, 2) == [
        Advance(ids["B"], "v1", date(2026, 1, 10), Eur("7"), 2),
        Advance(ids["B"], "v2", date(2026, 1, 10), Eur("500.00"), 2),
        Advance(ids["B"], "v3", date(2026, 1, 11), Eur("3"), 2),
        Advance(ids["C"], "v1", date(2026, 1, 10), Eur("1.00"), 2),
    ]
    assert advances_known(connection, 1) == []


def test_an_advance_that_comes_again_is_known(
    connection: Connection, ids: dict[str, int], advances_file: Callable[..., Path]
) -> None:
    import_advances(connection, advances_file("B;10-01-2026;500,00;v1"), "tester")
    english = advances_file("B,2026-01-10,500.00,v1", header="contract,date,amount,reference")
    again = import_advances(connection, english, "tester")
    assert render_advances_import(again) == "Al bekend: 1 voorschot; er is niets vastgelegd."
    assert latest(connection) == 2
    twice = import_advances(connection, advances_file(*["B;10-01-2026;1,00;v2"] * 2, "B;10-01-2026;500;v1"), "tester")
    assert (twice.recording, twice.added, twice.known, twice.total) == (3, 1, 2, Eur("1.00"))
    assert [advance.recording for advance in advances_known(connection, 3)] == [2, 3]


@pytest.mark.parametrize("row", ["B;10-01-2026;500,01;v1", "B;11-01-2026;500,00;v1"])
def test_a_reference_names_one_advance(
    connection: Connection, ids: dict[str, int], advances_file: Callable[..., Path], row: str
) -> None:
    first = "B;10-01-2026;500,00;v1"
    said = "rij 3: referentie v1 is al van een voorschot van 500,00 op 10-01-2026"
    with pytest.raises(Refusal) as refusal:
        import_advances(connection, advances_file(first, row), "tester")
    assert str(refusal.value.findings[0]).startswith(said)
    import_advances(connection, advances_file(first), "tester")
    with pytest.raises(Refusal) as refusal:
        import_advances(connection, advances_file("C;10-01-2026;1,00;v1", row), "tester")
    assert str(refusal.value.findings[0]).startswith(said)
    assert len(advances_known(connection, latest(connection))) == 1


def test_every_wrong_row_is_told(
    connection: Connection, ids: dict[str, int], advances_file: Callable[..., Path]
) -> None:
    with pytest.raises(Refusal) as refusal:
        import_advances(connection, advances_file("X;10-01-2026;1;v1", "Y;10-01-2026;1;v2"), "tester")
    assert [str(finding) for finding in refusal.value.findings] == [
        "rij 2: contract X is onbekend; leg het contract eerst vast",
        "rij 3: contract Y is onbekend; leg het contract eerst vast",
    ]
    wrong = [
        ("B;10-01-2026;0,00;v1", 'rij 2, kolom "bedrag": "0,00" is geen betaald bedrag'),
        ("B;10-01-2026;1,00;s-999900018-x", 'rij 3, kolom "referentie": "s-•••••••••-x" bevat een getal dat een'),
        ("B;10-01-2026;1,005;v1", 'rij 4, kolom "bedrag": "1,005" kan twee dingen betekenen'),
        ("B;10-01-2026;0,0001;v1", 'rij 5, kolom "bedrag": 0,0001 heeft meer dan twee decimalen'),
        ("B;10-01-2026;1;", 'rij 6, kolom "referentie": leeg'),
        ("B;10-01-2126;1;v1", 'rij 7, kolom "datum": 10-01-2126 ligt te ver vooruit; vul een dag in tot en met'),
        ("X;10-01-2026;1;v1", "rij 8: contract X is onbekend"),  # told beside the cells that cannot be read
    ]
    with pytest.raises(Refusal) as refusal:
        import_advances(connection, advances_file(*(row for row, _ in wrong)), "tester")
    assert len(refusal.value.findings) == len(wrong)
    for finding, (_, said) in zip(refusal.value.findings, wrong, strict=True):
        assert str(finding).startswith(said)
    assert latest(connection) == 1


def test_an_advance_is_taken_back_by_a_payment_of_its_own(
    connection: Connection, ids: dict[str, int], advances_file: Callable[..., Path]
) -> None:
    path = advances_file("B;10-01-2026;500,00;v1", "B;11-01-2026;-500,00;v1-terug")
    result = import_advances(connection, path, "tester")
    assert render_advances_import(result) == "Vastlegging 2: 2 voorschotten nieuw, samen 0,00; 0 al bekend."
    assert [advance.amount for advance in advances_known(connection, 2)] == [Eur("500.00"), Eur("-500.00")]
    with pytest.raises(Refusal) as refusal:
        import_advances(connection, advances_file("B;10-01-2026;400,00;v1"), "tester")
    assert "met een eigen regel en een negatief bedrag" in refusal.value.findings[0].hint
