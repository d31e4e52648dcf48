"""Municipalities and providers, and the names they had at a cut-off."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from contracts.parties import import_parties, known_parties
from database.recordings import latest
from kernel.findings import Refusal


def test_parties_are_read(connection: Connection, parties_file: Path) -> None:
    result = import_parties(connection, parties_file, "tester")
    assert (result.recording, result.added, result.renamed, result.known) == (1, 4, 0, 0)
    parties = known_parties(connection, 1)
    assert {code: party.name for code, party in parties.municipalities.items()} == {
        "GM0502": "Capelle aan den IJssel",
        "GM0599": "Rotterdam",
    }
    assert {code: party.name for code, party in parties.providers.items()} == {
        "41000001": "Wijkteams",
        "41000002": "Coöperatie",
    }
    assert not known_parties(connection, 0).providers


def test_the_same_parties_again_record_nothing(connection: Connection, parties_file: Path) -> None:
    import_parties(connection, parties_file, "tester")
    parties_file.write_text(parties_file.read_text().replace("GM0502", "0502"))
    again = import_parties(connection, parties_file, "tester")
    assert (again.recording, again.known) == (None, 4)
    assert latest(connection) == 1


def test_a_new_name_keeps_the_party(connection: Connection, parties_file: Path) -> None:
    import_parties(connection, parties_file, "tester")
    parties_file.write_text("kind,code,name\nprovider,41000001,Wijkteams Capelle\n")
    result = import_parties(connection, parties_file, "tester")
    assert (result.recording, result.added, result.renamed) == (2, 0, 1)
    before, after = known_parties(connection, 1).providers, known_parties(connection, 2).providers
    assert (before["41000001"].name, after["41000001"].name) == ("Wijkteams", "Wijkteams Capelle")
    assert before["41000001"].id == after["41000001"].id
    assert after["41000002"].name == "Coöperatie"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("gemeente;41000001;X", 'rij 2, kolom "code": "41000001" is geen code van deze soort'),
        ("aanbieder;GM0502;X", 'rij 2, kolom "code": "GM0502" is geen code van deze soort'),
        ("aanbieder;4100001;X", 'rij 2, kolom "code": "4100001" is geen code van deze soort'),
        ("regio;GM0502;X", 'rij 2, kolom "soort": "regio" staat niet in de lijst; kies uit gemeente, aanbieder'),
        ("gemeente;GM0502;", 'rij 2, kolom "naam": leeg'),
        ("gemeente;GM0502;X\ngemeente;0502;Y", 'rij 3, kolom "code": GM0502 staat er twee keer in'),
    ],
)
def test_a_wrong_row_refuses_the_file(connection: Connection, parties_file: Path, row: str, said: str) -> None:
    parties_file.write_text(f"soort;code;naam\n{row}\n")
    with pytest.raises(Refusal) as refusal:
        import_parties(connection, parties_file, "tester")
    (finding,) = refusal.value.findings
    assert str(finding).startswith(said)
    assert latest(connection) == 0


def test_every_wrong_row_is_told_at_once(connection: Connection, parties_file: Path) -> None:
    parties_file.write_text("soort;code;naam\ngemeente;41000001;X\nregio;GM0502;X\n")
    with pytest.raises(Refusal) as refusal:
        import_parties(connection, parties_file, "tester")
    assert sorted(finding.place for finding in refusal.value.findings) == [
        'rij 2, kolom "code"',
        'rij 3, kolom "soort"',
    ]
