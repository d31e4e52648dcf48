"""`contract simulate`: a contract on facts written by hand, without a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

import cli

CONTRACT = """contract = "WT"
title = "Wijkteam en ambulant"
provider = "41000001"
municipalities = ["GM0502"]
laws = ["Jeugdwet"]
in_force = { from = 2026-01-01, until = 2029-01-01 }

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 4"
task_field = "6.23"
amount_per_inhabitant_eur = "121.00"
count_date = 2026-01-01

[[component]]
key = "ambulant"
kind = "effort"
clause = "artikel 5"
products = ["44A09"]
"""
FACTS = """through = "2026-02"
counts = [["GM0502", "inhabitants", 2026-01-01, "final", 10007]]
products.44A09 = { unit = "day", price_per = "day" }
prices = [["44A09", 2026-01-01, "open", "212.35"]]
"""
DELIVERY = 'deliveries = [{ product = "44A09", start = 2026-01-20, end = 2026-01-22, quantity = 3 }]\n'

Simulate = Callable[..., Result]


@pytest.fixture
def simulate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    """Simulate a contract document on the text of a facts file; no database can be reached."""
    monkeypatch.setenv("BEKOSTIGING_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    def run(facts: str, *options: str, contract: str = CONTRACT) -> Result:
        (tmp_path / "contract.toml").write_text(contract, encoding="utf-8")
        (tmp_path / "feiten.toml").write_text(facts, encoding="utf-8")
        files = [str(tmp_path / "contract.toml"), "--facts", str(tmp_path / "feiten.toml")]
        return CliRunner().invoke(cli.main, ["contract", "simulate", *files, *options])

    return run


def test_one_case_is_shown_with_its_explanation(simulate: Simulate) -> None:
    result = simulate(FACTS + DELIVERY)
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    # 10.007 x 121,00 = 1.210.847,00; / 12 = 100.903,91(6); twice 201.807,82, and 3 x 212,35 = 637,05.
    assert "wijkteam termijn 2026-01 t/m 2026-02 201.807,82" in lines
    assert "ambulant 44A09 2026-01 637,05" in lines
    assert "Te betalen 202.444,87" in lines
    assert "10.007 inwoners × 121,00 (telling GM0502 op 01-01-2026) = 1.210.847,00" in lines
    assert "Dit is een proefberekening: er is niets vastgelegd." in lines
    explained = [line for line in lines if line.startswith("wijkteam, termijn")]
    assert explained == ["wijkteam, termijn, 2026-02: 100.903,91"]
    assert "Hieronder staat de uitleg van de laatste maand van elke regel; die van alle maanden: --explain" in lines


def test_the_explanation_is_of_every_month_when_asked(simulate: Simulate) -> None:
    lines = [" ".join(line.split()) for line in simulate(FACTS + DELIVERY, "--explain").output.splitlines()]
    explained = [line for line in lines if line.startswith("wijkteam, termijn")]
    assert explained == ["wijkteam, termijn, 2026-01: 100.903,91", "wijkteam, termijn, 2026-02: 100.903,91"]
    assert not any("--explain" in line for line in lines)


def test_of_several_municipalities_the_last_month_of_each_is_explained(simulate: Simulate) -> None:
    two = CONTRACT.replace('municipalities = ["GM0502"]', 'municipalities = ["GM0502", "GM0599"]').replace(
        'key = "wijkteam"', 'key = "wijkteam"\nmunicipality = "GM0502"'
    )
    other = DELIVERY.replace("}]", '}, { product = "44A09", start = 2026-01-05, end = 2026-01-05, quantity = 1, ')
    said = simulate(FACTS + other.rstrip() + 'municipality = "GM0599" }]\n', contract=two).output
    explained = [line for line in said.splitlines() if line.startswith("ambulant, 44A09")]
    assert explained == ["ambulant, 44A09, 2026-01, GM0502: 637,05", "ambulant, 44A09, 2026-01, GM0599: 212,35"]


def test_a_list_of_cases_is_answered_in_order(simulate: Simulate) -> None:
    cases = '[[case]]\nid = "b"\n' + DELIVERY + '[[case]]\nid = "a"\nthrough = "2026-12"\n'
    result = simulate(FACTS + cases, "--json", "--explain")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [(case["id"], case["amount_eur"]) for case in answer["cases"]] == [("b", "202444.87"), ("a", "1210847.00")]
    first = answer["cases"][0]["lines"]
    assert [(line["component"], line["label"], line["amount_eur"]) for line in first] == [
        ("wijkteam", "instalment", "201807.82"),
        ("ambulant", "44A09", "637.05"),
    ]
    assert first[0]["months"][1]["month"] == "2026-02"
    assert first[0]["months"][1]["explanation"]["code"] == "instalment"
    assert "explanation" not in simulate(FACTS + cases, "--json").output


def test_a_case_without_its_facts_says_so_and_the_others_go_on(simulate: Simulate) -> None:
    cases = '[[case]]\nid = "leeg"\ncounts = []\n[[case]]\nid = "goed"\n'
    result = simulate(FACTS + cases, "--json")
    assert result.exit_code == 3
    empty, good = json.loads(result.stdout)["cases"]
    assert (empty["amount_eur"], empty["lines"]) == (None, [])
    assert [finding["code"] for finding in empty["findings"]] == ["F01"]
    assert good["amount_eur"] == "201807.82"
    shown = simulate(FACTS + cases)
    assert "1 van 2 gevallen berekend" in shown.output
    assert "leeg niet te berekenen" in " ".join(shown.output.split())


def test_one_case_of_a_list(simulate: Simulate) -> None:
    cases = '[[case]]\nid = "a"\n[[case]]\nid = "b"\nthrough = "2026-01"\n'
    assert "Te betalen 100.903,91" in " ".join(simulate(FACTS + cases, "--case", "b").output.split())
    refused = simulate(FACTS + cases, "--case", "c")
    assert refused.exit_code == 1
    assert "er is geen geval c" in refused.output
    assert "kies een id uit het bestand met feiten: a, b" in refused.output


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (FACTS + "cost = 3\n", "feiten.toml, regel 5, sleutel cost: onbekende sleutel"),
        (FACTS + "figures = { cost = 1.5 }\n", "feiten.toml, regel 5, sleutel figures.cost"),
        (FACTS.replace('through = "2026-02"\n', ""), "sleutel through: ontbreekt"),
        (FACTS + '[[case]]\nid = "a"\n[[case]]\nid = "a"\n', "twee gevallen heten a"),
        (FACTS + '[[case]]\nid = "a"\nthrough = "mei"\n', 'feiten.toml, regel 7, geval "a", sleutel through'),
    ],
)
def test_facts_that_are_wrong_are_refused_with_their_place(simulate: Simulate, facts: str, said: str) -> None:
    result = simulate(facts)
    assert result.exit_code == 1
    assert said in result.output
    assert "niets is uitgerekend: 1 bevinding" in result.output


def test_facts_that_no_component_reads_are_told_once(simulate: Simulate) -> None:
    """They are no reason to refuse: a file of facts may serve several contracts."""
    cases = "".join(f'[[case]]\nid = "{name}"\nfigures = {{ scroe = "1" }}\n' for name in "ab")
    result = simulate(
        f'through = "2026-01"\nassignments = [{{ product = "X", start = 2026-01-01 }}]\n{cases}', "--json"
    )
    (of_head, of_case) = json.loads(result.stdout)["warnings"]
    assert of_head["place"] == "feiten.toml, regel 2, sleutel assignments[1]"
    assert of_head["message"] == "geen onderdeel leest toewijzingen van product X"
    assert of_case["place"] == 'feiten.toml, regel 5, geval "a", sleutel figures.scroe'
    assert of_case["code"] == "W24"


def test_the_schema_of_facts_knows_what_a_case_may_hold() -> None:
    result = CliRunner().invoke(cli.main, ["contract", "schema", "--facts"])
    schema = json.loads(result.output)
    assert {"case", "through", "deliveries", "figures"} <= schema["properties"].keys()
    assert {"id", "deliveries", "figures"} <= schema["$defs"]["Case"]["properties"].keys()


# --- pay-off curves ---------------------------------------------------------------------------------------------------

CORRIDOR = (
    CONTRACT
    + """
[[component]]
key = "bandbreedte"
kind = "risk_sharing"
clause = "artikel 9"
task_field = "6.23"
budget = { eur = "2000000.00" }
cost = { figure = "cost" }

[component.both]
bands = [{ up_to_percent = "5", share = "0" }, { share = "0.50" }]

[[component]]
key = "besparing"
kind = "risk_sharing"
clause = "artikel 10"
task_field = "6.23"
budget = { eur = "1000000.00" }
cost = { figure = "cost" }
cost_borne_by = "payer"

[component.saving]
minimum_rate = "0.02"
steps = [{ share = "0.80" }]
"""
)


def test_a_cost_that_varies_gives_the_pay_off_of_every_clause_with_its_edges(simulate: Simulate) -> None:
    result = simulate(FACTS, "--vary", "cost=80%..130%:10%", "--json", contract=CORRIDOR)
    assert result.exit_code == 0, result.output
    corridor, savings = json.loads(result.stdout)["curves"]
    paid = {
        point["percent"].removesuffix(".000000"): (point["amount_eur"], point["on_edge"])
        for point in corridor["points"]
    }
    assert (corridor["component"], corridor["base"]) == ("bandbreedte", "2000000.00")
    assert paid["80"] == ("-150000.00", False)  # 300.000,00 under 95%, half of it back
    assert paid["95"] == ("0.00", True)
    assert paid["105"] == ("0.00", True)
    assert paid["130"] == ("250000.00", False)
    # From a saving of 2% the whole saving is shared: a jump, with a point on either side of it.
    near = [(p["value"], p["amount_eur"]) for p in savings["points"] if p["value"].startswith("980000")]
    assert near == [("980000.00", "16000.00"), ("980000.01", "0.00")]


def test_the_curve_is_a_table_and_a_picture(simulate: Simulate, tmp_path: Path) -> None:
    result = simulate(
        FACTS, "--vary", "cost=90%..110%", "--svg", str(tmp_path / "plaatjes"), contract=CORRIDOR
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert 'Onderdeel "bandbreedte": kosten in procenten van het budget, 2.000.000,00' in lines
    assert "grens 105,00 2.100.000,00 0,00" in lines
    assert "110,00 2.200.000,00 50.000,00" in lines
    picture = ElementTree.parse(tmp_path / "plaatjes" / "bandbreedte.svg")
    texts = [str(element.text) for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"95%", "105%", "40.000", "-40.000"} <= set(texts)


def test_a_volume_that_varies_is_shown_as_it_is_computed_with(simulate: Simulate) -> None:
    """Half a hundredth of an hour is worth cents; and prices by band are marginal, so that no edge is a jump."""
    bands = (
        CONTRACT[: CONTRACT.index("[[component]]")]
        + """
[[component]]
key = "staffel"
kind = "effort"
clause = "artikel 5"
products = ["45A04"]
bands = [{ up_to = "20", price_eur = "66.66" }, { up_to = "50.5", price_eur = "61.11" }, { price_eur = "55.55" }]
"""
    )
    facts = 'through = "2026-02"\n'
    table = simulate(facts, "--vary", "volume=0%..50%:25%", contract=bands)
    lines = [" ".join(line.split()) for line in table.output.splitlines()]
    assert "25,00 12,625 841,58" in lines  # 12,625 x 66,66 = 841,5825
    result = simulate(facts, "--vary", "volume=0%..50%:25%", "--json", contract=bands)
    (curve,) = json.loads(result.stdout)["curves"]
    assert [point["value"] for point in curve["points"]] == ["0.00", "12.625", "20.00", "25.25"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--vary", "cost=130%..80%"), "loopt niet op"),
        (("--vary", "weer=80%..130%"), "lopen kunnen cost, delivered, volume"),
        (("--vary", "delivered=80%..130%"), "geen artikel van contract WT verandert met delivered"),
    ],
)
def test_a_variation_that_says_nothing_is_refused(simulate: Simulate, options: tuple[str, ...], said: str) -> None:
    result = simulate(FACTS, *options, contract=CORRIDOR)
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())


def test_a_picture_needs_a_variation(simulate: Simulate, tmp_path: Path) -> None:
    assert simulate(FACTS, "--svg", str(tmp_path)).exit_code == 2


SHARED = (
    CONTRACT
    + """
[[component]]
key = "bandbreedte"
kind = "risk_sharing"
clause = "artikel 9"
task_field = "6.23"
budget = { eur = "1000000.00" }
cost = { figure = "kosten" }
cost_borne_by = "provider"
[component.both]
bands = [{ share = "0.5" }]
steps = [{ add_figure = "ontwikkeling" }]
"""
)
YEAR = FACTS.replace("2026-02", "2026-12")
COST, ADDED = 'kosten = "1200000.00"', 'ontwikkeling = "0"'


@pytest.mark.parametrize(
    ("figures", "amount", "missing"),
    [
        (f"{COST}, {ADDED}", "1310847.00", []),  # 10,007 x 121.00, and half of 200,000.00
        (COST, None, ["ontwikkeling"]),
        (ADDED, None, ["kosten"]),
    ],
)
def test_a_case_that_misses_a_figure_is_not_computed(
    simulate: Simulate, figures: str, amount: str | None, missing: list[str]
) -> None:
    head, case = f'{YEAR}[[case]]\nid = "a"\n', f"figures = {{ {figures} }}\n"
    result = simulate(head + case, "--json", contract=SHARED)
    [told] = json.loads(result.stdout)["cases"]
    assert (told["amount_eur"], result.exit_code) == (amount, 3 if missing else 0)
    assert [f["message"].split()[1] for f in told["findings"]] == missing
    assert "instalment" in {line["label"] for line in told["lines"]}
    shown = simulate(head + case, contract=SHARED)
    assert shown.exit_code == (3 if missing else 0)
    assert ("Niet te berekenen" in shown.output) == bool(missing)
    assert ("Te betalen" in shown.output) != bool(missing)


def test_before_its_year_is_over_a_case_misses_no_figure(simulate: Simulate) -> None:
    result = simulate(FACTS, "--json", contract=SHARED)
    [told] = json.loads(result.stdout)["cases"]
    assert (result.exit_code, told["amount_eur"], told["findings"]) == (0, "201807.82", [])


@pytest.mark.parametrize("asked", [(), ("--json",)], ids=["table", "json"])
def test_a_curve_without_a_figure_says_that_it_is_without(simulate: Simulate, asked: tuple[str, ...]) -> None:
    result = simulate(FACTS, "--vary", "cost=90%..110%", *asked, contract=SHARED)
    assert result.exit_code == 3
    assert "cijfer ontwikkeling over 2026 is niet bekend" in " ".join(result.output.split())
    whole = simulate(f"{FACTS}figures = {{ {ADDED} }}\n", "--vary", "cost=90%..110%", *asked, contract=SHARED)
    assert whole.exit_code == 0


def test_a_clause_without_its_budget_has_no_curve_and_is_told(simulate: Simulate) -> None:
    other = SHARED.split("[[component]]")[-1].replace('"bandbreedte"', '"tweede"')
    other = other.replace('{ eur = "1000000.00" }', '{ figure = "begroot" }').replace("steps", "# steps")
    result = simulate(f"{FACTS}figures = {{ {ADDED} }}\n", "--vary", "cost=90%..110%", "--json",
                      contract=f"{SHARED}[[component]]{other}")  # fmt: skip
    answer = json.loads(result.stdout)
    assert (result.exit_code, [curve["component"] for curve in answer["curves"]]) == (3, ["bandbreedte"])
    assert [(f["code"], f["place"]) for f in answer["findings"]] == [("F07", 'onderdeel "tweede"')]
