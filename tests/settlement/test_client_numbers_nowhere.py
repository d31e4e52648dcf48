"""The number of a client is in no text that is kept or shown, however it was written and wherever it was planted."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, Text, create_engine, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

import cli
from database.metadata import metadata

CLIENT, OTHER_CLIENT, NO_CLIENT = "999900018", "999900006", "999900031"
WRITTEN = {
    "plain": CLIENT,
    "with dots": "9999.00.018",
    "with slashes": "9999/00/018",
    "with underscores": "9999_00_018",
    "without width": "9999\u200b00018",
    "with blanks": "9999  00  018",
    "in another script": "\u0669\u0669\u0669\u0669\u0660\u0660\u0660\u0661\u0668",
    "full width": "\uff19\uff19\uff19\uff19\uff10\uff10\uff10\uff11\uff18",
    "inside a longer number": f"20{CLIENT}7",
}
PARTIES = "soort;code;naam\ngemeente;GM0502;Capelle\naanbieder;41000003;Wmo Thuis\n"
PRODUCTS = (
    "wet;categorie;product;naam;eenheid;prijs per;afronding;lijn;schaal;taakveld;vanaf\n"
    "Wmo;02;02A16;Begeleiding;minuut;uur;regel;tweede;lokaal;6.712;01-01-2020\n"
)
PRICES = "product;vanaf;tot;prijs\n02A16;01-01-2020;;66,00\n"
CONTRACT = """\
contract = "WMO"
title = "Begeleiding"
provider = "41000003"
municipalities = ["GM0502"]
laws = ["Wmo"]
in_force = { from = 2026-01-01, until = 2029-01-01 }

[[component]]
key = "begeleiding"
kind = "effort"
clause = "artikel 5"
products = ["02A16"]
"""
HEADER = "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal;dc;vorige referentie;toewijzing\n"
DELIVERY = f"r1;GM0502;41000003;{CLIENT};02A16;05-01-2026;05-01-2026;60;D;;\n"
# Of each kind of file: the command, the file, and what stands in it where {x} is a number.
FILES = {
    "parties": (["contract", "parties"], "x.csv", "soort;code;naam\naanbieder;41000009;Praktijk {x}\n"),
    "products": (["tariff", "products"], "x.csv", PRODUCTS.replace("Begeleiding", "B {x}").replace("02A16", "02A17")),
    "prices": (["tariff", "import", "--new", "--list", "lijst {x}"], "x.csv", PRICES),
    "figures": (["tariff", "index"], "x.csv", "naam;jaar;status;percentage\nOVA-{x};2026;definitief;4,00\n"),
    "contract": (["contract", "add"], "x.toml", CONTRACT.replace("Begeleiding", "Voor {x}")),
    "number": (["contract", "add"], "x.toml", CONTRACT.replace('"WMO"', '"W-{x}"')),
    "remark": (["contract", "add"], "x.toml", CONTRACT + "# besproken met {x}\n"),
    "population": (["import", "population"], "x.csv", "gebied;maat;peildatum;aantal;status\nWijk {x};inwoners;"
                   "01-01-2026;100;voorlopig\n"),
    "advances": (["import", "advances"], "x.csv", "contract;datum;bedrag;referentie\nWMO;05-01-2026;10,00;vs {x}\n"),
    "outcomes": (["import", "outcomes"], "x.csv", "contract;indicator;vanaf;tot;status;score\nWMO;uit {x};01-01-2026;"
                 "01-04-2026;voorlopig;0,80\n"),
    "referrals": (["import", "referrals"], "x.csv", "gemeente;referentie;contract;categorie;vanaf;tot en met;verwijzer;"
                  "aantal\nGM0502;vw {x};WMO;02;01-01-2026;31-01-2026;huisarts;12\n"),
    "assignments": (["import", "assignments"], "x.csv", "gemeente;toewijzing;aanbieder;product;bsn;vanaf;tot en met;"
                    f"omvang;per\nGM0502;T {{x}};41000003;02A16;{OTHER_CLIENT};12-01-2026;30-06-2026;180;week\n"),
    "trajectories": (["import", "trajectories"], "x.csv", "gemeente;traject;aanbieder;product;bsn;vanaf;tot;resultaat\n"
                     f"GM0502;R {{x}};41000003;02A16;{OTHER_CLIENT};02-03-2026;16-05-2026;nee\n"),
    "households": (["import", "households"], "x.csv", f"gemeente;huishouden;bsn;vanaf;tot\nGM0502;H {{x}};"
                   f"{OTHER_CLIENT};01-01-2026;\n"),
    "determinations": (["import", "determinations"], "x.csv", "contract;jaar;onderdeel;bedrag;besluitdatum;referentie\n"
                       "WMO;2025;;10,00;15-06-2026;BS {x}\n"),
    "references": (["import", "deliveries"], "x.csv", HEADER + DELIVERY.replace("r1", "d {x}")),
    "previous": (["import", "deliveries"], "x.csv", HEADER + DELIVERY.replace(";D;;", ";C;d {x};").replace("r1", "c9")),
    "assigned": (["import", "deliveries"], "x.csv", HEADER + DELIVERY.replace(";D;;\n", ";D;;t {x}\n")),
    "municipality": (["import", "deliveries"], "x.csv", HEADER + DELIVERY.replace("GM0502", "{x}")),
    "a date": (["import", "deliveries"], "x.csv", HEADER + DELIVERY.replace("05-01-2026", "{x}")),
    "no header": (["import", "deliveries"], "x.csv", DELIVERY.replace(CLIENT, "{x}")),
    "file name": (["import", "deliveries"], "lev-{x}.csv", HEADER + DELIVERY.replace("r1", "n {n}")),
    "the wrong file for a contract": (["contract", "add"], "x.csv", DELIVERY.replace(CLIENT, "{x}")),
    "the wrong file for a price list": (["tariff", "import"], "x.csv", DELIVERY.replace(CLIENT, "{x}")),
    "the wrong file for parties": (["contract", "parties"], "x.csv", "soort;code;naam\naanbieder;{x};y\n"),
    "the wrong file for a simulation": (["contract", "simulate", "c.toml", "--facts"], "x.toml",
                                         "{x} = 1\n'{x}' = 2\n"),
    "the wrong file for accounts": (["ledger", "export", "--all", "--accounts"], "x.toml",
                                    "'{x}' = 1\n[[scheme]]\nfrom = 2026-01-01\n'{x}' = 2\n"),
}  # fmt: skip
EVERY_FORM = ("parties", "references", "outcomes")  # of the others some
Told = Callable[..., str]


@pytest.fixture(scope="module")
def told(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Runs commands on a database that knows the client, and gives what they say."""
    folder = tmp_path_factory.mktemp("kept")
    home = {"BEKOSTIGING_DATABASE_URL": module_database_url, "BEKOSTIGING_HOME": str(folder)}

    def run(*arguments: str, user: str = "tester") -> str:
        result = CliRunner().invoke(cli.main, arguments, env={**home, "BEKOSTIGING_USER": user})
        assert result.exit_code in (0, 1, 3), result.output
        return result.output.replace(str(folder), "")

    deliveries = DELIVERY + DELIVERY.replace("r1", "r2").replace(CLIENT, OTHER_CLIENT)
    for name, content, arguments in (
        ("p.csv", PARTIES, ["contract", "parties"]),
        ("q.csv", PRODUCTS, ["tariff", "products"]),
        ("r.csv", PRICES, ["tariff", "import"]),
        ("c.toml", CONTRACT, ["contract", "add"]),
        ("d.csv", HEADER + deliveries, ["import", "deliveries"]),
    ):  # fmt: skip
        (folder / name).write_text(content, encoding="utf-8")
        run(*arguments, str(folder / name))
    return run


def _squeezed(written: str) -> str:
    """Only letters and digits, other scripts made plain."""
    kept = (c for c in unicodedata.normalize("NFKC", written) if unicodedata.category(c)[0] in "LN")
    return "".join(str(unicodedata.decimal(c, None) or (c if not c.isdecimal() else 0)) for c in kept)


def _kept(url: str) -> Iterator[tuple[str, str]]:
    """Every text that is kept, with where it is."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [c for c in table.columns if isinstance(c.type, Text | ARRAY | JSONB | LargeBinary)]
            for row in connection.execute(select(*columns)) if columns else ():
                for column, value in zip(columns, row, strict=True):
                    shown = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    yield f"{table.name}.{column.name}", shown
    engine.dispose()


@pytest.mark.parametrize("where", FILES)
def test_a_client_number_is_neither_kept_nor_shown(
    told: Told, tmp_path: Path, module_database_url: str, where: str
) -> None:
    command, name, content = FILES[where]
    forms = list(WRITTEN.items())
    for number, (form, written) in enumerate(forms if where in EVERY_FORM else forms[::4]):
        if "/" in written and "{x}" in name:
            continue
        path = tmp_path / name.replace("{x}", written)
        (tmp_path / "c.toml").write_text(CONTRACT, encoding="utf-8")
        path.write_text(content.replace("{x}", written).replace("{n}", str(number)), encoding="utf-8")
        arguments = [part.replace("{x}", written).replace("c.toml", str(tmp_path / "c.toml")) for part in command]
        said = told(*arguments, str(path)).replace(str(tmp_path), "")
        assert CLIENT not in _squeezed(said), (form, said)
    assert {place for place, kept in _kept(module_database_url) if CLIENT in _squeezed(kept)} == set()


def test_a_fact_that_holds_one_is_told_with_its_place(told: Told, tmp_path: Path) -> None:
    command, _, content = FILES["assignments"]
    path = tmp_path / "toewijzingen.csv"
    rows = content.replace("{x}", "1").splitlines(), content.replace("{x}", WRITTEN["with slashes"]).splitlines()
    path.write_text("\n".join([*rows[0], rows[1][1]]), encoding="utf-8")
    assert 'rij 3, kolom "toewijzing": bevat het nummer van een cliënt' in told(*command, str(path))


def test_the_user_is_recorded_without_it(told: Told, tmp_path: Path, module_database_url: str) -> None:
    path = tmp_path / "partijen.csv"
    for number, written in enumerate(WRITTEN.values()):
        path.write_text(f"soort;code;naam\naanbieder;4100001{number};P\n", encoding="utf-8")
        said = told("contract", "parties", str(path), user=f"jan {written}\x1b[31m")
        assert CLIENT not in _squeezed(said)
    kept = [value for place, value in _kept(module_database_url) if place == "recordings.recorded_by"]
    assert all(value.isprintable() and CLIENT not in _squeezed(value) for value in kept)


def test_a_number_that_only_could_be_one_is_kept_and_masked_where_it_is_shown(
    told: Told, tmp_path: Path, module_database_url: str
) -> None:
    """A credit finds its debit by it; papers, journal, backup and everything else never show a client."""
    path = tmp_path / "x.csv"
    rows = [DELIVERY.replace("r1", NO_CLIENT), DELIVERY.replace(";D;;", f";C;{NO_CLIENT};").replace("r1", "c1")]
    waits = DELIVERY.replace(";D;;", ";C;9999_00_043;").replace("r1", "c2")
    path.write_text(HEADER + "".join(rows) + waits, encoding="utf-8")
    said = [told("import", "deliveries", str(path)), told("import", "waiting"), told("import", "waiting", "--json")]
    said += [told("settle", "run", "--period", "2026-01"), told("settle", "approve", "1"), told("settle", "post", "1")]
    said += [told("explain", "1", "1"), told("explain", "1", "--reference", NO_CLIENT), told("status", "--json")]
    said += [told("statement", "export", "1", "--out", str(tmp_path / "uit")), told("settle", "list")]
    said += [told("ledger", "export", "1", "--out", str(tmp_path / "j.csv"))]
    said += [told("db", "backup", str(tmp_path / "kopie.zip"))]
    found = "".join(said)
    assert "•••••••••" in found
    for number in (CLIENT, OTHER_CLIENT, NO_CLIENT, "999900043"):
        assert number not in _squeezed(found.replace(str(tmp_path), "")), found
    kept = {place for place, value in _kept(module_database_url) if NO_CLIENT in _squeezed(value)}
    assert {place.partition(".")[0] for place in kept} <= {"deliveries", "received_references", "credits"}
    assert kept
    for paper in tmp_path.rglob("*"):
        if paper.is_file() and paper != path:
            for part in _parts(paper):
                assert not re.search(f"{CLIENT}|{OTHER_CLIENT}", part), paper


def _parts(paper: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(paper):
        yield paper.read_text(encoding="utf-8", errors="replace")
        return
    with zipfile.ZipFile(paper) as zipped:
        yield from (zipped.read(name).decode("utf-8", "replace") for name in zipped.namelist())


def test_the_log_of_the_server_holds_no_text_of_rows(module_database_url: str) -> None:
    database = create_engine(module_database_url.replace("postgresql://", "postgresql+psycopg://"))
    with database.connect() as connection:
        for name, value in (("log_statement", "none"), ("log_min_duration_statement", "-1")):
            assert connection.execute(text(f"SHOW {name}")).scalar_one() == value
    database.dispose()
