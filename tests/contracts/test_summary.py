"""`contract show` leaves nothing out: whatever else a document says of money, it sums up otherwise."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import ValidationError

from contracts.components.component import ComponentPart
from contracts.documents import KeyPath
from contracts.facts import GivenFacts
from contracts.model import Component, Contract
from contracts.parties import Parties
from contracts.summary import summary
from contracts.values import Part
from kernel.toml import parse

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "contracts").glob("*.toml"))
# Everything that a component may say; not all of it together is an agreement, and nothing here is settled.
EVERYTHING = """
contract = "ALLES"
title = "Alles wat er staan kan"
provider = "41000001"
municipalities = ["GM0502", "GM0599"]
laws = ["Jeugdwet", "Wmo"]
in_force = { from = 2026-01-01, until = 2029-01-01 }
notice_months = 6
set_off = "up_to_payable"
set_off_clause = "artikel 2"

[[component]]
key = "inzet"
kind = "effort"
clause = "artikel 3"
products = ["45A04", "01A03", "01A99"]
price_of = "last_day"
price_list = "jeugd"
bands = [{ up_to = "100", price_eur = "60.00" }, { price_eur = "50.00" }]
bands_per = "month"
frequency = { products = ["01A03"], six_weeks = ["01A03"] }
no_show = [{ product = "01A99", paid_percent = "50" }]
client_bounds = [{ per = "year", minimum_eur = "10.00", maximum_eur = "100.00" }]
adjustments = [{ label = "avond", percent = "12.5", products = ["45A04"], from = "2026-04", until = "2027-01" }]

[[component]]
key = "stuks"
kind = "output"
clause = "artikel 4"
products = ["54A01"]
price_list = "regionaal"
frequency = { products = ["54A01"] }
periods = { products = ["54A02"], per = "four_weeks", when = "assigned" }

[component.trajectories]
products = ["54A03"]
instalments = [
    { on = "start", percent = "50" },
    { on = "month", month = 3, percent = "30" },
    { on = "end", percent = "20" },
]
early_stop = "pro_rata"
restart_months = 6

[[component]]
key = "trajecten"
kind = "output"
clause = "artikel 4a"
price_list = "trajecten"
trajectories = { products = ["54A04"], instalments = [{ on = "result", percent = "100" }], early_stop = "none" }

[[component]]
key = "wijkteam"
kind = "population"
clause = "artikel 5"
task_field = "6.23"
municipality = "GM0599"
segments = [{ measure = "inhabitants_0_15", amount_eur = "100.00" }, { measure = "dwellings", amount_eur = "5.00" }]
areas = ["GM0502"]
count_date = 2026-01-01
catchment_percent = "80"
instalments = "quarterly"
recount = { dead_band_percent = "1", pays = "whole", counts = "yearly" }
reopenings = [{ from = "2026-07", amount_eur = "1000.00", decision = "besluit 7" }]
withheld = { percent = "5", until = "auditor_statement" }
covers = ["45A05"]
carve_outs = ["45A06"]
out_of_area = ["45A07"]
out_of_area_price_list = "elders"
price_list = "wijk"
unspent = { rule = "split", share_percent = "40" }
index = [{ year = 2027, percent = "4.96" }]

[[component]]
key = "verdeeld"
kind = "population"
clause = "artikel 6"
task_field = "6.23"
budget_eur = "1000000.00"
count_date = 2026-01-01
unspent = { rule = "reserve", reserve_percent = "10" }
carve_outs = ["45A16"]
price_list = "apart"

[component.division]
areas = ["GM0502", "GM0599"]
weights = { inhabitants = "0.6", dwellings = "0.4" }
own_areas = ["GM0502"]

[component.indexation]
weights = { ova = "0.9", ppc = "0.1" }
method = "ratio"
first_year = 2027
apart = true
index_decimals = 2
component_correction_decimals = 3
weighted_decimals = 4
weighted_final_decimals = 5
weighted_preliminary_decimals = 6

[[component]]
key = "elders"
kind = "population"
clause = "artikel 6a"
task_field = "6.23"
amount_per_inhabitant_eur = "12.00"
measure = "households"
count_date = 2026-01-01
out_of_area = ["45A17"]
price_list = "elders2"

[[component]]
key = "historisch"
kind = "population"
clause = "artikel 7"
task_field = "6.23"
historical = [{ year = 2024, amount_eur = "900.00" }, { year = 2025, amount_eur = "950.00" }]
unspent = { rule = "earmark" }

[[component]]
key = "objectief"
kind = "population"
clause = "artikel 8"
task_field = "6.23"
objective = { macro_budget_eur = "9000000.00", share_percent = "12" }

[[component]]
key = "vast"
kind = "lump_sum"
clause = "artikel 9"
task_field = "6.71"
municipality = "GM0599"
amount_eur = "120000.00"
legal_form = "subsidy"
schedule = [{ month = 1, percent = "60" }, { month = 7, percent = "40" }]
advance_percent = "95"
index = [{ year = 2027, percent = "3.10" }]

[[component]]
key = "vast-per-jaar"
kind = "lump_sum"
clause = "artikel 10"
task_field = "6.71"
schedule = "yearly"
indexation = { weights = { ova = "1" }, method = "none", first_year = 2027, index_decimals = 1 }
years = [{ year = 2026, amount_eur = "1.00" }, { year = 2027, amount_eur = "2.00" }]

[[component]]
key = "garantie"
kind = "guarantee"
clause = "artikel 11"
task_field = "6.71"
municipality = "GM0599"
base_year = 2025
indexation = { weights = { ova = "1" }, method = "difference", first_year = 2026, index_decimals = 2 }
guaranteed = [{ provider = "41000001", segment = "ambulant", base_year_amount_eur = "500.00" }]
discounts = [{ year = 2026, percent = "10" }]
discount_on = "previous_year"
notice_months = 3
shortfall = "carry_over"
last_year = "pay_difference"
spend_of = ["inzet"]
index = [{ year = 2026, percent = "2.00" }]

[[component]]
key = "gezin"
kind = "arrangement"
clause = "artikel 12"
price_list = "arrangementen"
prices = [
    { profile = "1", intensity = "licht", product = "54A05", price_eur = "700.00" },
    { profile = "2", intensity = "zwaar", product = "54A06" },
]
per = "month"
holder = "household"
partial_month = "days"
covers = ["45A08"]
beside = ["54A06"]
funding_sources = [
    { law = "Jeugdwet", percent = "60", task_field = "6.74" },
    { law = "Wmo", percent = "40", task_field = "6.71" },
]
task_field = "6.74"

[[component]]
key = "plafond"
kind = "ceiling"
clause = "artikel 13"
task_field = "6.71"
applies_to = ["inzet"]
amount_eur = "100000.00"
per = "year"
partial_year = "whole"
soft_band_percent = "5"
soft_band_rate = "0.5"
warning_percents = ["80", "90"]

[[component]]
key = "plafond-per-jaar"
kind = "ceiling"
clause = "artikel 14"
years = [{ year = 2026, amount_eur = "1.00" }]

[[component]]
key = "korting"
kind = "reduction"
clause = "artikel 15"
task_field = "6.71"
applies_to = ["inzet"]
percent = "2.5"
from = "2026-07"
until = "2027-01"

[[component]]
key = "bandbreedte"
kind = "risk_sharing"
clause = "artikel 16"
task_field = "6.71"
applies_to = ["inzet"]
budget = { of = ["wijkteam"] }
cost = { figure = "kosten", times = "aantal" }
cost_borne_by = "payer"

[component.both]
minimum_rate = "0.02"
bands = [{ up_to_percent = "5", share = "0" }, { share = "0.5" }]
steps = [
    { share = { figure = "deel", complement = true, at_least = "0.1", at_most = "0.9" } },
    { withhold_percent = "5" },
    { cap_eur = "100.00" },
    { cap_percent_of_budget = "3" },
    { add_figure = "correctie" },
]

[[component]]
key = "een-kant"
kind = "risk_sharing"
clause = "artikel 17"
task_field = "6.71"
budget = { eur = "100.00" }
cost = { figure = "kosten" }
saving = { bands = [{ share = "0.5" }] }
loss = { bands = [{ share = "0.4" }] }

[[component]]
key = "bonus"
kind = "outcome"
clause = "artikel 18"
task_field = "6.71"
applies_to = ["inzet"]
budget = { eur = "100.00" }
at_stake_percent = "5"
malus = false
indicators = [
    { name = "uitval", weight = "0.6", worst = "20", best = "5" },
    { name = "tevreden", weight = "0.4" },
]

[[component]]
key = "delen"
kind = "consortium"
clause = "artikel 19"
task_field = "6.71"
applies_to = ["inzet"]
by = "delivery"
members = [{ provider = "41000002", percent = "60" }, { provider = "41000003", products = ["45A04"], own_code = true }]
"""
NOBODY = Parties(municipalities={}, providers={})
# Tried in the place of every text; those that fit are another agreement.
OTHERS = (
    "1.50", "0.25", "12", "2027-03", "anders", "GM0344", "41000009", "inhabitants_65_plus", "6.81", "Participatiewet",
)  # fmt: skip


def parts(kind: type[Part]) -> Iterator[type[Part]]:
    """A class of parts, and those that its fields hold."""
    yield kind
    for field in kind.model_fields.values():
        for inside in _classes(field.annotation):
            yield from parts(inside)


def _classes(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inside in get_args(annotation) if get_origin(annotation) is not Literal else ():
        yield from _classes(inside)


def words(kind: type[Part]) -> Iterator[str]:
    for field in kind.model_fields.values():
        yield from _words(field.annotation)


def _words(annotation: Any) -> Iterator[str]:
    for inside in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield inside
        else:
            yield from _words(inside)


KINDS = tuple(get_args(get_args(Component)[0]))
PARTS = {part for kind in KINDS for part in parts(kind)}
WORDS = tuple(sorted({word for part in PARTS for word in words(part) if word not in ("", *(_words(Component)))}))


def said(data: dict[str, Any]) -> list[str] | None:
    """The summary of a document; None when a value of it does not fit."""
    try:
        return summary(Contract.model_validate(data), NOBODY)
    except ValidationError:
        return None


def keys(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key of what is agreed, and every element of a list; the kind of a component is what it is."""
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        if key in ("example", "kind"):
            continue
        yield (*path, key)
        if isinstance(inside, dict | list):
            yield from keys(inside, (*path, key))


def others(value: Any) -> tuple[Any, ...]:
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1)
        case date():
            return (value + timedelta(days=1),)
        case str():
            return tuple(other for other in (*OTHERS, *WORDS) if other != value)
        case _:
            return ()


def changed(data: dict[str, Any], path: KeyPath) -> Iterator[dict[str, Any]]:
    """The document with another value at a place, and without it."""
    *above, key = path
    within: Any = data
    for one in above:
        within = within[one]
    for other in others(within[key]):
        if other != within[key]:
            yield _with(data, path, other)
    if within[key] != data["municipalities"][0]:  # without one, the first municipality pays
        yield _with(data, path, None)


def _with(data: dict[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
    """A copy in which a value is another; None takes it away."""
    new = copy.copy(data)
    within: Any = new
    for one in path[:-1]:
        within[one] = copy.copy(within[one])
        within = within[one]
    if value is None:
        del within[path[-1]]
    else:
        within[path[-1]] = value
    return new


@pytest.mark.parametrize("text", [EVERYTHING, *(path.read_text("utf-8") for path in EXAMPLES)],
                         ids=["everything", *(path.stem for path in EXAMPLES)])  # fmt: skip
def test_whatever_is_agreed_otherwise_is_summed_up_otherwise(text: str) -> None:
    whole = {key: value for key, value in parse(text).items() if key != "example"}
    of_one = [{**whole, "component": [component]} for component in whole["component"]]
    same = []
    for place, data in enumerate(of_one):
        agreed, as_agreed = Contract.model_validate(data), said(data)
        assert as_agreed is not None
        for path in keys(data if place == 0 else {"component": data["component"]}):
            for other in changed(data, path):
                if said(other) == as_agreed and Contract.model_validate(other) != agreed:
                    same.append((data["component"][0]["key"], path))
                    break
    assert same == []


def test_the_document_with_everything_has_every_key_of_every_kind() -> None:
    found: set[tuple[type[Part], str]] = set()

    def walk(value: object) -> None:
        if isinstance(value, Part):
            found.update((type(value), name) for name in value.model_fields_set)
            for name in type(value).model_fields:
                walk(getattr(value, name))
        elif isinstance(value, tuple):
            for one in value:
                walk(one)

    walk(Contract.model_validate(parse(EVERYTHING)).component)
    every = {(part, name) for part in PARTS for name in part.model_fields if not issubclass(part, GivenFacts)}
    assert {f"{part.__name__}.{name}" for part, name in every - found} == set()
    assert all(issubclass(kind, ComponentPart) for kind in KINDS)
