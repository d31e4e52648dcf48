"""Text as it enters and as it leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.texts import cell_in, cell_out, cleaned, for_a_terminal, on_one_line, text_out, visible

_OBEYED = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x200F)]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("999900006\u200b", "999900006"),
        ("\ufeffr\u00ad1\u2060", "r1"),
        ("\u202er1\u202c", "r1"),
        ("r\ufe0f1\u034f", "r1"),
        ("1\u00a0132\u202f\u2009\u3000x", "1 132   x"),
        ("\uff11\uff12 \u0661\u0662 \u0967", "12 12 1"),
        ("a\u2010b\u2011c\u2012d\u2013e\u2014f\u2015g\u2212h", "a-b-c-d-e-f-g-h"),
        ("\uff32\uff0d\uff11", "R-1"),
        ("Coöperatie “Maas” € ½ ²", "Coöperatie “Maas” € ½ ²"),
        ("a\n\tb\x07", "a\n\tb\x07"),
    ],
)
def test_what_looks_plain_becomes_plain_and_what_has_no_width_goes(text: str, plain: str) -> None:
    assert cleaned(text) == plain


@given(st.text())
def test_cleaning_makes_no_delimiter_and_no_line(text: str) -> None:
    """A whole file is cleaned before it is cut into cells."""
    assert [cleaned(text).count(sign) for sign in ';,\t"\n\r'] == [text.count(sign) for sign in ';,\t"\n\r']
    assert cleaned(cleaned(text)) == cleaned(text)


@given(st.text(alphabet=st.one_of(st.sampled_from(_OBEYED), st.characters())))
def test_nothing_that_is_shown_steers_a_terminal(text: str) -> None:
    assert not {*_OBEYED} & {*visible(text)}
    assert {*_OBEYED} & {*for_a_terminal(text)} <= {"\t", "\n"}


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SOM(A1)", "\t=1", "\r=1", "=", "=-5"])
def test_what_a_spreadsheet_would_compute_is_written_as_text_and_read_back(text: str) -> None:
    assert cell_out(text) == f"'{text}"
    assert cell_in(cell_out(text)) == text


@pytest.mark.parametrize("text", ["-12,50", "+3", "-", "", "r-1", "-1.234,50", "'t Hof", "'", "05-01-2026"])
def test_numbers_and_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert (cell_out(text), cell_in(text)) == (text, text)


def test_a_name_that_reads_as_a_number_is_text() -> None:
    assert [text_out(name) for name in ("-1", "+1", "=A1", "Maas")] == ["'-1", "'+1", "'=A1", "Maas"]


def test_a_cell_of_several_lines_becomes_one() -> None:
    assert on_one_line("Jeugd\r\nzorg\u2028Maas") == "Jeugd zorg Maas"
