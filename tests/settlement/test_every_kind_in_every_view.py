"""Every kind of component, and every way in which one pays, in every view of what was settled.

Each case is a contract of two months with a provider of its own. It has a delivery of an hour, one of half an hour that
is credited in the second month, and the facts that it asks for. All are settled and posted in one database, a run for
each month; then every view must say of every case what is written here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO, StringIO
from typing import Any, get_args

import pytest
from openpyxl import load_workbook
from rich.console import Console
from sqlalchemy import text

from contracts.components.component import CountedFor
from contracts.documents import contract_of
from contracts.model import KINDS, Contract
from contracts.parties import import_parties
from database.command_line import tell_json
from database.recordings import TIME_ZONE
from importers.facts.accountability import ACCOUNTABILITY
from importers.facts.assignments import ASSIGNMENTS
from importers.facts.determinations import DETERMINATIONS
from importers.facts.households import HOUSEHOLDS
from importers.facts.importing import import_facts
from importers.facts.kind import FactKind
from importers.facts.outcomes import OUTCOMES
from importers.facts.trajectories import TRAJECTORIES
from kernel.money import Eur, total
from kernel.notation import format_eur
from kernel.periods import Month
from settlement.commands import explained_json, run_json
from settlement.entitlement import LABEL_WORDS, Treatment
from settlement.explain import TREATMENT_NAMES, explain_line, read_explained
from settlement.languages.dutch import DUTCH
from settlement.languages.english import ENGLISH
from settlement.languages.language import Language
from settlement.missing_files import missing_files
from settlement.reading import Run
from settlement.references import what_became_of
from settlement.statements.export import workbook
from settlement.statements.reader import read_shared, read_statements
from settlement.status import Status, read_status
from settlement.status_commands import status_json
from tests.settlement.books import WHO, Books, delivery

JANUARY, FEBRUARY = Month(2026, 1), Month(2026, 2)
MEMBER = "59000099"
PRODUCTS = (
    "Jeugdwet;45;45A04;Ambulant;minuut;uur;regel;tweede;lokaal;6.751;2026-01-01;",
    "Jeugdwet;44;44A09;Logeren;dag;dag;regel;tweede;regionaal;6.762;2026-01-01;",
    "Jeugdwet;50;50T01;Traject;stuk;stuk;regel;tweede;lokaal;6.751;2026-01-01;",
    "Jeugdwet;54;54A07;Plan;stuk;stuk;regel;tweede;lokaal;6.751;2026-01-01;",
)
PRICES = ("45A04;2026-01-01;;60,00", "44A09;2026-01-01;;212,35", "50T01;2026-01-01;;1000,00", "54A07;2026-01-01;;1250")


@dataclass(frozen=True)
class Case:
    """What a contract agrees and what every view must say of it.

    `lines` are "run component month label treatment amount". `missed`: whether February is missed after January came,
    and whether January was before anything came. `reference`: how the answer about the delivery of an hour begins,
    after where it came from; it ends with `beside`. `spending`: component, budget and what is paid, and `passed` what
    was delivered above a ceiling.
    """

    components: str
    lines: str
    spending: Sequence[tuple[str, str | None, str]]
    missed: tuple[bool, bool] = (False, False)
    reference: str = ""
    beside: str = ""
    passed: str = ""
    product: str = "45A04"
    quantities: tuple[int, int] = (60, 30)
    municipality: str = "GM0502"
    more: Sequence[tuple[str, int]] = ()
    assigned: Sequence[str] = ()
    trajectories: Sequence[str] = ()


PAYS = (True, True)  # for deliveries: they are missed from the first month
COUNTS = (True, False)  # them, and pays whatever is delivered: they are missed once some came
COUNTED_ON = "Telt mee onder {where}."
# What the first delivery is worth, of each product.
WORTH = {
    "45A04": "60 minuten × 60,00 per uur = 60,00 euro.",
    "44A09": "1 dag × 212,35 per dag = 212,35 euro.",
    "50T01": "1 stuk × 1.000,00 per stuk = 1.000,00 euro.",
}

# 60.00 and 30.00 in January, of which the second is credited.
BY_VOLUME = """
1 zorg 2026-01 45A04 payable 90.00
2 zorg 2026-01 45A04 payable -30.00
"""
SHADOW = BY_VOLUME.replace("payable", "shadow")
INSTALMENTS = """
1 zorg 2026-01 instalment payable 1000.00
2 zorg 2026-02 instalment payable 1000.00
"""
EFFORT = 'kind = "effort"\nproducts = ["45A04"]'
BUDGET = 'kind = "population"\ntask_field = "6.23"\nbudget_eur = "12000.00"'
COVERS = f'{BUDGET}\ncovers = ["45A04"]'
OF_BUDGET = "Niet apart betaald: telt als schaduwregel onder het budget van {where}."
PAID_BY_BUDGET = "Daarvoor is over januari 2026 1.000,00 euro te betalen: zie regel N van run 1."


def below(key: str, rules: str) -> str:
    """A component below the one that is called `zorg`."""
    return f'\n[[component]]\nkey = "{key}"\nclause = "artikel 6"\n{rules}'


CASES: Mapping[str, Case] = {
    "budget-per-inhabitant": Case(
        'kind = "population"\ntask_field = "6.23"\namount_per_inhabitant_eur = "120.00"\ncount_date = 2026-01-01\n'
        'covers = ["45A04"]',
        SHADOW + INSTALMENTS.replace("1000.00", "10000.00"),
        [("zorg", "20000.00", "20000.00")],
        COUNTS,
        OF_BUDGET,
        PAID_BY_BUDGET.replace("1.000,00", "10.000,00"),
    ),
    "budget-and-carve-out": Case(
        f'{BUDGET}\ncarve_outs = ["45A04"]',
        BY_VOLUME + INSTALMENTS,
        [("zorg", "2000.00", "2000.00"), ("zorg", None, "60.00")],
        PAYS,
        COUNTED_ON,
    ),
    "budget-and-out-of-area": Case(
        f'{BUDGET}\nmunicipality = "GM0502"\nout_of_area = ["45A04"]',
        BY_VOLUME + INSTALMENTS,
        [("zorg", "2000.00", "2000.00"), ("zorg", None, "60.00")],
        COUNTS,
        COUNTED_ON,
        municipality="GM0597",
    ),
    "budget-paid-back": Case(
        f'{COVERS}\nunspent = {{ rule = "return" }}',
        SHADOW + INSTALMENTS + "2 zorg 2026-02 unspent payable -1940.00",
        [("zorg", "2000.00", "60.00")],
        PAYS,
        OF_BUDGET,
        PAID_BY_BUDGET,
    ),
    "budget-earmarked": Case(
        f'{COVERS}\nunspent = {{ rule = "earmark" }}',
        SHADOW + INSTALMENTS + "2 zorg 2026-02 earmarked shadow 1940.00",
        [("zorg", "2000.00", "2000.00")],
        PAYS,
        OF_BUDGET,
        PAID_BY_BUDGET,
    ),
    "budget-withheld": Case(
        f'{BUDGET}\nwithheld = {{ percent = "5", until = "auditor_statement" }}\n'
        'reopenings = [{ from = "2026-02", amount_eur = "100.00", decision = "besluit 1" }]',
        INSTALMENTS.replace("1000.00", "950.00")
        + """2 zorg 2026-02 withheld payable 100.00
             2 zorg 2026-02 reopening|2026-02 payable 100.00""",
        [("zorg", "2100.00", "2100.00")],
    ),
    "effort": Case(EFFORT, BY_VOLUME, [("zorg", None, "60.00")], PAYS, COUNTED_ON),
    "effort-in-bands": Case(
        f'{EFFORT}\nbands = [{{ up_to = "1", price_eur = "50.00" }}, {{ price_eur = "40.00" }}]',
        SHADOW
        + """1 zorg 2026-01 bands payable 70.00
             2 zorg 2026-01 bands payable -20.00""",
        [("zorg", None, "50.00")],
        PAYS,
        "Niet apart betaald: telt mee in de som die {where} volgens een staffel betaalt. De waarde volgens de "
        "prijslijst is ter informatie.",
        "Daarvoor is over januari 2026 50,00 euro te betalen: zie regel N van run 1, regel N van run 2.",
    ),
    "effort-by-frequency": Case(
        f"{EFFORT}\nfrequency = {{}}",
        BY_VOLUME
        + """1 zorg 2026-01 frequency|45A04 payable -45.00
             1 zorg 2026-01 unfunded_frequency|45A04 unfunded 45.00
             2 zorg 2026-01 frequency|45A04 payable 30.00
             2 zorg 2026-01 unfunded_frequency|45A04 unfunded -30.00""",
        [("zorg", None, "45.00")],
        PAYS,
        COUNTED_ON,
        "Van wat over januari 2026 geleverd is, wordt 15,00 euro niet betaald: zie regel N van run 1, regel N van run "
        "2.",
        assigned=("45A04;c1;2026-01-01;45;totaal",),
    ),
    "effort-no-show": Case(
        f'{EFFORT}\nno_show = [{{ product = "45A04", paid_percent = "50" }}]',
        BY_VOLUME
        + """1 zorg 2026-01 no_show|45A04 payable -45.00
             1 zorg 2026-01 unfunded_no_show|45A04 unfunded 45.00
             2 zorg 2026-01 no_show|45A04 payable 15.00
             2 zorg 2026-01 unfunded_no_show|45A04 unfunded -15.00""",
        [("zorg", None, "30.00")],
        PAYS,
        COUNTED_ON,
        "Van wat over januari 2026 geleverd is, wordt 30,00 euro niet betaald",
    ),
    "effort-by-client": Case(
        f'{EFFORT}\nclient_bounds = [{{ per = "month", minimum_eur = "20.00", maximum_eur = "50.00" }}]',
        """1 zorg 2026-01 45A04 payable 100.00
           1 zorg 2026-01 minimum|month payable 10.00
           1 zorg 2026-01 maximum|month payable -40.00
           1 zorg 2026-01 unfunded_maximum|month unfunded 40.00
           2 zorg 2026-01 45A04 payable -30.00
           2 zorg 2026-01 maximum|month payable 30.00
           2 zorg 2026-01 unfunded_maximum|month unfunded -30.00""",
        [("zorg", None, "70.00")],
        PAYS,
        COUNTED_ON,
        "Van wat over januari 2026 geleverd is, wordt 10,00 euro niet betaald",
        more=[("c2", 10)],
    ),
    "effort-with-supplement": Case(
        f'{EFFORT}\nadjustments = [{{ label = "avond", percent = "10" }}]',
        BY_VOLUME
        + """1 zorg 2026-01 supplement|avond payable 9.00
             2 zorg 2026-01 supplement|avond payable -3.00""",
        [("zorg", None, "66.00")],
        PAYS,
        COUNTED_ON,
    ),
    "output": Case('kind = "output"\nproducts = ["45A04"]', BY_VOLUME, [("zorg", None, "60.00")], PAYS, COUNTED_ON),
    "output-by-frequency": Case(
        'kind = "output"\nproducts = ["45A04"]\nfrequency = {}',
        BY_VOLUME
        + """1 zorg 2026-01 frequency|45A04 payable -45.00
             1 zorg 2026-01 unfunded_frequency|45A04 unfunded 45.00
             2 zorg 2026-01 frequency|45A04 payable 30.00
             2 zorg 2026-01 unfunded_frequency|45A04 unfunded -30.00""",
        [("zorg", None, "45.00")],
        PAYS,
        COUNTED_ON,
        "Van wat over januari 2026 geleverd is, wordt 15,00 euro niet betaald",
        assigned=("45A04;c1;2026-01-01;45;totaal",),
    ),
    "output-in-periods": Case(
        'kind = "output"\nperiods = { products = ["44A09"], per = "month", when = "care" }',
        """1 zorg 2026-01 44A09 shadow 424.70
           1 zorg 2026-01 periods|44A09 payable 212.35
           2 zorg 2026-01 44A09 shadow -212.35""",
        [("zorg", None, "212.35")],
        PAYS,
        "Niet apart betaald: {where} betaalt per periode waarin een cliënt zorg had, en deze levering telt daarvoor "
        "mee.",
        "Daarvoor is over januari 2026 212,35 euro te betalen: zie regel N van run 1.",
        product="44A09",
        quantities=(1, 1),
    ),
    "output-in-assigned-periods": Case(
        'kind = "output"\nperiods = { products = ["44A09"], per = "month", when = "assigned" }',
        """1 zorg 2026-01 44A09 shadow 424.70
           1 zorg 2026-01 periods|44A09 payable 212.35
           2 zorg 2026-01 44A09 shadow -212.35
           2 zorg 2026-02 periods|44A09 payable 212.35""",
        [("zorg", None, "424.70")],
        COUNTS,
        "Niet apart betaald: {where} betaalt per periode waarin een cliënt een toewijzing had.",
        "Daarvoor is over januari 2026 212,35 euro te betalen: zie regel N van run 1.",
        product="44A09",
        quantities=(1, 1),
        assigned=("44A09;c1;2026-01-01;;",),
    ),
    "trajectories": Case(
        'kind = "output"\n[component.trajectories]\nproducts = ["50T01"]\nearly_stop = "pro_rata"\n'
        'instalments = [{ on = "start", percent = "70" }, { on = "end", percent = "30" }]',
        """1 zorg 2026-01 50T01 shadow 2000.00
           1 zorg 2026-01 trajectory|50T01 payable 700.00
           2 zorg 2026-01 50T01 shadow -1000.00
           2 zorg 2026-02 early_stop|50T01 payable -300.00""",
        [("zorg", None, "400.00")],
        COUNTS,
        "Niet apart betaald: {where} betaalt het traject als geheel.",
        "Daarvoor is over januari 2026 700,00 euro te betalen: zie regel N van run 1.",
        product="50T01",
        quantities=(1, 1),
        trajectories=("50T01;c3;2026-01-02;2026-02-10;40;nee",),
    ),
    "arrangement": Case(
        'kind = "arrangement"\ntask_field = "6.751"\npartial_month = "whole"\ncovers = ["45A04"]\n'
        'prices = [{ profile = "1", intensity = "licht", product = "54A07", price_eur = "1250.00" }]',
        SHADOW
        + """1 zorg 2026-01 plan|54A07 payable 1250.00
             2 zorg 2026-02 plan|54A07 payable 1250.00""",
        [("zorg", None, "2500.00")],
        COUNTS,
        "Niet apart betaald: {where} betaalt arrangementen volgens hun toewijzing.",
        "Daarvoor is over januari 2026 1.250,00 euro te betalen: zie regel N van run 1.",
        assigned=("54A07;c1;2026-01-01;;",),
    ),
    "arrangement-of-a-household": Case(
        'kind = "arrangement"\nholder = "household"\npartial_month = "whole"\ncovers = ["45A04"]\n'
        'prices = [{ profile = "1", intensity = "licht", product = "54A07" }]\nfunding_sources = [\n'
        '{ law = "Jeugdwet", percent = "60", task_field = "6.751" },\n'
        '{ law = "Wmo", percent = "40", task_field = "6.712" }]',
        SHADOW
        + """1 zorg 2026-01 plan|54A07|Jeugdwet payable 750.00
             1 zorg 2026-01 plan|54A07|Wmo payable 500.00
             2 zorg 2026-02 plan|54A07|Jeugdwet payable 750.00
             2 zorg 2026-02 plan|54A07|Wmo payable 500.00""",
        [("zorg", None, "2500.00")],
        COUNTS,
        "Niet apart betaald: {where} betaalt arrangementen volgens hun toewijzing.",
        "Daarvoor is over januari 2026 1.250,00 euro te betalen: zie regel N van run 1, regel N van run 1.",
        assigned=("54A07;h1;2026-01-01;;", "54A07;h2;2026-01-01;;"),
    ),
    "lump-sum": Case(
        'kind = "lump_sum"\ntask_field = "6.23"\namount_eur = "12000.00"\nindex = [{ year = 2026, percent = "5" }]',
        INSTALMENTS.replace("1000.00", "1050.00"),
        [("zorg", "2100.00", "2100.00")],
    ),
    "subsidy": Case(
        'kind = "lump_sum"\ntask_field = "6.23"\namount_eur = "12000.00"\nadvance_percent = "95"\n'
        'legal_form = "subsidy"',
        INSTALMENTS.replace("1000.00", "950.00") + "2 zorg 2026-02 determination payable 50.00",
        [("zorg", "2000.00", "1950.00")],
    ),
    "guarantee": Case(
        EFFORT
        + below(
            "garantie",
            'kind = "guarantee"\ntask_field = "6.751"\nbase_year = 2025\nshortfall = "pay_difference"\n'
            'guaranteed = [{ provider = "{provider}", base_year_amount_eur = "12000.00" }]\nspend_of = ["zorg"]',
        ),
        BY_VOLUME + "2 garantie 2026-02 shortfall|{provider} payable 1940.00",
        [("zorg", None, "60.00"), ("garantie", None, "1940.00")],
        PAYS,
        COUNTED_ON,
    ),
    "ceiling": Case(
        EFFORT + below("plafond", 'kind = "ceiling"\namount_eur = "50.00"\npartial_year = "whole"'),
        BY_VOLUME
        + """1 plafond 2026-01 ceiling payable -40.00
             1 plafond 2026-01 unfunded unfunded 40.00
             2 plafond 2026-01 ceiling payable 30.00
             2 plafond 2026-01 unfunded unfunded -30.00""",
        [("zorg", "50.00", "50.00")],
        PAYS,
        COUNTED_ON,
        "Van wat over januari 2026 geleverd is, wordt 10,00 euro niet betaald",
        passed="10.00",
    ),
    "reduction": Case(
        EFFORT + below("korting", 'kind = "reduction"\npercent = "10"\nfrom = "2026-01"\nuntil = "2026-03"'),
        BY_VOLUME
        + """1 korting 2026-01 reduction payable -9.00
             2 korting 2026-01 reduction payable 3.00""",
        [("zorg", None, "54.00")],
        PAYS,
        COUNTED_ON,
    ),
    "risk-sharing": Case(
        COVERS
        + below(
            "deling",
            'kind = "risk_sharing"\ntask_field = "6.23"\nbudget = { of = ["zorg"] }\ncost = { of = ["zorg"] }\n'
            'both = { bands = [{ share = "0.50" }] }',
        ),
        SHADOW + INSTALMENTS + "2 deling 2026-02 risk_sharing payable -970.00",
        [("zorg", "2000.00", "2000.00"), ("deling", None, "-970.00")],
        PAYS,
        OF_BUDGET,
        PAID_BY_BUDGET,
    ),
    "outcome": Case(
        BUDGET
        + below(
            "resultaat",
            'kind = "outcome"\ntask_field = "6.23"\nbudget = { of = ["zorg"] }\nat_stake_percent = "10"\n'
            'indicators = [{ name = "wachttijd", weight = "1" }]',
        ),
        INSTALMENTS + "2 resultaat 2026-02 outcome payable 100.00",
        [("zorg", "2000.00", "2000.00"), ("resultaat", None, "100.00")],
    ),
    "consortium": Case(
        EFFORT
        + below(
            "leden",
            'kind = "consortium"\nmembers = [\n{ provider = "{provider}", percent = "60" },\n'
            f'{{ provider = "{MEMBER}", percent = "40" }}]',
        ),
        BY_VOLUME
        + f"""1 leden 2026-01 passed_on|{{provider}} passed_on 54.00
              1 leden 2026-01 passed_on|{MEMBER} passed_on 36.00
              2 leden 2026-01 passed_on|{{provider}} passed_on -18.00
              2 leden 2026-01 passed_on|{MEMBER} passed_on -12.00""",
        [("zorg", None, "60.00")],
        PAYS,
        COUNTED_ON,
        "Van wat over januari 2026 betaald wordt, is 60,00 euro voor onderaannemers: zie regel N van run 1, regel N "
        "van run 1, regel N van run 2, regel N van run 2.",
    ),
}  # fmt: skip

NAMES = tuple(CASES)
PROVIDERS = {name: f"{50000001 + place}" for place, name in enumerate(NAMES)}
ANSWERED = tuple(name for name, case in CASES.items() if case.reference)


def document(name: str) -> str:
    """The contract of a case; its first component is called `zorg`."""
    components = CASES[name].components.replace("{provider}", PROVIDERS[name])
    return f"""contract = "{name}"
title = "Een geval"
provider = "{PROVIDERS[name]}"
municipalities = {sorted({"GM0502", CASES[name].municipality})}
laws = ["Jeugdwet", "Wmo"]
in_force = {{ from = 2026-01-01, until = 2026-03-01 }}

[[component]]
key = "zorg"
clause = "artikel 5"
{components}
"""


def contract(name: str) -> Contract:
    return contract_of(document(name))


def expected_lines(name: str) -> dict[tuple[int, str, str, str, str], str]:
    """The amount of every line by run, component, month, label and treatment."""
    lines = CASES[name].lines.replace("{provider}", PROVIDERS[name]).splitlines()
    return {
        (int(run), component, month, label.replace("|", " "), treatment): amount
        for run, component, month, label, treatment, amount in (line.split() for line in lines if line.strip())
    }


@dataclass(frozen=True)
class Told:
    """All that the views are made of."""

    books: Books
    runs: Sequence[Run]
    missed_at_first: frozenset[str]
    missed: frozenset[str]
    status: Status

    @cached_property
    def status_json(self) -> Any:
        return read_back(status_json(self.status))

    def json(self, run: int) -> Mapping[str, Any]:
        """What `settle show --json` says of a run, by contract."""
        return self._runs_json[run - 1]

    @cached_property
    def _runs_json(self) -> list[Mapping[str, Any]]:
        return [{one["contract"]: one for one in read_back(run_json(run))["contracts"]} for run in self.runs]


def read_back(answer: object) -> Any:
    """An answer after it was printed; a float in it would lose money."""
    return json.loads(as_text(answer), parse_float=lambda number: pytest.fail(f"a float: {number}"))


def as_text(answer: object) -> str:
    """What a command prints with --json."""
    with redirect_stdout(StringIO()) as printed:
        tell_json(answer)
    return printed.getvalue()


@pytest.fixture(scope="module")
def told(shared_books: Books) -> Told:
    books = shared_books
    with books.transaction() as connection:
        parties = [f"aanbieder;{code};Zorg {code}" for code in (*PROVIDERS.values(), MEMBER)]
        areas = ["gemeente;GM0502;Capelle aan den IJssel", "gemeente;GM0597;Ridderkerk"]
        import_parties(connection, books.table("soort;code;naam", [*areas, *parties]), WHO)
    books.products(*PRODUCTS)
    books.prices(*PRICES)
    books.contracts(*map(document, NAMES))
    books.count(1000)
    with books.transaction() as connection:
        at_first = frozenset(file.contract for file in missing_files(connection, JANUARY))
    delivered = [(name, case) for name, case in CASES.items() if case.reference]
    books.deliver(*(row for name, case in delivered for row in _january(name, case)))
    _facts(books)
    first = books.month("2026-01")
    books.deliver(*(_row(f"{name}-3", name, case, case.quantities[1], credits=f"{name}-2") for name, case in delivered))
    second = books.month("2026-02")
    with books.transaction() as connection:
        missed = frozenset(file.contract for file in missing_files(connection, FEBRUARY) if FEBRUARY in file.months)
        status = read_status(connection, FEBRUARY, datetime(2026, 3, 2, 9, tzinfo=TIME_ZONE))
    return Told(books, (first, second), at_first, missed, status)


def _january(name: str, case: Case) -> Iterator[str]:
    for place, quantity in enumerate(case.quantities, start=1):
        yield _row(f"{name}-{place}", name, case, quantity)
    for client, quantity in case.more:
        yield _row(f"{name}-{client}", name, case, quantity, client=client)


def _row(reference: str, name: str, case: Case, quantity: int, *, client: str = "c1", credits: str = "") -> str:
    day = f"2026-01-0{5 + (credits or reference).endswith('2')}"
    assignment = f"{name}-t0" if case.assigned and case.assigned[0].startswith(case.product) else ""
    return delivery(
        reference,
        case.product,
        day,
        quantity,
        client=client,
        provider=PROVIDERS[name],
        credits=credits,
        assignment=assignment,
        municipality=case.municipality,
    )


def _facts(books: Books) -> None:
    assigned, trajectories = [], []
    for name, case in CASES.items():
        for place, row in enumerate(case.assigned):
            product, client, start, volume, per = row.split(";")
            who = f"{PROVIDERS[name]};{product};{client}"
            assigned.append(f"GM0502;{name}-t{place};{who};{start};;{volume};{per}")
        trajectories += [f"GM0502;{name}-t0;{PROVIDERS[name]};{row}" for row in case.trajectories]
    head = "gemeente;{};aanbieder;product;cliënt;vanaf;tot en met;{}"
    facts: Sequence[tuple[FactKind[Any], str, Sequence[str]]] = (
        (ASSIGNMENTS, head.format("toewijzing", "omvang;per"), assigned),
        (TRAJECTORIES, head.format("traject", "gedaan;resultaat"), trajectories),
        (HOUSEHOLDS, "gemeente;huishouden;cliënt;vanaf", ["GM0502;H;h1;2026-01-01", "GM0502;H;h2;2026-01-01"]),
        (OUTCOMES, "contract;indicator;vanaf;tot;status;score", ["outcome;wachttijd;2026-01-01;2026-03-01;final;0,5"]),
        (
            DETERMINATIONS,
            "contract;jaar;onderdeel;bedrag;besluitdatum;referentie",
            ["subsidy;2026;;1950,00;2026-02-20;B1"],
        ),
        (
            ACCOUNTABILITY,
            "contract;jaar;soort;ontvangen;oordeel",
            ["budget-withheld;2026;controleverklaring;2026-02-20;akkoord"],
        ),
    )
    for kind, header, rows in facts:
        with books.transaction() as connection:
            import_facts(connection, kind, books.table(header, rows), books.folder / "config", WHO)


# --- every kind has a case, and every word of a rule is said by one ---------------------------------------------------


def test_every_kind_has_a_case() -> None:
    """A kind that is added must be shown in every view here."""
    shown = {component.kind for name in NAMES for component in contract(name).component}
    assert shown == set(KINDS)


def test_every_way_of_counting_has_a_case() -> None:
    counted = {
        component.counted_for(product)
        for name in NAMES
        for component in contract(name).priced
        for product in component.products_counted
    }
    assert counted == set(get_args(CountedFor))


def test_every_word_of_a_rule_is_said_by_a_case() -> None:
    said = {label.split(" ")[0] for name in NAMES for _, _, _, label, _ in expected_lines(name)}
    assert said >= LABEL_WORDS


# --- the run, its journal and its JSON --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_run_and_its_json_say_the_lines(told: Told, name: str) -> None:
    said = {
        (run, line["component"], line["month"], line["label"], line["treatment"]): line["amount_eur"]
        for run in (1, 2)
        for line in told.json(run)[name]["lines"]
    }
    assert said == expected_lines(name)
    assert [told.json(run)[name]["parked"] for run in (1, 2)] == [False, False]


@pytest.mark.parametrize("name", NAMES)
def test_the_journal_says_what_is_payable(told: Told, name: str) -> None:
    with told.books.transaction() as connection:
        query = (
            "SELECT run_id, sum(amount_eur) FROM journal_lines JOIN journal_entries USING (entry) "
            "JOIN contracts ON contracts.id = contract_id WHERE account = 'cost' AND number = :number GROUP BY run_id"
        )
        booked = {run: Eur(amount) for run, amount in connection.execute(text(query), {"number": name})}
    assert {run: booked.get(run, Eur.zero()) for run in (1, 2)} == {run: payable(name, run) for run in (1, 2)}


def amount_of(name: str, treatment: Treatment, *runs: int) -> Eur:
    said = expected_lines(name).items()
    return total(Eur(amount) for (run, *_, of_line), amount in said if of_line == treatment and run in runs)


def payable(name: str, *runs: int) -> Eur:
    return amount_of(name, Treatment.PAYABLE, *runs)


# --- explain --reference ----------------------------------------------------------------------------------------------


def answer(told: Told, name: str, place: int, run: int = 2) -> str:
    """What became of a delivery of a case, with the numbers of lines left out."""
    with told.books.transaction() as connection:
        [paragraph] = what_became_of(connection, told.runs[run - 1], f"{name}-{place}")
    return re.sub(r"regel \d+ van", "regel N van", paragraph)


@pytest.mark.parametrize("name", ANSWERED)
def test_the_answer_about_a_reference_follows_the_treatment_of_its_line(told: Told, name: str) -> None:
    case, said = CASES[name], answer(told, name, 1)
    start, _, rest = said.partition(f", vastlegging {told.runs[0].cutoff - 6}. ")
    assert start.startswith(f"Referentie {name}-1 is een levering van aanbieder {PROVIDERS[name]}")
    where = f"contract {name}, onderdeel zorg (artikel 5)"
    assert rest.startswith(case.reference.format(where=where))
    line = "Zie regel N van run 1 (geboekt)."
    assert f"{WORTH[case.product]} {line}" in rest
    assert rest.partition(line)[2].strip().startswith(case.beside)
    assert bool(case.beside) == bool(rest.partition(line)[2])


@pytest.mark.parametrize("name", ANSWERED)
def test_a_line_that_an_answer_names_is_of_the_component_and_treatment(told: Told, name: str) -> None:
    with told.books.transaction() as connection:
        [paragraph] = what_became_of(connection, told.runs[1], f"{name}-1")
    [number] = re.findall(r"Zie regel (\d+) van run 1 \(geboekt\)", paragraph)
    [line] = [line for line in told.json(1)[name]["lines"] if line["line"] == int(number)]
    is_counted = CASES[name].reference.startswith("Niet apart betaald")
    treatment = Treatment.SHADOW if is_counted else Treatment.PAYABLE
    assert (line["component"], line["label"], line["treatment"]) == ("zorg", CASES[name].product, treatment)


@pytest.mark.parametrize("name", ANSWERED)
def test_a_credited_row_says_first_that_it_no_longer_counts(told: Told, name: str) -> None:
    before, after = answer(told, name, 2, run=1), answer(told, name, 2)
    assert before.startswith(f"Referentie {name}-2 is een levering")
    credit = re.escape(f"Telt niet meer mee: creditregel {name}-3 ")
    assert re.match(credit + r"\(rij \d+ van file_\d+\.csv, vastlegging \d+\) nam de levering terug. Referentie", after)
    assert "Telt mee" not in after
    assert "Zie regel N van run 1 (geboekt)" in after


# --- explain of a line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_explained_with_its_amounts(told: Told, name: str) -> None:
    """In words those of the first run, as data those of the second."""
    with told.books.transaction() as connection:
        for line in told.json(1)[name]["lines"]:
            console = Console(width=80, markup=False)
            with console.capture() as printed:
                console.print(explain_line(connection, 1, line["line"]))
            shown = [" ".join(row.split()) for row in printed.get().splitlines()]
            assert max(map(len, printed.get().splitlines())) <= 80
            assert f"Recht tot nu toe {format_eur(Eur(line['entitled_eur']))}" in shown
            assert f"Deze regel {format_eur(Eur(line['amount_eur']))}" in shown
            kind = f"Soort {TREATMENT_NAMES[Treatment(line['treatment'])]}; deze maand"
            assert kind[:60] in " ".join(shown)
        for line in told.json(2)[name]["lines"]:
            explained = read_back(explained_json(read_explained(connection, 2, line["line"]), only_changes=False))
            assert {key: explained[key] for key in line} == line
            assert explained["clause"] == f"artikel {5 if line['component'] == 'zorg' else 6}"
            assert explained["explanation"][0]["result"] == format_eur(Eur(line["entitled_eur"]))


# --- missing files, and what is paid against budgets ------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_deliveries_that_are_expected_are_missed(told: Told, name: str) -> None:
    assert (name in told.missed, name in told.missed_at_first) == CASES[name].missed


@pytest.mark.parametrize("name", NAMES)
def test_what_is_paid_stands_against_the_budget(told: Told, name: str) -> None:
    case = CASES[name]
    spending = [one for one in told.status.spendings if one.contract == name]
    assert [
        (one.component, None if one.budget is None else str(one.budget), str(one.paid)) for one in spending
    ] == case.spending
    assert total(one.posted for one in spending) == payable(name, 1, 2)
    assert [str(one.unfunded) for one in told.status.passed if one.contract == name] == [case.passed] * bool(
        case.passed
    )
    said = told.status_json
    assert [
        (one["component"], one["budget_eur"], one["paid_eur"]) for one in said["spending"] if one["contract"] == name
    ] == case.spending
    missing = {one["contract"]: one["months"] for one in said["missing_files"]}
    assert missing.get(name, []) == ["2026-02"] * case.missed[0]


# --- the statement, in every language ---------------------------------------------------------------------------------

Cells = Mapping[str, Sequence[Sequence[Any]]]


@pytest.fixture(scope="module")
def statements(told: Told) -> Mapping[tuple[str, int, str], Cells]:
    """The cells of the sheets of every statement, in their order, by contract, run and language."""
    found: dict[tuple[str, int, str], Cells] = {}
    with told.books.transaction() as connection:
        for place, language in ((0, DUTCH), (1, DUTCH), (1, ENGLISH)):
            run = told.runs[place]
            for statement in read_statements(connection, read_shared(connection, run, language), run.contracts):
                book = load_workbook(BytesIO(workbook(statement)), data_only=True, read_only=True)
                found[(statement.settled.contract.number, place + 1, language.code)] = {
                    sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book
                }
    return found


def amounts(rows: Sequence[Sequence[Any]]) -> dict[str, Eur]:
    """What stands at the end of a row, by its first cell."""
    return {
        str(row[0]): Eur(f"{row[-1]:.2f}") for row in rows if row[0] is not None and isinstance(row[-1], int | float)
    }


@pytest.mark.parametrize(
    ("run", "language"), [(1, DUTCH), (2, DUTCH), (2, ENGLISH)], ids=["first, nl", "second, nl", "second, en"]
)
@pytest.mark.parametrize("name", NAMES)
def test_the_statement_says_what_the_journal_says(
    statements: Mapping[tuple[str, int, str], Cells], name: str, run: int, language: Language
) -> None:
    sheets, say = statements[(name, run, language.code)], language.say
    summary = amounts(sheets[say("sheet.summary")])
    paid, runs = payable(name, run), range(1, run + 1)
    to_pay = {say("summary.to_pay"): paid} if paid >= Eur.zero() else {say("summary.to_pay_back"): -paid}
    assert to_pay.items() <= summary.items()
    assert summary[say("summary.together", year=2026)] == payable(name, *runs)
    for treatment in (Treatment.SHADOW, Treatment.UNFUNDED, Treatment.PASSED_ON):
        of_year = summary.get(say(f"summary.{treatment}", year=2026), Eur.zero())
        assert of_year == amount_of(name, treatment, *runs)
    of_month = [Eur(amount) for (of_run, _, month, _, treatment), amount in expected_lines(name).items()
                if (of_run, month, treatment) == (run, f"2026-0{run}", Treatment.PAYABLE)]  # fmt: skip
    lines = sheets[say("sheet.lines")]
    totals = [Eur(f"{row[-1]:.2f}") for row in lines if row[0] == say("total")]
    assert totals == [total(of_month)] * bool(totals)
    assert totals or not of_month


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_has_the_same_amounts_in_every_language(
    statements: Mapping[tuple[str, int, str], Cells], name: str
) -> None:
    dutch, english = (
        [
            [cells for row in rows if (cells := [cell for cell in row if isinstance(cell, int | float)])]
            for rows in statements[(name, 2, language.code)].values()
        ]
        for language in (DUTCH, ENGLISH)
    )
    assert dutch == english
