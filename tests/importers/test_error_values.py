"""A cell with an error is no empty cell, however the file is written: an empty mark would make a credit a debit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from kernel.findings import Refusal
from tests.importers.workbooks import HEADER, changed, converted, needs_soffice, row, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.importers.conftest import Desk

SHEET = "xl/worksheets/sheet1.xml"
MARK = HEADER.index("dc")


def book(mark: Any, *, header: tuple[str, ...] = HEADER) -> bytes:
    """One row, with `mark` where it says whether it is a credit; a formula, or an error value."""
    made = openpyxl.Workbook()
    for cells in (header, [*row("r1")[:MARK], mark, *row("r1")[MARK + 1 :]]):
        made.active.append(cells[: len(header)])
    if isinstance(mark, str) and mark.startswith("#"):
        made.active.cell(2, MARK + 1).data_type = "e"
    return saved(made)


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(old, new)


FOUND: dict[str, Callable[[bytes], bytes]] = {
    "as Excel writes it": lambda part: part,
    "no place": _replaced(b'r="I2" t="e"', b't="e"'),
    "no places": lambda part: re.sub(rb' r="[A-Z]*\d+"', b"", part),
    "single quotes": _replaced(b't="e"', b"t='e'"),
    "a line end before =": _replaced(b't="e"', b't\n="e"'),
    "a tab after =": _replaced(b't="e"', b't=\t"e"'),
    "a line end for a space": _replaced(b' t="e"', b'\nt="e"'),
    "an entity": _replaced(b't="e"', b't="&#101;"'),
    "another attribute r": _replaced(b'r="I2"', b'x:r="Z2" r="I2"'),
    "a value with an attribute": _replaced(b"<v>#N/A", b'<v xml:space="preserve">#N/A'),
    "a value in a CDATA section": _replaced(b"#N/A", b"<![CDATA[#N/A]]>"),
    "no value": _replaced(b"<v>#N/A</v>", b""),
}


def test_a_place_that_is_none_refuses_the_file(desk: Desk) -> None:
    with pytest.raises(Refusal, match="is beschadigd of is geen werkmap"):
        desk.take(changed(book("#N/A"), SHEET, _replaced(b'r="I2"', b'r="i2"')), "a.xlsx")


@pytest.mark.parametrize("change", FOUND.values(), ids=FOUND)
def test_an_error_is_found_however_it_is_written(desk: Desk, change: Callable[[bytes], bytes]) -> None:
    [finding] = desk.take(changed(book("#N/A"), SHEET, change), "a.xlsx").findings
    assert (finding.code, finding.column) == ("D12", "dc")


def test_a_formula_that_cannot_be_followed_counts_as_not_computed(desk: Desk) -> None:
    odd = b'<c r="I2"><f><![CDATA[A1]]></f></c>'
    content = changed(book("C"), SHEET, lambda part: re.sub(rb'<c r="I2".*?</c>', odd, part))
    with pytest.raises(Refusal, match="cel I2: een formule waarvan de uitkomst niet in het bestand staat"):
        desk.take(content, "a.xlsx")


@needs_soffice
def test_an_xls_without_the_column_holds_debits(desk: Desk) -> None:
    result = desk.take(converted(book("D", header=HEADER[:MARK]), "xls", desk.folder), "a.xls")
    assert (result.account.rows_accepted, desk.counting()) == (1, {"r1": 1})
