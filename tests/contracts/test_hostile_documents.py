"""Reading a document ends, whatever it says, and answers with findings: never with an error of the program."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.acceptance import findings_in_themselves
from contracts.documents import documents_as_read, read_as
from contracts.facts import FactsFile
from contracts.model import Contract
from kernel.findings import Refusal
from kernel.toml import MOST_BYTES, out_of_bounds, parse
from settlement.ledger.accounts import read_accounts
from settlement.simulate_commands import simulate_cases
from settlement.simulation import settle_example

CONTRACTS = sorted((Path(__file__).parents[2] / "examples" / "contracts").glob("*.toml"))
HEAD = """\
contract = "JH"
title = "Ambulante jeugdhulp"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = { from = 2026-01-01, until = 2029-01-01 }
"""
COMPONENT = '[[component]]\nkey = "a"\nkind = "effort"\nclause = "artikel 5"\nproducts = ["45A04"]\n'
EXAMPLE = """
[[example]]
name = "95 minuten"
through = "2026-01"
products = { 45A04 = { unit = "minute", price_per = "hour" } }
prices = [["45A04", 2026-01-01, "open", "60.00"]]
deliveries = [{ product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 95 }]
expect = [["a", "2026-01", "45A04", "95.00"]]
"""


def told(text: str | bytes) -> list[str]:
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    read = read_as(Contract, "a.toml", content)
    return [str(finding) for finding in read] if isinstance(read, list) else []


def test_a_list_that_is_not_closed_is_told_where_it_begins_and_the_rest_is_read() -> None:
    text = 'contract = "X"\nmunicipalities = [\n  "GM0502",\nlaws = ["Jeugdzorg"]\n'
    first, *others = told(text)
    assert first == (
        "a.toml, regel 2: geen geldige TOML: een haak of accolade wordt niet gesloten: municipalities = [; "
        "zet het teken erbij"
    )
    assert any(line.startswith("a.toml, regel 4, sleutel laws[1]: Jeugdzorg kan hier niet staan") for line in others)
    assert not any("municipalities" in line for line in others)


def test_what_cannot_be_mended_by_reading_past_its_line_is_told_once() -> None:
    assert told("a = [\n") == [
        "a.toml, regel 1: geen geldige TOML: een haak of accolade wordt niet gesloten: a = [; zet het teken erbij"
    ]
    assert len(told("x\n" * 100)) == 1
    assert len(told("".join(f"k{line} = x\n" for line in range(5_000)))) == 21


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 50_000, "regel 1: meer dan 10 haken in elkaar"),
        ("x = " + "{a=" * 50_000, "regel 1: meer dan 10 haken in elkaar"),
        ("a." * 50_000 + "b = 1", "regel 1: een sleutel van meer dan 6 delen"),
        ("\n[" + "a." * 50_000 + "b]", "regel 2: een sleutel van meer dan 6 delen"),
        ("x = " + "9" * 5_000, "regel 1: meer dan 100 tekens achter elkaar"),
        ("x = 0x" + "f" * 5_000, "regel 1: meer dan 100 tekens achter elkaar"),
        ("x = 1." + "9" * 5_000, "regel 1: meer dan 100 tekens achter elkaar"),
        ('x = "' + "a" * 5_000 + '"', "regel 1: een tekst van meer dan 1000 tekens"),
        ('x = """' + 'a"" \n' * 5_000, "regel 1: een tekst van meer dan 1000 tekens"),
        ('"""\\"" \\' * 20_000, "regel 1: een tekst van meer dan 1000 tekens"),
        ("'''" + "a" * 5_000, "regel 1: een tekst van meer dan 1000 tekens"),
    ],
    ids=lambda value: re.sub(r"\s+", " ", value)[:20],
)
def test_what_no_document_needs_is_a_finding_before_it_is_parsed(text: str, said: str, tmp_path: Path) -> None:
    (line,) = told(text)
    assert line.startswith(f"a.toml, {said}; ")
    accounts = tmp_path / "rekeningen.toml"
    accounts.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match=said):
        read_accounts(accounts)


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_the_example_contracts_are_within_bounds(path: Path) -> None:
    assert out_of_bounds(path.read_text(encoding="utf-8")) is None


def test_a_document_over_the_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(HEAD + COMPONENT + "#" * MOST_BYTES, encoding="utf-8")
    for read in (lambda: documents_as_read([path]), lambda: read_accounts(path)):
        with pytest.raises(Refusal, match=r"a\.toml is groter dan 250 kB"):
            read()


def test_more_findings_than_are_read_are_counted() -> None:
    lines = told(HEAD + "".join(f"k{number} = 1\n" for number in range(1_000)))
    assert len(lines) == 201
    assert lines[-1] == "a.toml: en nog 801 bevindingen; verbeter eerst wat hierboven staat"


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("until = 2029-01-01", "until = 9999-12-31", "9999-12-31 ligt na 2100, en een contract heeft een einde; "
            "schrijf de eerste dag erna"),
        ("until = 2029-01-01", "until = 9999-12-30", "9999-12-30 ligt na 2100, en een contract heeft een einde"),
        ("until = 2029-01-01", "until = 2999-01-01", "2999-01-01 ligt na 2100, en een contract heeft een einde"),
        ("until = 2029-01-01", "until = 2029-01-01T00:00:00", "hier hoort een datum"),
        ("until = 2029-01-01", "until = 00:00:00", "hier hoort een datum"),
        ("until = 2029-01-01", "until = nan", "hier hoort een datum"),
        ("until = 2029-01-01", "until = inf", "hier hoort een datum"),
        ("from = 2026-01-01, ", "from = 0001-01-01, ", "0001-01-01 ligt buiten de jaren 2000"),
        ('"2026-01"\n', '"9999-12"\n', '"9999-12" is geen maand'),
        ('"2026-01"\n', '"2101-01"\n', "2101-01 ligt buiten de jaren 2000 tot en met 2100"),
        ('"2026-01"\n', '"0000-01"\n', '"0000-01" is geen maand'),
        ('"60.00"', '"9999999999999999999999999999999999999999.00"',
            "is te lang; gebruik hooguit 12 cijfers voor en 15 achter de punt"),
        ('"60.00"', '"0.' + "3" * 40 + '"', "is te lang; gebruik hooguit 12 cijfers"),
        ('"60.00"', "60.00", "hier hoort tekst; zet het getal tussen aanhalingstekens"),
        ('"60.00"', '"inf"', '"inf" is geen getal'),
        ('"95.00"', '"' + "9" * 40 + '.00"', "is te lang; gebruik hooguit 12 cijfers"),
        ("quantity = 95", "quantity = " + "9" * 60, "is te hoog; geef hooguit 1000000000"),
        ("start = 2026-01-05, end = 2026-01-05", "start = 9999-12-31, end = 9999-12-31",
            "9999-12-31 ligt buiten de jaren"),
        ('title = "Ambulante', 'title = "\\u0000Ambulante', "gebruik tekst op één regel"),
        ('title = "Ambulante', 'title = "\\ud800Ambulante', "geen geldige TOML"),
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_values_beyond_what_is_agreed_are_findings(written: str, instead: str, said: str) -> None:
    text = HEAD + COMPONENT + EXAMPLE
    assert told(text) == []
    assert written in text
    lines = told(text.replace(written, instead))
    assert any(said in line for line in lines), lines


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD.encode("utf-16"), "a.toml, regel 1: het document is geen UTF-8; bewaar het document als UTF-8"),
        (HEAD.encode("utf-16-le"), "a.toml, regel 1: in het document staat een teken dat geen tekst is"),
        (HEAD.encode() + b"\0", "a.toml, regel 7: in het document staat een teken dat geen tekst is"),
        (HEAD.encode() + b"\xed\xa0\x80", "a.toml, regel 7: het document is geen UTF-8"),
    ],
    ids=["utf-16", "utf-16-le", "nul", "surrogate"],
)
def test_what_is_no_text_is_one_finding(content: bytes, said: str) -> None:
    (line,) = told(content)
    assert line.startswith(said)


def test_an_unknown_key_beside_a_value_that_cannot_be_read_is_told() -> None:
    text = '[[example]]\nproducts.a = x\nproducts.b = { unit = "day", ice_per = "day" }\nexpect = []\n'
    assert any("products.b.ice_per: onbekende sleutel" in line for line in told(text))


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    assert told(b"\xef\xbb\xbf" + (HEAD + COMPONENT).replace("\n", "\r\n").encode()) == []


def test_a_control_character_of_a_document_is_not_in_what_is_said_of_it() -> None:
    lines = told(HEAD + '"\\u001b[31mrood" = 1\nnotice_months = "\\u001b[2J\\u202e"\n' + COMPONENT)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_more_than_can_be_kept_is_a_finding_and_not_reckoned_out() -> None:
    municipalities = ", ".join(f'"GM{number:04}"' for number in range(1, 400))
    products = ", ".join(f'"p{number}"' for number in range(1_000))
    text = HEAD.replace('"GM0502"', municipalities) + COMPONENT.replace('"45A04"', products) * 2
    lines = told(text)
    assert any("samen meer dan 250000 combinaties; splits het contract" in line for line in lines)
    (line,) = told(HEAD + "".join(COMPONENT.replace('"a"', f'"a{number}"') for number in range(51)))
    assert "sleutel component: te veel waarden; geef er hooguit 50" in line


# --- mutations --------------------------------------------------------------------------------------------------------

PIECES = (
    *'"[]{}\'\\\n=.,#\0\ufeff\u202eé-', '"""', "'''", "[[", "[[component]]", "[[example]]", "9" * 50, "9999-12-31",
    "0001-01-01", "2100-12-31", "2026-02-29", "2026-01-01T10:00:00", "10:00:00", "nan", "-inf", "1e400", "true",
    '"99999999999999999999999999"', '"-1"', '"0"', '""', '"2100-12"', '"\\u0000"', "\\ud800", "[[" * 30, "a." * 30,
)  # fmt: skip


def mutated(chance: random.Random, text: str) -> str:
    """A text in which one to six things were changed."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((0, 1, 2, 5, 20, 80)))
        lines = text.split("\n")
        line = chance.randrange(len(lines))
        match chance.randrange(7):
            case 0:
                text = text[:at] + text[end:]
            case 1 | 2:
                text = text[:at] + chance.choice(PIECES) + text[end:]
            case 3:
                text = "\n".join((*lines[:line], *lines[line + 1 :]))
            case 4:
                text = "\n".join((*lines[:line], chance.choice(lines), *lines[line:]))
            case 5 if "=" in lines[line]:
                lines[line] = f"{lines[line].split('=')[0]}= {chance.choice(PIECES)}"
                text = "\n".join(lines)
            case 6:
                text = text[:at]
    return text


def facts_of(text: str) -> str:
    """The worked examples of a document as the cases of a file with facts."""
    examples = text[text.index("[[example]]") :].replace("[[example]]", "[[case]]").replace("name =", "id =")
    return re.sub(r"^expect = (\[\n(.*\n)*?\]|.*)$", "", examples, flags=re.MULTILINE)


def _check(path: Path, contract: Contract) -> None:
    findings_in_themselves(documents_as_read([path]), settle_example)


def _simulate(path: Path, contract: Contract) -> None:
    read = read_as(FactsFile, path.name, path.read_bytes())
    if not isinstance(read, list):
        simulate_cases(contract, read[1])


@pytest.mark.parametrize("example", CONTRACTS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("prepare", "use"), [(str, _check), (facts_of, _simulate)], ids=["contract", "facts"])
def test_a_document_with_mistakes_ends_in_findings(
    example: Path, prepare: Callable[[str], str], use: Callable[[Path, Contract], None], tmp_path: Path
) -> None:
    text = example.read_text(encoding="utf-8")
    contract = Contract.model_validate(parse(text))
    chance = random.Random(example.stem)
    path = tmp_path / "a.toml"
    for _ in range(15):
        path.write_bytes(mutated(chance, prepare(text)).encode("utf-8", "surrogatepass"))
        try:
            use(path, contract)
        except Refusal:
            continue
