"""What is odd about modifiers is told with its place, and what is usual is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.documents import contract_of, read_documents
from settlement.funding.oddities import oddities
from tests.settlement.funding.lines import modified

DOCUMENTS = sorted((Path(__file__).parents[3] / "examples" / "contracts").glob("*.toml"))
RISK = 'kind = "risk_sharing"\ntask_field = "6.23"\nbudget = { eur = "1000000.00" }\ncost = { figure = "cost" }\n'
CAPPED = 'bands = [{ up_to_percent = "5", share = "0" }, { up_to_percent = "20", share = "0.50" }, { share = "0.80" }]'


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_examples_have_nothing_odd(path: Path) -> None:
    (document,) = read_documents([path])
    assert list(oddities(document.contract)) == []


@pytest.mark.parametrize(
    ("modifier", "place", "said"),
    [
        (
            RISK + 'loss = { minimum_rate = "0.025", steps = [{ share = "0.30" }] }',
            ("loss", "minimum_rate"),
            "bij 2,5% van het budget springt de verrekening van 0,00 naar 7.500,00",
        ),
        (
            RISK.replace("eur", "figure").replace('"1000000.00"', '"benchmark"')
            + 'saving = { minimum_rate = "0.02", steps = [{ share = { figure = "rate", at_most = "0.4" } }] }',
            ("saving", "minimum_rate"),
            "bij 2% van het budget springt de verrekening van 0,00 naar 0,80 bij een budget van 100,00",
        ),
        (
            RISK + f'loss = {{ {CAPPED}, steps = [{{ cap_eur = "75000.00" }}] }}',
            ("loss", "bands", 2),
            "wat boven 20% van het budget ligt, heeft geen gevolg meer",
        ),
        (
            RISK + 'saving = { bands = [{ up_to_percent = "100", share = "0.3" }, { share = "0.8" }] }',
            ("saving", "bands", 1),
            "wat boven 100% van het budget ligt, heeft geen gevolg meer",
        ),
        (
            RISK + 'saving = { steps = [{ share = "0.30" }, { cap_percent_of_budget = "30" }] }',
            ("saving", "steps", 1),
            "dit maximum wordt nooit bereikt",
        ),
        (
            'kind = "reduction"\npercent = "2"\nfrom = "2028-01"\nuntil = "2028-03"',
            ("from",),
            "de korting valt buiten de looptijd",
        ),
        (
            'kind = "ceiling"\namount_eur = "900.00"\n[[component]]\nkey = "korting"\nclause = "artikel 7"\n'
            'kind = "reduction"\npercent = "2"\nfrom = "2026-01"\nuntil = "2026-03"\napplies_to = ["zorg"]',
            None,
            "regel verandert wat zorg oplevert, en staat er niet bij",
        ),
        (
            RISK + 'loss = { steps = [{ share = "0.60" }] }\n[[component]]\nkey = "nog_een"\nclause = "artikel 7"\n'
            + RISK + f"loss = {{ {CAPPED} }}",
            None,
            "samen met regel wordt van een euro kosten meer dan een euro verrekend",
        ),
    ],
)  # fmt: skip
def test_what_is_odd(modifier: str, place: tuple[str | int, ...] | None, said: str) -> None:
    ((where, message, hint),) = oddities(modified(modifier))
    assert message == said
    assert hint
    assert where[:2] == ("component", 1 if place is not None else 2)
    assert place is None or where[2:] == place


@pytest.mark.parametrize(
    "modifier",
    [
        RISK + f'loss = {{ {CAPPED}, steps = [{{ cap_eur = "75000.01" }}] }}',
        RISK + 'saving = { steps = [{ share = "0.30" }, { cap_percent_of_budget = "29.9" }] }',
        RISK + 'loss = { steps = [{ share = "0.30" }, { cap_percent_of_budget = "300" }] }',
        RISK + 'loss = { minimum_rate = "0.02", bands = [{ up_to_percent = "2", share = "0" }, { share = "1" }] }',
        'kind = "reduction"\npercent = "2"\nfrom = "2027-12"\nuntil = "2028-03"',
    ],
)
def test_what_is_usual(modifier: str) -> None:
    assert list(oddities(modified(modifier))) == []


def test_a_modifier_with_nothing_above_it() -> None:
    document = """contract = "A"
title = "Plafond"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Wmo"]
in_force = { from = 2026-01-01, until = 2027-01-01 }
[[component]]
key = "plafond"
clause = "artikel 6"
kind = "ceiling"
amount_eur = "900.00"
"""
    assert [message for _, message, _ in oddities(contract_of(document))] == [
        "er staat niets boven om op toe te passen"
    ]


PAID = """contract = "A"
title = "Wijkteam"
provider = "41000002"
municipalities = ["GM0502"]
laws = ["Wmo"]
in_force = { from = 2026-02-01, until = 2028-01-01 }
[[component]]
key = "team"
clause = "artikel 4"
kind = "lump_sum"
task_field = "6.1"
amount_eur = "120000.00"
schedule = SCHEDULE
[[component]]
key = "korting"
clause = "artikel 5"
kind = "reduction"
percent = "2.5"
from = "FROM"
until = "UNTIL"
"""


@pytest.mark.parametrize(
    ("schedule", "months", "is_odd"),
    [
        ('"monthly"', ("2026-08", "2026-10"), False),
        ('"quarterly"', ("2026-08", "2026-10"), True),
        ('"quarterly"', ("2026-07", "2026-11"), True),
        ('"quarterly"', ("2026-07", "2026-10"), False),
        ('"quarterly"', ("2026-01", "2026-04"), False),  # the contract begins in February
        ('[{ month = 3, percent = "100" }]', ("2026-07", "2027-01"), True),
        ('"yearly"', ("2027-01", "2028-01"), False),
    ],
)
def test_a_reduction_that_begins_or_ends_within_an_instalment(
    schedule: str, months: tuple[str, str], is_odd: bool
) -> None:
    text = PAID.replace("SCHEDULE", schedule).replace("FROM", months[0]).replace("UNTIL", months[1])
    said = "team wordt niet per maand betaald: de korting gaat over hele termijnen, in hun maand"
    assert [message for _, message, _ in oddities(contract_of(text))] == [said] * is_odd


REDUCED = 'kind = "reduction"\npercent = "2"\nfrom = "2026-01"\nuntil = "2027-01"\napplies_to = ["zorg"]\n'
BELOW = '[[component]]\nkey = "daaronder"\nclause = "artikel 7"\ntask_field = "6.23"\n'
GUARANTEED = (
    'kind = "guarantee"\nmunicipality = "GM0502"\nbase_year = 2025\nshortfall = "pay_difference"\n'
    'guaranteed = [{ provider = "41000002", base_year_amount_eur = "100.00" }]\nspend_of = ["zorg"]'
)
EARNED = (
    'kind = "outcome"\nbudget = { of = ["zorg"] }\nat_stake_percent = "2"\nindicators = [{ name = "a", weight = "1" }]'
)
BORNE = (
    'kind = "risk_sharing"\nbudget = { eur = "100.00" }\ncost = { of = ["zorg"] }\ncost_borne_by = "payer"\n'
    'both = { steps = [{ share = "0.5" }] }'
)


@pytest.mark.parametrize(
    ("below", "place"),
    [(GUARANTEED, ("spend_of",)), (EARNED, ("budget", "of")), (BORNE, ("cost", "of"))],
)
def test_what_counts_as_paid_leaves_out_what_was_taken_off(below: str, place: tuple[str, ...]) -> None:
    """A guarantee of 100.00 and care of 100.00 with 2% taken off: without the reduction there is no shortfall."""
    ((where, message, _),) = oddities(modified(REDUCED + BELOW + below))
    assert (where, message) == (("component", 2, *place), "regel verandert wat zorg oplevert, en staat er niet bij")
    both = below.replace('["zorg"]', '["zorg", "regel"]')
    assert list(oddities(modified(REDUCED + BELOW + both))) == []
    at_providers_cost = below.replace('cost_borne_by = "payer"', 'cost_borne_by = "provider"')
    if at_providers_cost != below:  # then the cost is what the deliveries are worth, whatever was paid
        assert list(oddities(modified(REDUCED + BELOW + at_providers_cost))) == []
