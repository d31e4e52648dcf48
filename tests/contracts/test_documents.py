"""Reading a document: every problem at once, in Dutch, with the line it is on."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import combinations
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
            f"regel 19, {key}recount.pay: onbekende sleutel; bedoelt u pays? verbeter de naam of haal de sleutel weg",
            f"regel 20, {key}covers: hier hoort een lijst; zet de waarden tussen [ en ]",
            'regel 22, onderdeel "ambulant", sleutel clause: ontbreekt; vul deze sleutel in',
            f'regel 24, onderdeel "ambulant", sleutel kind: efort bestaat niet; bedoelt u effort? kies {kinds}',
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
        'a.toml, regel 18, onderdeel "ambulant", sleutel products[1]: '
        "product 45A04 leest onderdeel ambulant al voor GM0502, GM0599",
        'a.toml, regel 25, onderdeel "plafond", sleutel applies_to[1]: wijkteam staat er niet boven',
        'a.toml, regel 32, onderdeel "gezin", sleutel municipality: GM0489 staat niet bij municipalities',
    ]


MANY = """\
contract = "WT-1"
titel = "Wijkteam"
provider = "41000001"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = { from = 2027-01-01, until = 2026-01-01 }

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
budget_eur = 1200.00
division = { areas = ["X", "Y"], weights = { a = "0.4", b = "0.7" }, own_areas = ["Z"] }
areas = ["Kern"]
reopenings = [
    { from = "2026-05", amount_eur = "1", decision = "b" },
    { from = "2026-03", amount_eur = "1", decision = "a" },
]
unspent = { rule = "split", reserve_percent = "5" }
covers = ["45A04"]

[[component]]
key = "ambulant"
kind = "efort"
clausule = "artikel 5"
products = ["45A04"]

[[component]]
key = "hulp"
kind = "effort"
clause = "artikel 6"
products = ["45A04"]
bands = [
    { up_to = "100", price_eur = "60" },
    { price_eur = "50" },
    { up_to = "90", price_eur = "40" },
]
no_show = [{ product = "45A04", paid_percent = 50 }]
adjustments = [{ label = "a", percent = "1" }, { label = "a", percent = "-101" }]

[[component]]
key = "wijkteam"
kind = "ceiling"
clause = "artikel 7"
amount_eur = "12,50"
applies_to = ["wijkteem"]
soft_band_percent = "5"
per = "month"
partial_year = "whole"

[[component]]
key = "leden"
kind = "consortium"
members = [
    { provider = "41000001", percent = "60" },
    { provider = "41000001", percent = "50" },
]

[[example]]
name = "mei"
through = "2026-05"
assignmens = []
expect = [
    ["hulp", "2026-05", "bands", 60.00],
    ["huulp", "2026-05", "bands", "60.00"],
]
"""


def test_one_round_tells_everything(document: Write) -> None:
    """Also what is wrong beside something else in the same component, and across components that are wrong."""
    assert [line.split("; ")[0] for line in findings(document(MANY))] == [
        f"a.toml, {line}"
        for line in [
            "regel 2, sleutel titel: onbekende sleutel",
            "regel 6, sleutel in_force.until: het einde (2026-01-01) ligt niet na het begin (2027-01-01)",
            'regel 13, onderdeel "wijkteam", sleutel budget_eur: hier hoort tekst',
            'regel 14, onderdeel "wijkteam", sleutel division.own_areas: Z staat niet in areas',
            'regel 14, onderdeel "wijkteam", sleutel division.weights: de gewichten tellen op tot 1.1',
            'regel 15, onderdeel "wijkteam", sleutel areas: bij division staan de gebieden in division.own_areas',
            'regel 16, onderdeel "wijkteam", sleutel reopenings: de maanden lopen niet op',
            'regel 20, onderdeel "wijkteam", sleutel unspent.share_percent: ontbreekt bij rule split',
            'regel 20, onderdeel "wijkteam", sleutel unspent.reserve_percent: hoort bij rule reserve',
            'regel 23, onderdeel "ambulant", sleutel clause: ontbreekt',
            'regel 25, onderdeel "ambulant", sleutel kind: efort bestaat niet',
            'regel 33, onderdeel "hulp", sleutel products[1]: product 45A04 leest onderdeel wijkteam al voor GM0502',
            'regel 34, onderdeel "hulp", sleutel bands: staat naast frequency, no_show of '
            "client_bounds, die over volume maal prijs gaan",
            'regel 36, onderdeel "hulp", sleutel bands[2]: schijf 2 heeft geen grens',
            'regel 37, onderdeel "hulp", sleutel bands[3].up_to: de laatste schijf heeft een grens',
            'regel 37, onderdeel "hulp", sleutel bands[3].up_to: de grenzen van de schijven lopen niet op',
            'regel 39, onderdeel "hulp", sleutel no_show[1].paid_percent: hier hoort tekst',
            'regel 40, onderdeel "hulp", sleutel adjustments[2].percent: een korting van meer dan 100 bestaat niet',
            'regel 40, onderdeel "hulp", sleutel adjustments: twee adjustments hebben hetzelfde label',
            'regel 43, onderdeel "wijkteam", sleutel key: twee onderdelen hebben dezelfde key',
            'regel 46, onderdeel "wijkteam", sleutel amount_eur: "12,50" is geen getal',
            'regel 47, onderdeel "wijkteam", sleutel applies_to[1]: wijkteem staat er niet boven',
            'regel 48, onderdeel "wijkteam", sleutel soft_band_percent: van de zachte band is er maar een van twee',
            'regel 50, onderdeel "wijkteam", sleutel partial_year: hoort bij een plafond per jaar',
            'regel 52, onderdeel "leden", sleutel clause: ontbreekt',
            'regel 55, onderdeel "leden", sleutel members: 41000001 staat er twee keer in',
            'regel 55, onderdeel "leden", sleutel members: de percentages tellen op tot 110',
            'regel 63, rekenvoorbeeld "mei", sleutel assignmens: onbekende sleutel',
            'regel 65, rekenvoorbeeld "mei", sleutel expect[1][4]: hier hoort tekst',
            'regel 66, rekenvoorbeeld "mei", sleutel expect[2][1]: onderdeel huulp bestaat niet',
        ]
    ]


# By kind, values that each break a rule of a component, and what is told of them.
_UNKNOWN = {"applies_to": (["onbekend"], "onbekend staat er niet boven")}
_BREAKS: dict[str, dict[str, tuple[Any, str]]] = {
    "population": {
        "covers": (["45A04", "45A04"], "product 45A04 staat twee keer"),
        "reopenings": ([{"from": "2020-01", "amount_eur": "1", "decision": "x"}], "niet van kracht in 2020-01"),
    },
    "effort": {
        "no_show": ([{"product": "X", "paid_percent": "50"}], "X staat niet bij products"),
        "adjustments": ([{"label": "a", "percent": "1"}, {"label": "a", "percent": "2"}], "hetzelfde label"),
        "bands": ([{"up_to": "5", "price_eur": "1"}], "de laatste schijf heeft een grens"),
    },
    "output": {
        "products": (["X", "X"], "product X staat twee keer"),
        "frequency": ({"products": ["Y"]}, "Y staat niet bij products"),
    },
    "arrangement": {
        "covers": (["X", "X"], "product X staat twee keer"),
        "beside": (["Y"], "Y staat niet in prices"),
    },
    "lump_sum": {
        "schedule": ([{"month": 1, "percent": "90"}], "de delen tellen op tot 90%"),
        "municipality": ("GM9999", "GM9999 staat niet bij municipalities"),
    },
    "guarantee": {
        "discounts": ([{"year": 2020, "percent": "1"}], "de jaren zijn 2020"),
        "spend_of": (["onbekend"], "onbekend staat er niet boven"),
    },
    "ceiling": {"warning_percents": (["90", "80"], "de percentages lopen niet op"), **_UNKNOWN},
    "reduction": {"until": ("2020-01", "ligt niet na het begin"), **_UNKNOWN},
    "risk_sharing": {"cost": ({}, "er is niet precies één grondslag"), **_UNKNOWN},
    "outcome": {"indicators": ([{"name": "x", "weight": "0.5"}], "de gewichten tellen op tot 0.5"), **_UNKNOWN},
    "consortium": {"members": ([{"provider": "41000001", "percent": "50"}] * 2, "staat er twee keer in"), **_UNKNOWN},
}


@pytest.mark.parametrize("example", KINDS_OF_FUNDING, ids=lambda path: path.stem)
def test_a_broken_rule_hides_no_other_and_nor_does_a_broken_key(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = example.read_text(encoding="utf-8")
    data, lines = parse(text), line_numbers(text)
    monkeypatch.setattr(documents, "line_numbers", lambda _: lines)
    for index, component in enumerate(data["component"]):
        for one, other in combinations(_BREAKS[component["kind"]].items(), 2):
            wrong = _with(data, ("component", index, "clause"), 5)
            for key, (value, _) in (one, other):
                wrong = _with(wrong, ("component", index, key), value)
            monkeypatch.setattr(documents, "parse", lambda _, wrong=wrong: wrong)
            read = documents.read_as(Contract, "a.toml", b"")
            assert isinstance(read, list)
            told = [str(finding) for finding in read if f'onderdeel "{component["key"]}"' in finding.place]
            for said in ("clause: hier hoort tekst", one[1][1], other[1][1]):
                assert sum(said in line for line in told) == 1, (said, told)


def test_a_component_without_a_kind_is_told_every_kind(document: Write, effort: str) -> None:
    (line,) = findings(document(effort.replace('kind = "effort"\n', "")))
    assert line.startswith('a.toml, regel 8, onderdeel "ambulant", sleutel kind: ontbreekt; kies population, effort, ')
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
    two = document("contract", "two.toml")
    with pytest.raises(Refusal, match="niets is vastgelegd: 2 bevindingen") as refusal:
        read_documents([one, good, two])
    assert [finding.place.split(",")[0] for finding in refusal.value.findings] == ["one.toml", "two.toml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb =\n", "regel 2: geen geldige TOML: de waarde is onleesbaar: b ="),
        ("a = 1\na = 2\n", "regel 2: geen geldige TOML: deze sleutel staat al eerder in het document: a = 2"),
        ("[a]\n\n[a]\n", "regel 3: geen geldige TOML: deze tabel staat al eerder in het document: [a]"),
        ("[[a]]\n[a]\n", "regel 2: geen geldige TOML: deze tabel staat al eerder in het document: [a]"),
        ('a = "x\nb = 1\n', "regel 1: geen geldige TOML: een aanhalingsteken wordt niet gesloten"),
        ("a = 12,50\n", "regel 1: geen geldige TOML: een getal staat zonder aanhalingstekens en met een komma: a ="),
        ("a = 31-01-2026\n", "regel 1: geen geldige TOML: een datum begint met het jaar: a = 31-01-2026"),
        ("a = 2026-05\n", 'regel 1: geen geldige TOML: een maand staat zonder aanhalingstekens: a = 2026-05'),
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
    first, *others = findings(document(text))
    assert first.startswith(f"a.toml, {said}")
    assert ";" in first  # the remedy
    assert not any("geen geldige TOML" in other for other in others)


def test_what_is_no_toml_on_a_line_hides_nothing_of_the_other_lines(document: Write, population: str) -> None:
    wrong = (
        population.replace('through = "2026-01"', "through = 2026-05")
        .replace('"120.00"', "120,00")
        .replace("notice_months", "notice_month")
        .replace('"Wijkteam Capelle"', '"Wijkteam Capelle')
    )
    assert findings(document(wrong)) == [
        "a.toml, regel 2: geen geldige TOML: een aanhalingsteken wordt niet gesloten, of er staat een onzichtbaar "
        'teken: title = "Wijkteam Capelle; typ het over',
        "a.toml, regel 14: geen geldige TOML: een getal staat zonder aanhalingstekens en met een komma: "
        'amount_per_inhabitant_eur = 120,00; schrijf "12.50"',
        "a.toml, regel 21: geen geldige TOML: een maand staat zonder aanhalingstekens: "
        'through = 2026-05; schrijf "2026-05"',
        "a.toml, regel 7, sleutel notice_month: onbekende sleutel; "
        "bedoelt u notice_months? verbeter de naam of haal de sleutel weg",
    ]


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


_UNREADABLE = datetime.time(1, 2)


@pytest.mark.parametrize("example", KINDS_OF_FUNDING, ids=lambda path: path.stem)
def test_a_value_that_cannot_be_read_is_told_once(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = parse(example.read_text(encoding="utf-8"))
    monkeypatch.setattr(documents, "line_numbers", lambda _: {})
    for path in _keys(data):
        wrong = _with(data, path, _UNREADABLE)
        monkeypatch.setattr(documents, "parse", lambda _, wrong=wrong: wrong)
        read = documents.read_as(Contract, "a.toml", b"")
        assert isinstance(read, list), path
        assert len(read) == 1, [str(finding) for finding in read]


@pytest.mark.parametrize("line", ['kind = "999900006"', '999900006 = "x"', 'kind = "effort"\ntask_field = "999900006"'])
def test_what_is_wrong_is_told_without_the_number_of_a_client(tmp_path: Path, line: str) -> None:
    path = tmp_path / "contract.toml"
    path.write_text(f'contract = "A"\n[[component]]\nkey = "a"\n{line}\n', encoding="utf-8")
    assert not any("999900006" in said for said in findings(path))
