"""`contract review`: everything to look at in a contract before it is signed, without a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from kernel.money import half_up
from settlement import review as settlement_review
from settlement.payoff import Curve

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("**/contracts/*.toml"))

HEAD = """contract = "C"
title = "Contract"
provider = "41000001"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = { from = 2026-01-01, until = 2028-01-01 }

"""
EFFORT = """[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 5"
products = ["45A04"]
bands = [{ up_to = "100", price_eur = "60.00" }, { up_to = "330", price_eur = "54.00" }, { price_eur = "48.00" }]

"""
# 100 x 60,00 + 230 x 54,00 + 70 x 48,00 = 21.780,00; 400 x 50,00 = 20.000,00 telt alleen mee.
EXAMPLE = """[[example]]
name = "drie schijven"
through = "2026-01"
products.45A04 = { unit = "hour", price_per = "hour" }
prices = [["45A04", 2026-01-01, "open", "50.00"]]
deliveries = [{ product = "45A04", start = 2026-01-01, end = 2026-01-31, quantity = 400 }]
expect = [["ambulant", "2026-01", "bands", "21780.00"], ["ambulant", "2026-01", "45A04", "20000.00"]]
"""
GOOD = HEAD + EFFORT + EXAMPLE
SHARING = """[[component]]
key = "risico"
kind = "risk_sharing"
clause = "artikel 9"
task_field = "6.751"
budget = { eur = "100000.00" }
cost = { figure = "kosten" }
cost_borne_by = "provider"
"""
SHARED = """
[[example]]
name = "een overschrijding"
through = "2026-12"
figures = { kosten = "130000.00" }
"""

Review = Callable[..., Result]


@pytest.fixture
def review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Review:
    """Review documents; no database can be reached."""
    monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    def review(*texts: str) -> Result:
        paths = []
        for text, name in zip(texts, "abc", strict=False):
            paths.append(tmp_path / f"{name}.toml")
            paths[-1].write_text(text, encoding="utf-8")
        return CliRunner().invoke(cli.main, ["contract", "review", *map(str, paths), "--json"])

    return review


def remarks(result: Result, code: int = 3) -> list[str]:
    """What was found, as 'C03 place: message'."""
    assert result.exit_code == code, result.output
    return [f"{f['code']} {f['place']}: {f['message']}" for f in json.loads(result.stdout)["findings"]]


def test_a_contract_that_is_good_gets_no_remark(review: Review, tmp_path: Path) -> None:
    assert remarks(review(GOOD), 0) == []
    shown = CliRunner().invoke(cli.main, ["contract", "review", str(tmp_path / "a.toml")])
    assert (shown.exit_code, shown.stdout) == (0, "Geen opmerkingen.\n")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_contract_without_faults(example: Path) -> None:
    result = CliRunner().invoke(cli.main, ["contract", "review", str(example), "--json"])
    assert result.exit_code in (0, 3), result.output
    codes = {finding["code"] for finding in json.loads(result.stdout)["findings"]}
    # An index of later years; schemes as they were published; the part of an area that is another contract's.
    assert codes <= {"W08", "W11", "W20", "W25"}


@pytest.mark.parametrize(
    ("good", "bad", "found"),
    [
        ('title = "Contract"', 'title = "Contract"\ncolour = "red"', "C03 a.toml, regel 3, sleutel colour: onbekende"),
        ('up_to = "100"', "up_to = 100.0",
         'C03 a.toml, regel 13, onderdeel "ambulant", sleutel bands[1].up_to: hier hoort tekst'),
        ("2028-01-01 }", "2025-01-01 }", "C03 a.toml, regel 6, sleutel in_force.until: het einde (2025-01-01) ligt"),
        ('up_to = "330", ', "", 'C03 a.toml, regel 13, onderdeel "ambulant", sleutel bands[2]: schijf 2 heeft geen'),
        ('clause = "artikel 5"\n', "",
         'C03 a.toml, regel 8, onderdeel "ambulant", sleutel clause: ontbreekt'),
        ("21780.00", "21780.01",
         'C15 a.toml, regel 21, rekenvoorbeeld "drie schijven", sleutel expect[1]: ambulant, 2026-01, bands: '
         "verwacht 21.780,01, berekend 21.780,00"),
    ],
)  # fmt: skip
def test_a_document_that_is_wrong(review: Review, good: str, bad: str, found: str) -> None:
    assert GOOD.count(good) == 1
    (said,) = remarks(review(GOOD.replace(good, bad)), 1)
    assert said.startswith(found)


def test_shares_over_the_whole(review: Review) -> None:
    members = '[{ provider = "41000001", percent = "60" }, { provider = "41000002", percent = "50" }]'
    part = f'[[component]]\nkey = "delen"\nkind = "consortium"\nclause = "artikel 8"\nmembers = {members}\n\n'
    (said,) = remarks(review(HEAD + EFFORT + part + EXAMPLE), 1)
    assert said.startswith('C03 a.toml, regel 19, onderdeel "delen", sleutel members: de percentages tellen op tot 110')


def test_a_key_that_nothing_reads(review: Review) -> None:
    adjusted = EFFORT.replace("\n\n", '\nadjustments = [{ label = "toeslag", percent = "0" }]\n\n')
    assert remarks(review(HEAD + adjusted + EXAMPLE)) == [
        'W09 a.toml, regel 14, onderdeel "ambulant", sleutel adjustments[1]: een toeslag van 0% verandert niets'
    ]


def test_everything_that_is_wrong_is_told_at_once(review: Review) -> None:
    """Of all documents: the examples that do not come out, and the remarks."""
    other = GOOD.replace("artikel 5", "n.v.t.").replace('"C"', '"D"').replace("21780.00", "1.00")
    found = remarks(review(GOOD.replace("21780.00", "2.00"), other), 1)
    assert [said.split(",")[0] for said in found] == ["C15 a.toml", "C15 b.toml", "W07 b.toml"]


@pytest.mark.parametrize("clause", ["n.v.t.", "nvt", "?", "-", "artikel", "Artikel ...", "art. x", "TODO", "p.m."])
def test_a_clause_that_is_none(review: Review, clause: str) -> None:
    assert remarks(review(GOOD.replace("artikel 5", clause))) == [
        f'W07 a.toml, regel 11, onderdeel "ambulant", sleutel clause: "{clause}" is geen artikel'
    ]


@pytest.mark.parametrize("clause", ["artikel 5", "art. 3 lid 2", "bijlage B", "4.2", "paragraaf 2, onder c", "§ 3"])
def test_a_clause_that_is_one(review: Review, clause: str) -> None:
    assert remarks(review(GOOD.replace("artikel 5", clause)), 0) == []


def test_a_set_off_of_its_own_without_a_clause(review: Review) -> None:
    found = remarks(review(GOOD.replace("in_force", 'set_off = "up_to_payable"\nin_force')))
    assert [said.split(":")[0] for said in found] == ["W07 a.toml, regel 6, sleutel set_off"]


@pytest.mark.parametrize(
    ("varied", "amount_at", "found"),
    [
        ("cost", lambda cost: cost * 3 / 2, "boven kosten van 0,00 (0% van het budget) verandert een euro meer"),
        ("delivered", lambda delivered: -delivered / 2, "boven een levering van 0,00 (0% van het plafond) daalt het"),
        ("volume", lambda units: -units, "boven een volume van 0 daalt het bedrag terwijl er meer geleverd wordt"),
        ("volume", lambda units: units * 60 if units < 330 else units * 54,
         "bij een volume van 330 springt de uitkomst van 19.799,40 naar 17.820,00: 1.979,40 ineens"),
    ],
)  # fmt: skip
def test_wrong_slopes_and_jumps_of_any_curve(
    review: Review, monkeypatch: pytest.MonkeyPatch, varied: str, amount_at: Callable[[Fraction], Fraction], found: str
) -> None:
    """No kind can settle so today; a kind that is added later is seen here."""
    curve = Curve("ambulant", varied, Fraction(1000), [Fraction(330)], lambda value: half_up(amount_at(value)))
    monkeypatch.setattr(settlement_review, "curves", lambda *_: ([curve], []))
    assert any(found in said and 'onderdeel "ambulant"' in said for said in remarks(review(GOOD)))


def test_years_and_months_that_do_not_fit(review: Review) -> None:
    population = """[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
budget_eur = "1200.00"
index = [{ year = 2026, percent = "1" }, { year = 2028, percent = "2" }]

[[component]]
key = "korting"
kind = "reduction"
clause = "artikel 7"
percent = "10"
from = "2025-07"
until = "2026-04"

[[component]]
key = "meer-korting"
kind = "reduction"
clause = "artikel 8"
percent = "5"
from = "2026-03"
until = "2027-01"
"""
    found = [said for said in remarks(review(HEAD + population)) if said.startswith("W08")]
    assert found == [
        'W08 a.toml, regel 14, onderdeel "wijkteam", sleutel index[2]: in 2028 is het contract niet meer van kracht: '
        "niets leest dit percentage",
        'W08 a.toml, regel 14, onderdeel "wijkteam", sleutel index: er is geen percentage voor 2027',
        'W08 a.toml, regel 21, onderdeel "korting", sleutel from: 2025-07 ligt buiten de looptijd (2026-01 tot en met '
        "2027-12)",
        'W08 a.toml, regel 24, onderdeel "meer-korting": van 2026-03 af geldt ook de korting korting: de ene komt over '
        "de andere",
    ]


def test_a_guarantee_without_notice_or_end(review: Review) -> None:
    guarantee = """[[component]]
key = "garantie"
kind = "guarantee"
clause = "artikel 7"
task_field = "6.751"
base_year = 2025
guaranteed = [{ provider = "41000001", base_year_amount_eur = "1000.00" }]
shortfall = "none"

[[component]]
key = "plafond"
kind = "ceiling"
clause = "artikel 8"
amount_eur = "100.00"
"""
    found = [said.split(": ")[1] for said in remarks(review(HEAD + guarantee)) if said[:3] in ("W12", "W13")]
    assert found == [
        "de garantie heeft geen opzegtermijn, en het contract ook niet",
        "de garantie wordt in geen jaar minder, tot het einde van het contract",
        "dit gaat over niets",
    ]


def _sharing(side: str, settled: str = "", sharing: str = SHARING) -> str:
    expect = f'expect = [["risico", "2026-12", "risk_sharing", "{settled}"]]\n' if settled else ""
    return HEAD + sharing + side + (SHARED + expect if expect else "")


def test_first_euro_sharing_is_told_with_its_size(review: Review) -> None:
    """From a loss of 2% on half of the whole loss is shared: at 102,000.00 at once 1,000.00."""
    found = remarks(review(_sharing('loss = { minimum_rate = "0.02", steps = [{ share = "0.5" }] }', "15000.00")))
    assert found == [
        'W11 a.toml, regel 8, onderdeel "risico": een besparing wordt niet gedeeld: die is geheel voor de aanbieder',
        'W25 a.toml, regel 8, onderdeel "risico": bij kosten van 102.000,00 (102% van het budget) springt de uitkomst '
        "van 0,00 naar 1.000,00: 1.000,00 ineens, want vanaf het minimum telt elke euro",
    ]


def test_bands_without_a_jump_are_good(review: Review) -> None:
    bands = 'bands = [{ up_to_percent = "5", share = "0" }, { share = "0.5" }]'
    found = remarks(review(_sharing(f"both = {{ {bands} }}", "12500.00")))
    assert [said.split(": ", 1)[1] for said in found] == [
        "geen rekenvoorbeeld komt in een besparing van meer dan 0% van het budget",
        "geen rekenvoorbeeld komt in een besparing van meer dan 5% van het budget",
    ]


def test_two_clauses_that_pay_more_than_a_euro_for_a_euro(review: Review) -> None:
    side = 'loss = { steps = [{ share = "0.6" }] }\nsaving = { steps = [{ share = "0.5" }] }\n\n'
    twice = SHARING + side + SHARING.replace('"risico"', '"risico-2"') + side
    assert any(
        said.startswith('W21 a.toml, regel 19, onderdeel "risico-2": samen met risico wordt van een euro kosten meer')
        for said in remarks(review(HEAD + twice))
    )


def test_a_saving_of_more_than_the_budget(review: Review) -> None:
    bands = '[{ up_to_percent = "5", share = "0" }, { up_to_percent = "120", share = "0.5" }, { share = "0.8" }]'
    found = remarks(review(_sharing(f"saving = {{ bands = {bands} }}")))
    assert any(
        "sleutel saving.bands[3]: wat boven 120% van het budget ligt, heeft geen gevolg meer" in s for s in found
    )


def test_a_misprinted_limit(review: Review) -> None:
    """A statute printed 1,930,000 where 330,000 was meant: every way in which that can stand in a document is told."""
    printed = '"1930000"'
    last = GOOD.replace('"330"', printed)
    assert remarks(review(last), 1) == [
        'C15 a.toml, regel 21, rekenvoorbeeld "drie schijven", sleutel expect[1]: ambulant, 2026-01, bands: verwacht '
        "21.780,00, berekend 22.200,00",
        'W23 a.toml, regel 13, onderdeel "ambulant", sleutel bands[3]: geen rekenvoorbeeld komt in de schijf boven '
        "1.930.000",
    ]
    between = GOOD.replace('"100"', printed)
    (said,) = remarks(review(between), 1)
    assert said.endswith("de grenzen van de schijven lopen niet op")


def test_bands_that_no_example_reaches(review: Review) -> None:
    fewer = GOOD.replace("quantity = 400", "quantity = 200").replace("21780.00", "11400.00").replace("20000", "10000")
    assert remarks(review(fewer)) == [
        'W23 a.toml, regel 13, onderdeel "ambulant", sleutel bands[3]: geen rekenvoorbeeld komt in de schijf boven 330'
    ]


@pytest.mark.parametrize(
    ("key", "fact"),
    [
        ("counts[1]", 'counts = [["GM0502", "inhabitants", 2026-01-01, "final", 10]]'),
        ("figures.score", 'figures = { score = "1" }'),
        ("index_figures[1]", 'index_figures = [["ova", 2026, "final", "4.96"]]'),
        ("assignments[1]",
         'assignments = [{ product = "45A04", start = 2026-01-01, volume = 3, per = "week", number = "T1" }]'),
        ("determinations[1]", 'determinations = [[2026, "ambulant", "1.00"]]'),
        ("accountability[1]", 'accountability = [[2026, "annual_accounts"]]'),
    ],
)  # fmt: skip
def test_a_fact_that_nothing_reads(review: Review, key: str, fact: str) -> None:
    """It is refused: nothing can come of it."""
    (said,) = remarks(review(f"{GOOD}{fact}\n"), 1)
    assert said.startswith(
        f'C03 a.toml, regel 22, rekenvoorbeeld "drie schijven", sleutel {key}: geen onderdeel leest '
    )


def test_a_fact_without_an_effect(review: Review) -> None:
    """The year is not over: what was determined changes nothing yet."""
    document = f"""{HEAD}[[component]]
key = "som"
kind = "lump_sum"
clause = "artikel 5"
task_field = "6.1"
amount_eur = "1200.00"

[[example]]
name = "januari"
through = "2026-01"
determinations = [[2026, "som", "1000.00"]]
expect = [["som", "2026-01", "instalment", "100.00"]]
"""
    assert remarks(review(document)) == [
        'W24 a.toml, regel 18, rekenvoorbeeld "januari", sleutel determinations[1]: '
        "zonder dit feit komt het voorbeeld net zo uit"
    ]


def test_a_count_within_the_dead_band_is_read() -> None:
    """It changes nothing, and that is what the example is for."""
    example = next(path for path in EXAMPLES if path.stem == "nis-combinatie")
    assert "binnen de band" in example.read_text(encoding="utf-8")
    assert remarks(CliRunner().invoke(cli.main, ["contract", "review", str(example), "--json"]), 0) == []


def test_a_document_with_many_faults_names_every_one_of_them_on_the_terminal(tmp_path: Path) -> None:
    keys = [f"sleutel_{number}" for number in range(40)]
    (tmp_path / "c.toml").write_text(HEAD + EFFORT + "\n".join(f"{key} = 1" for key in keys), encoding="utf-8")
    result = CliRunner().invoke(cli.main, ["contract", "review", str(tmp_path / "c.toml")])
    assert [key for key in keys if f"sleutel {key}:" not in " ".join(result.stderr.split())] == []


def test_an_example_that_misses_a_figure_of_a_component_is_told(review: Review) -> None:
    without = SHARED.replace('figures = { kosten = "130000.00" }', "")
    sharing = SHARING + 'both = { bands = [{ share = "0.5" }] }\n'
    text = GOOD + sharing + without + 'expect = [["ambulant", "2026-12", "45A04", "0.00"]]\n'
    told = [line for line in remarks(review(text)) if line.startswith("W26")]
    assert len(told) == 1
    assert 'rekenvoorbeeld "een overschrijding": onderdeel "risico": cijfer kosten over 2026 is niet bekend' in told[0]
