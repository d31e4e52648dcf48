"""Reading a document: every problem at once, in Dutch, with the line it is on."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic_core.core_schema import ErrorType

from contracts import documents
from contracts.documents import KeyPath, line_numbers, parse, read_documents
from contracts.model import Component, Contract
from kernel.findings import Refusal
from kernel.money import Eur

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/contracts/*.toml"))
KINDS_OF_FUNDING = sorted((Path(__file__).parents[2] / "examples" / "contracts").glob("*.toml"))
Write = Callable[..., Path]


def findings(path: Path) -> list[str]:
    with pytest.raises(Refusal) as refusal:
        read_documents([path])
    return [str(finding) for finding in refusal.value.findings]


def test_a_document_is_read(document: Write, population: str) -> None:
    (read,) = read_documents([document(population)])
    assert read.contract.number == "A"
    assert read.contract.component[0].amount_per_inhabitant_eur == Eur("120.00")  # type: ignore[union-attr]
    assert read.contract.example[0].prices[0][3] == Decimal("60.00")
    assert read.text == population


def test_line_ends_and_a_byte_order_mark_make_no_difference(document: Write, population: str) -> None:
    (plain,) = read_documents([document(population)])
    path = document("")
    path.write_bytes(b"\xef\xbb\xbf" + population.replace("\n", "\r\n").encode())
    (windows,) = read_documents([path])
    assert windows.text == plain.text
    assert windows.sha256 == plain.sha256


def test_every_problem_is_told_with_its_line(document: Write) -> None:
    text = """\
contract = "A b"
provider = 41000001
municipalities = []
laws = ["Wlz"]
in_force = { from = 2026-01-01T00:00:00, until = "2029-01-01" }
notice_months = "6"
set_off = "half"
colour = "red"

[[component]]
key = "wijkteam"
kind = "population"
task_field = "6.23"
amount_per_inhabitant_eur = 120.00
count_date = 2026-01-01
index = [
    { year = 2027, percent = "4,96" },
]
recount = { dead_band_percent = "-1", pay = "excess" }
covers = "45A04"

[[component]]
key = "ambulant"
kind = "efort"

[[component]]
kind = "effort"
clause = ""
products = ["45A04"]

[component.x]
y = 1

[[example]]
name = "januari"
through = "januari"
counts = [
    ["GM0502", "inhabitants", 2026-01-01, "provisional", 10000],
    ["GM0502", "inhabitants", 2026-01-01, "voorlopig", 1.5],
    ["GM0502"],
]
products = { 45A04 = { unit = "minuut", price_per = "hour" } }
prices = [["45A04", 2026-01-01, "", "60.00"]]
deliveries = [
    { product = "45A04", start = 2026-01-05, end = 2026-01-05, quantity = 0 },
]
expect = [["wijkteam", "2026-01", "instalment", "1.005"]]
"""
    date_hint = "schrijf 2026-01-31, zonder aanhalingstekens"
    number_hint = "schrijf alleen cijfers, zonder aanhalingstekens"
    kinds = ", ".join(get_args(part.model_fields["kind"].annotation)[0] for part in get_args(get_args(Component)[0]))
    key, name = 'onderdeel "wijkteam", sleutel ', 'rekenvoorbeeld "januari", sleutel '
    lines = findings(document(text))
    assert sorted(lines) == sorted(
        f"a.toml, {line}"
        for line in [
            'regel 1, sleutel contract: "A b" kan hier niet staan; '
            "gebruik letters, cijfers, punt, - en _ (hooguit 40 tekens)",
            'regel 2, sleutel provider: "41000001" is geen AGB-code; schrijf acht cijfers tussen aanhalingstekens',
            "regel 3, sleutel municipalities: te weinig waarden; geef er minstens 1",
            "regel 4, sleutel laws[1]: Wlz kan hier niet staan; kies Wmo, Jeugdwet of Participatiewet",
            f"regel 5, sleutel in_force.from: hier hoort een datum; {date_hint}",
            f"regel 5, sleutel in_force.until: hier hoort een datum; {date_hint}",
            f"regel 6, sleutel notice_months: hier hoort een geheel getal; {number_hint}",
            "regel 7, sleutel set_off: half kan hier niet staan; kies full of up_to_payable",
            "regel 8, sleutel colour: onbekende sleutel; verbeter de naam of haal de sleutel weg",
            "sleutel title: ontbreekt; vul deze sleutel in",
            f"regel 10, {key}clause: ontbreekt; vul deze sleutel in",
            f"regel 14, {key}amount_per_inhabitant_eur: "
            'hier hoort tekst; zet het getal tussen aanhalingstekens: "120.00"',
            f'regel 17, {key}index[1].percent: "4,96" is geen getal; schrijf cijfers met een punt, zoals "12.50"',
            f'regel 19, {key}recount.dead_band_percent: "-1" is negatief; schrijf 0 of meer',
            f"regel 19, {key}recount.pay: onbekende sleutel; verbeter de naam of haal de sleutel weg",
            f"regel 20, {key}covers: hier hoort een lijst; zet de waarden tussen [ en ]",
            f'regel 22, onderdeel "ambulant": kind "efort" bestaat niet; kies {kinds}',
            "regel 26, onderdeel 3, sleutel key: ontbreekt; vul deze sleutel in",
            "regel 28, onderdeel 3, sleutel clause: leeg; vul tekst in",
            "regel 31, onderdeel 3, sleutel x: onbekende sleutel; verbeter de naam of haal de sleutel weg",
            f'regel 36, {name}through: "januari" is geen maand; schrijf "2026-03"',
            f"regel 39, {name}counts[2][4]: voorlopig kan hier niet staan; kies provisional of final",
            f"regel 39, {name}counts[2][5]: hier hoort een geheel getal; {number_hint}",
            *(f"regel 40, {name}counts[3][{place}]: deze waarde ontbreekt; vul de rij aan" for place in (2, 3, 4, 5)),
            f"regel 42, {name}products.45A04.unit: minuut kan hier niet staan; "
            "kies minute, hour, day_part, day of piece",
            f"regel 43, {name}prices[1][3]: hier hoort een datum; {date_hint}, of kies open",
            f"regel 45, {name}deliveries[1].quantity: 0 is te laag; geef meer dan 0",
            f'regel 47, {name}expect[1][4]: "1.005" heeft meer dan twee decimalen; rond het bedrag af op centen',
        ]
    )


def test_what_does_not_fit_together_is_told_all_at_once(document: Write, effort: str) -> None:
    """Each with the line of the component it is about, though only the whole contract shows it."""
    text = effort.replace(
        "[[example]]",
        """[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 6"
products = ["45A04"]

[[component]]
key = "plafond"
kind = "ceiling"
clause = "artikel 7"
amount_eur = "1000.00"
applies_to = ["wijkteam"]

[[component]]
key = "gezin"
kind = "population"
clause = "artikel 8"
task_field = "6.23"
municipality = "GM0489"
budget_eur = "120.00"
covers = ["02A16"]

[[example]]""",
    )
    assert [line.split(";")[0] for line in findings(document(text))] == [
        'a.toml, regel 15, onderdeel "ambulant", sleutel key: twee onderdelen hebben dezelfde key',
        'a.toml, regel 14, onderdeel "ambulant": product 45A04 staat twee keer voor GM0502',
        'a.toml, regel 14, onderdeel "ambulant": product 45A04 staat twee keer voor GM0599',
        'a.toml, regel 20, onderdeel "plafond": onderdeel plafond noemt wijkteam, dat er niet boven staat',
        'a.toml, regel 27, onderdeel "gezin": onderdeel gezin: GM0489 staat niet bij municipalities',
    ]


def test_a_component_without_a_kind_is_told_every_kind(document: Write, effort: str) -> None:
    (line,) = findings(document(effort.replace('kind = "effort"\n', "")))
    assert line.startswith('a.toml, regel 8, onderdeel "ambulant": sleutel kind ontbreekt; kies population, effort, ')
    assert all(kind in line for kind in ("risk_sharing", "lump_sum", "consortium"))


_GONE = object()
_WRONG = (_GONE, Decimal("1.5"), "tekst", "", -1, [], {"onbekend": 1}, True, "-5", "a\tb", datetime.date(2020, 1, 1))


def _keys(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key of a document, and of a list its first element."""
    for key, inside in value.items() if isinstance(value, dict) else list(enumerate(value))[:1]:
        yield (*path, key)
        if isinstance(inside, dict | list):
            yield from _keys(inside, (*path, key))


def _with(data: Any, path: KeyPath, value: object) -> Any:
    """A document in which one value is another, or is not there."""
    copy = data.copy()
    if len(path) > 1:
        copy[path[0]] = _with(data[path[0]], path[1:], value)  # type: ignore[index, call-overload]
    elif value is _GONE:
        del copy[path[0]]  # type: ignore[arg-type]
    else:
        copy[path[0]] = value  # type: ignore[index, call-overload]
    return copy


@pytest.mark.parametrize("example", KINDS_OF_FUNDING, ids=lambda path: path.stem)
def test_whatever_is_wrong_is_told_in_dutch_with_its_line(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = example.read_text(encoding="utf-8")
    data, lines = parse(text), line_numbers(text)
    monkeypatch.setattr(documents, "line_numbers", lambda _: lines)
    told = 0
    for path in _keys(data):
        for value in _WRONG:
            wrong = _with(data, path, value)
            monkeypatch.setattr(documents, "parse", lambda _, wrong=wrong: wrong)
            read = documents.read_as(Contract, "a.toml", b"")
            for finding in read if isinstance(read, list) else ():
                told += 1
                said = f"{path} = {value}: {finding}"
                assert finding.message, said
                assert "regel" in finding.place or len(path) == 1 or finding.place == "a.toml, sleutel component", said
                assert "ongeldige waarde" not in str(finding), said
                assert not re.search(r"\b(input|should|valid|value|field|must)\b", str(finding).lower()), said
                assert not re.search(r"(gebruik|kies|minstens|hooguit)( ?$|,| of)", finding.hint), said
    assert told > 100


def test_the_documents_of_one_call_are_all_told(document: Write, population: str) -> None:
    one = document(population.replace("title", "titel"), "one.toml")
    good = document(population, "good.toml")
    two = document("contract = ", "two.toml")
    with pytest.raises(Refusal, match="niets is vastgelegd: 3 bevindingen") as refusal:
        read_documents([one, good, two])
    assert [finding.place.split(",")[0] for finding in refusal.value.findings] == ["one.toml", "one.toml", "two.toml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb =\n", "regel 2: geen geldige TOML: de waarde is onleesbaar: b ="),
        ("a = 1\na = 2\n", "regel 2: geen geldige TOML: deze sleutel staat al eerder in het document: a = 2"),
        ("[a]\n\n[a]\n", "regel 3: geen geldige TOML: deze tabel staat al eerder in het document: [a]"),
        ("[[a]]\n[a]\n", "regel 2: geen geldige TOML: deze tabel staat al eerder in het document: [a]"),
        ('a = "x\nb = 1\n', "regel 1: geen geldige TOML: een aanhalingsteken wordt niet gesloten"),
        ("a = 12,50\n", "regel 1: geen geldige TOML: achter de waarde staat iets dat er niet hoort: a = 12,50"),
        ("a = 2026-02-31\n", "regel 1: geen geldige TOML: deze datum bestaat niet: a = 2026-02-31"),
        ("a = Wmo\n", "regel 1: geen geldige TOML: de waarde is onleesbaar: a = Wmo; zet tekst"),
        ("artikel 4\n", "regel 1: geen geldige TOML: achter de sleutel ontbreekt het teken =: artikel 4"),
        ("[a\n", "regel 1: geen geldige TOML: een rechte haak ontbreekt: [a"),
        ("a = { b = 1,\n", "regel 1: geen geldige TOML: "),
        ('a = "\x1b[31m"\n', 'regel 1: geen geldige TOML: een aanhalingsteken wordt niet gesloten, of er staat een '
         'onzichtbaar teken: a = "[31m"'),
    ],
)  # fmt: skip
def test_a_mistake_in_the_notation_is_told_with_its_line(document: Write, text: str, said: str) -> None:
    (finding,) = findings(document(text))
    assert finding.startswith(f"a.toml, {said}")
    assert ";" in finding  # the remedy


def test_a_document_in_another_encoding_is_refused(document: Write, population: str) -> None:
    path = document("")
    path.write_bytes(population.replace("Wijkteam Capelle", "Coöperatie").encode("cp1252"))
    assert findings(path) == ["a.toml, regel 2: het document is geen UTF-8; bewaar het document als UTF-8"]


def test_an_empty_document_is_refused(document: Write) -> None:
    with pytest.raises(Refusal, match="is leeg"):
        read_documents([document("\n")])
    with pytest.raises(Refusal, match="kan niet gelezen worden"):
        read_documents([Path("bestaat-niet.toml")])


@pytest.mark.parametrize("key", ["from", "until", "in_force"])
def test_a_component_has_no_period_of_its_own(document: Write, effort: str, key: str) -> None:
    (finding,) = findings(document(effort.replace('clause = "artikel 5"', f'clause = "artikel 5"\n{key} = 2026-07-01')))
    assert finding == (
        f'a.toml, regel 12, onderdeel "ambulant", sleutel {key}: een onderdeel heeft geen eigen datums; '
        "geef wat later begint een eigen contract met die looptijd"
    )


def test_a_document_of_comments_only_misses_everything(document: Write) -> None:
    assert findings(document("# niets\n"))[0] == "a.toml, sleutel contract: ontbreekt; vul deze sleutel in"


def test_components_that_are_no_tables_are_told(document: Write, population: str) -> None:
    text = population.split("[[component]]")[0]
    (finding,) = findings(document(text + 'component = ["key"]\n'))
    assert finding.startswith("a.toml, regel 9, onderdeel 1: hier hoort een tabel")
    (finding,) = findings(document(text + "component = 3\n"))
    assert finding.startswith("a.toml, regel 9, sleutel component: hier hoort een lijst")


def test_error_types_of_pydantic_exist() -> None:
    """A type that pydantic renames would fall back to a message without content."""
    assert documents._MODEL_MESSAGES.keys() <= set(get_args(ErrorType))


# --- lines ------------------------------------------------------------------------------------------------------------


def keys_in(data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key and element of parsed TOML."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from keys_in(value, (*path, key))


def test_lines_of_every_notation() -> None:
    text = '''\
a = 1 # a comment with = and [
"b c".d = """
two
lines""\\"""" # "
e.f.'g h' = { i = [1.5, 2026-01-01 10:00:00], j.k = "}" }
l = [
    # comment ]
    [1, 2],

    { m = 'x[', n = §
"
§ },  # end
]

[o.p]
q = true
[[r]]
[[r]]
s = ''
[r.t]
u = "\\""
[[r.v]]
w = -1
[[r.v]]
w = 2
[[r]]
[[r.v]]
w = 3
'''.replace("§", "'" * 3)
    lines = line_numbers(text)
    assert lines == {
        ("a",): 1,
        ("b c", "d"): 2,
        ("e", "f", "g h"): 5,
        ("e", "f", "g h", "i"): 5,
        ("e", "f", "g h", "i", 0): 5,
        ("e", "f", "g h", "i", 1): 5,
        ("e", "f", "g h", "j", "k"): 5,
        ("l",): 6,
        ("l", 0): 8,
        ("l", 0, 0): 8,
        ("l", 0, 1): 8,
        ("l", 1): 10,
        ("l", 1, "m"): 10,
        ("l", 1, "n"): 10,
        ("o", "p"): 15,
        ("o", "p", "q"): 16,
        ("r", 0): 17,
        ("r", 1): 18,
        ("r", 1, "s"): 19,
        ("r", 1, "t"): 20,
        ("r", 1, "t", "u"): 21,
        ("r", 1, "v", 0): 22,
        ("r", 1, "v", 0, "w"): 23,
        ("r", 1, "v", 1): 24,
        ("r", 1, "v", 1, "w"): 25,
        ("r", 2): 26,
        ("r", 2, "v", 0): 27,
        ("r", 2, "v", 0, "w"): 28,
    }
    assert set(lines) <= set(keys_in(tomllib.loads(text)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_lines_of_the_example_contracts(path: Path) -> None:
    """Every key that is written has a line, and stands on it."""
    text = path.read_text(encoding="utf-8")
    lines = line_numbers(text)
    unknown = {key for key in keys_in(parse(text)) if key not in lines}
    assert {key[-1] for key in unknown} <= {"component", "example", "products"}
    for key, line in lines.items():
        if isinstance(key[-1], str):
            assert key[-1] in text.splitlines()[line - 1]
    assert len(lines) > 20


def test_there_are_example_contracts() -> None:
    assert EXAMPLES
