"""Good files of every kind that the program reads, made here: what the fuzzer starts from."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from settlement.ledger.accounts import DEFAULT_ACCOUNTS
from tests.importers.test_facts import DOCUMENT, SAMPLES
from tests.importers.workbooks import sheets
from tests.settlement.books import PARTIES, PRICES, PRODUCTS, PRODUCTS_HEADER, population_contract

EXAMPLES = Path(__file__).parents[2] / "examples"
CONTRACT_B = DOCUMENT.format(number="B")
CONTRACT_A = population_contract()
FILE, OTHER_FILE, FOLDER = "{file}", "{other}", "{folder}"

DELIVERIES = (
    "referentie;gemeente;aanbieder;bsn;product;begindatum;einddatum;aantal;dc;vorige referentie;bedrag",
    "n1;GM0502;41000002;999900006;45A04;05-01-2026;05-01-2026;95;D;;95,00",
    "n2;GM0502;41000002;999900018;44A09;06-01-2026;08-01-2026;3;D;;",
    "n3;GM0502;41000002;999900031;45A04;12-02-2026;12-02-2026;30;D;;",
    "n4;GM0502;41000002;999900018;45A04;05-01-2026;05-01-2026;60;C;r1;",
    "n5;GM0502;41000002;999900043;99X99;19-01-2026;19-01-2026;60;D;;",
)
ACCOUNTS = DEFAULT_ACCOUNTS.read_text(encoding="utf-8")
FACTS = """through = "2026-02"
products.45A04 = { unit = "minute", price_per = "hour" }
prices = [["45A04", 2026-01-01, "open", "60.00"]]
[[case]]
id = "a"
deliveries = [{ product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 95 }]
[[case]]
id = "b"
through = "2026-03"
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """A command that reads a file, and a good file for it: rows of a table, or a document."""

    name: str
    arguments: Sequence[str]
    rows: Sequence[str] = ()
    text: str = ""
    other: str = ""


def _table(name: str, *lines: str, arguments: Sequence[str] = ()) -> Seed:
    return Seed(name, (*(arguments or ("import", name)), FILE, "--json"), rows=lines)


TABLES = (
    _table("deliveries", *DELIVERIES),
    _table("population", "gebied;maat;peildatum;aantal;status", "GM0502;inhabitants;01-01-2026;10000;voorlopig"),
    _table("advances", "contract;datum;bedrag;referentie", "B;10-01-2026;100,00;V1", "B;11-01-2026;-5,25;V2"),
    *(_table(name, *sample[:3]) for name, sample in SAMPLES.items()),
    _table("parties", *PARTIES.splitlines(), arguments=("contract", "parties")),
    _table("products", PRODUCTS_HEADER, *PRODUCTS, arguments=("tariff", "products")),
    _table("prices", "product;vanaf;tot;prijs", *PRICES, arguments=("tariff", "import")),
    _table("figures", "naam;jaar;status;percentage", "OVA;2025;voorlopig;4,18", arguments=("tariff", "index")),
)
_CONTRACTS = (CONTRACT_A, CONTRACT_B, *(path.read_text("utf-8") for path in sorted(EXAMPLES.glob("contracts/*.toml"))))
DOCUMENTS = (
    *(Seed("contract", ("contract", "check", FILE, "--json"), text=text) for text in _CONTRACTS),
    *(Seed("review", ("contract", "review", FILE, "--json"), text=text) for text in _CONTRACTS),
    Seed("facts", ("contract", "simulate", OTHER_FILE, "--facts", FILE, "--json"), text=FACTS, other=CONTRACT_B),
    Seed("simulate", ("contract", "simulate", FILE, "--facts", OTHER_FILE, "--json"), text=CONTRACT_B, other=FACTS),
    Seed("accounts", ("schedule", "add", "export", "--day", "6", "--out", FOLDER, "--accounts", FILE), text=ACCOUNTS),
)


def xlsx(rows: Sequence[str]) -> dict[str, bytes]:
    """The parts of a workbook with these rows: numbers and dates are cells of their own kind."""
    return _parts(sheets(("Blad 1", [[_value(cell) for cell in row.split(";")] for row in rows])))


def ods(rows: Sequence[str]) -> dict[str, bytes]:
    """The parts of a workbook of OpenDocument with these rows."""
    table = "".join(f"<table:table-row>{''.join(map(_ods_cell, row.split(';')))}</table:table-row>" for row in rows)
    names = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in _NAMESPACES)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body><office:spreadsheet>'
        f'<table:table table:name="Blad1">{table}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    listed = (
        f'<manifest:manifest {_MANIFEST}><manifest:file-entry manifest:full-path="content.xml"/></manifest:manifest>'
    )
    return {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": listed.encode(),
        "content.xml": content.encode(),
    }


_MANIFEST = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
_NAMESPACES = ("office", "table", "text", "style")


def _ods_cell(cell: str) -> str:
    value = _value(cell)
    kind = "string"
    if isinstance(value, date):
        kind = f'date" office:date-value="{value.isoformat()}'
    elif isinstance(value, int | float):
        kind = f'float" office:value="{value}'
    shown = escape(cell)
    return f'<table:table-cell office:value-type="{kind}"><text:p>{shown}</text:p></table:table-cell>'


def _value(cell: str) -> Any:
    """What a person types in a spreadsheet becomes a number or a date by itself."""
    if len(cell) == 10 and cell[2:6:3] == "--":
        return date(int(cell[6:]), int(cell[3:5]), int(cell[:2]))
    plain = cell.replace(",", ".").removeprefix("-")
    if plain.replace(".", "", 1).isdigit() and len(cell) < 15:
        number = float(cell.replace(",", "."))
        return int(number) if number.is_integer() else number
    return cell or None


def _parts(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part)
    return content.getvalue()
