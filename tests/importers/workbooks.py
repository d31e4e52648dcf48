"""Workbooks as people and programs make them, for tests. Each is made here; nothing is copied from elsewhere."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

SOFFICE = shutil.which("soffice")
needs_soffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed: not converted")

Row = Sequence[Any]
HEADER = (
    "referentie", "gemeente", "aanbieder", "bsn", "product", "begindatum", "einddatum", "aantal", "dc",
    "vorige referentie", "bedrag",
)  # fmt: skip
JAN_5 = date(2026, 1, 5)


def row(reference: str, *, municipality: str = "GM0502", quantity: Any = 95, claimed: Any = 132.5) -> list[Any]:
    """A good row of deliveries, but for what is told."""
    return [reference, municipality, 41000002, 999900006, "45A04", JAN_5, JAN_5, quantity, "D", None, claimed]


def sheets(*named: tuple[str, Iterable[Row]], hidden: Sequence[str] = (), **options: Any) -> bytes:
    """A workbook as XlsxWriter makes it; a date is a formatted date."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False, **options})
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    for name, rows in named:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif value is not None:
                    sheet.write(number, column, value)
        if name in hidden:
            sheet.hide()
    book.close()
    return content.getvalue()


def by_openpyxl(fill: Callable[[Any], None]) -> bytes:
    """A workbook of openpyxl, with the sheet as `fill` leaves it."""
    book = openpyxl.Workbook()
    fill(book.active)
    return saved(book)


def saved(book: Any) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def changed(workbook: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same workbook with one of its parts changed."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return content.getvalue()


def added(workbook: bytes, part: str, text: bytes) -> bytes:
    content = io.BytesIO(workbook)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(part, text)
    return content.getvalue()


def in_dutch(folder: Path) -> None:
    """Let a LibreOffice of `folder` write numbers and days as a Dutch one does."""
    profile = folder / "profiel" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">'
        "<value>nl-NL</value></prop></item></oor:items>"
    )


def converted(workbook: bytes, form: str, folder: Path) -> bytes:
    """The workbook as LibreOffice saves it in another form."""
    assert SOFFICE
    source = folder / "bron.xlsx"
    source.write_bytes(workbook)
    in_dutch(folder)
    command = [SOFFICE, "--headless", f"-env:UserInstallation=file://{folder}/profiel", "--convert-to", form]
    subprocess.run([*command, "--outdir", folder / "uit", source], check=True, capture_output=True, timeout=180)
    return (folder / "uit" / f"bron.{form}").read_bytes()


def xlsb(name: str, rows: Iterable[Row], hidden_rows: Sequence[int] = (), hidden_columns: Sequence[int] = ()) -> bytes:
    """A binary workbook with the least that may stand in it: texts in the cells, numbers, error values (`#N/A`)."""

    def record(kind: int, data: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = b"", len(data)
        while True:
            size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
            length >>= 7
            if not length:
                return head + size + data

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def cell(column: int, value: Any) -> bytes:
        place = struct.pack("<II", column, 0)
        if value == "#N/A":
            return record(3, place + b"\x2a")
        if isinstance(value, str):
            return record(6, place + wide(value))
        return record(5, place + struct.pack("<d", value))

    lines = b"".join(
        record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 * (number + 1 in hidden_rows), 0, 0))
        + b"".join(cell(column, value) for column, value in enumerate(row) if value is not None)
        for number, row in enumerate(rows)
    )
    columns = b"".join(record(60, struct.pack("<IIIIH", at - 1, at - 1, 2560, 0, 1)) for at in hidden_columns)
    columns = record(390) + columns + record(391) if columns else b""
    dimensions = record(148, struct.pack("<IIII", 0, 9, 0, 12))
    sheet = record(129) + dimensions + columns + record(145) + lines + record(146) + record(130)
    bundle = record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide(name))
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("[Content_Types].xml", "<Types/>")
        parts.writestr(
            "_rels/.rels", f'{relation} Type="{kind}/officeDocument" Target="xl/workbook.bin"/></Relationships>'
        )
        parts.writestr(
            "xl/_rels/workbook.bin.rels",
            f'{relation} Type="{kind}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
        )
        parts.writestr("xl/workbook.bin", record(131) + record(143) + bundle + record(144) + record(132))
        parts.writestr("xl/worksheets/sheet1.bin", sheet)
    return content.getvalue()


def ods(cells: str) -> bytes:
    """An ods of one sheet: the header of deliveries, and `cells` as the XML of its rows."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    declared = " ".join(f'xmlns:{name}="{names}:{name}:1.0"' for name in ("office", "table", "text"))
    header = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{n}</text:p></table:table-cell>' for n in HEADER
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr(
            "content.xml",
            f'<office:document-content {declared}><office:body><office:spreadsheet><table:table table:name="a">'
            f"<table:table-row>{header}</table:table-row>{cells}</table:table></office:spreadsheet></office:body>"
            "</office:document-content>",
        )
        parts.writestr("META-INF/manifest.xml", "<manifest/>")
    return content.getvalue()


def with_password() -> bytes:
    """What Excel makes of a workbook with a password: a container of the old form with an encrypted stream."""
    sector = bytearray(b"\xff" * 512)
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    names = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", "EncryptedPackage"))
    return bytes(header + sector) + names.ljust(512, b"\0")
