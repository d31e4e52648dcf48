"""Pricing in the database is pricing by hand, to the cent, and its plan stays the one that was measured.

Deliveries are put in the table as an import would have entered them; what a run reads besides them is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, text

from contracts.documents import contract_of
from contracts.parties import Party
from contracts.register import RegisteredContract
from importers.loading import ensure_partitions
from importers.tables import deliveries
from kernel.findings import Severity
from kernel.money import Eur, total
from kernel.periods import Month, months
from settlement.entitlement import Posted, PricedVolume, RowEffect, Treatment
from settlement.pricing.query import Priced, effect_statements, freeze, price_months, pricing_statements
from settlement.pricing.reference import DeliveredRow, price_by_hand
from settlement.recorded import Recorded
from settlement.terms import Terms, coverages
from tariffs.price_lists import Price, PriceVersion
from tariffs.products import CareLine, Product, ProductVersion, Scope
from tariffs.units import PRICE_RULES, PriceRule, Rounding, Unit, hours_of
from tests.settlement.books import CARE, OTHER, effort_contract, population_contract

JANUARY, PERIOD = Month(2026, 1), Month(2026, 3)
MONTHS = tuple(months(JANUARY, PERIOD))
SETTLED = Posted(cutoff=1, month_hashes=dict.fromkeys(MONTHS, "settled"))
AREAS = {"GM0502": 1, "GM0597": 2}
PROVIDERS = {"41000001": 1, CARE: 2, OTHER: 3}
RULES = {
    "ambulant": PRICE_RULES[(Unit.MINUTE, Unit.HOUR, Rounding.ROW)],
    "minuten": PRICE_RULES[(Unit.MINUTE, Unit.MINUTE, Rounding.ROW)],
    "uren": PRICE_RULES[(Unit.MINUTE, Unit.HOUR, Rounding.CLIENT_MONTH)],
    "dagen": PRICE_RULES[(Unit.DAY, Unit.DAY, Rounding.ROW)],
    "stuks": PRICE_RULES[(Unit.PIECE, Unit.PIECE, Rounding.ROW)],
}
# A member that sends its own deliveries: they are read under its own code, beside those of the contract's provider.
MEMBER = "41000001"
CONSORTIUM = f"""
[[component]]
key = "leden"
kind = "consortium"
clause = "artikel 8"
by = "delivery"
members = [{{ provider = "{CARE}", own_code = true }}, {{ provider = "{MEMBER}", own_code = true }}]
"""
FIRST_DAY = RegisteredContract(
    1, 1, contract_of(effort_contract(products=list(RULES), municipalities=list(AREAS)) + CONSORTIUM), ""
)
LAST_DAY = RegisteredContract(
    2, 1,
    contract_of(effort_contract("C", provider=OTHER, products=list(RULES), municipalities=list(AREAS),
                                price_of="last_day")), "",
)  # fmt: skip
CONTRACTS = (FIRST_DAY, LAST_DAY)

PriceList = Mapping[str, Sequence[tuple[date, Decimal]]]


def product(number: int, code: str, rule: PriceRule) -> Product:
    version = ProductVersion(
        law="Wmo", category="02", name=code, unit=rule.unit, price_per=rule.price_per, rounding=rule.rounding,
        care_line=CareLine.FIRST, scope=Scope.LOCAL, task_field="6.712", valid_from=date(2025, 1, 1), valid_until=None,
    )  # fmt: skip
    return Product(number, code, (version,), 1)


PRODUCTS = {code: product(number, code, rule) for number, (code, rule) in enumerate(RULES.items(), start=1)}


def terms_of(
    prices: PriceList, cutoff: int = 2, contracts: Sequence[RegisteredContract] = CONTRACTS, period: Month = PERIOD
) -> Terms:
    """Terms with a price list of (from, price) by product, each price up to the next."""
    listed = []
    for code, changes in prices.items():
        ends = [*(day for day, _ in changes), None][1:]
        listed += [
            Price(7, PRODUCTS[code].id, code, day, end, price) for (day, price), end in zip(changes, ends, strict=True)
        ]
    return Terms(
        period=period,
        cutoff=cutoff,
        contracts=contracts,
        products=PRODUCTS,
        price_versions={"standaard": PriceVersion(7, "standaard", 1, 1)},
        prices=listed,
        counts={},
        advances=[],
        recorded=Recorded(),
        municipalities={code: Party(number, code) for code, number in AREAS.items()},
        providers={code: Party(number, code) for code, number in PROVIDERS.items()},
    )


@dataclass(frozen=True)
class Row:
    """A debit row and what became of it: `credited` and `withdrawn` are the recordings in which that happened."""

    reference: str
    contract: RegisteredContract
    municipality: str
    product: str
    client: int
    assignment: str
    start: date
    days: int
    quantity: int
    recording: int
    credited: int | None = None
    withdrawn: int | None = None
    claimed_cents: int | None = None
    member: str = ""

    @property
    def end(self) -> date:
        return self.start + timedelta(days=self.days)


@dataclass(frozen=True)
class Entry:
    """A row of the table: the debit, its credit, or the withdrawal of one of the two."""

    row: Row
    recording: int
    entry: str
    sign: int

    @property
    def part(self) -> int:
        """0: known before recording 2; else 1 late, 2 credited, 3 withdrawn."""
        if self.recording <= 1:
            return 0
        return 3 if self.entry == "withdrawal" else 2 if self.sign < 0 else 1

    @property
    def delivered(self) -> DeliveredRow:
        row = self.row
        return DeliveredRow(
            "zorg", row.municipality, row.product, Treatment.PAYABLE, str(row.client), row.assignment, row.start,
            row.end, row.quantity, self.sign, row.member, self.reference,
        )  # fmt: skip

    @property
    def reference(self) -> str:
        return f"{self.row.reference}-C" if (self.sign < 0) == (self.entry == "row") else self.row.reference


def entries_of(rows: Sequence[Row]) -> list[Entry]:
    found = []
    for row in rows:
        found.append(Entry(row, row.recording, "row", 1))
        if row.credited is not None:
            found.append(Entry(row, row.credited, "row", -1))
        if row.withdrawn is not None:
            found.append(Entry(row, row.withdrawn, "withdrawal", -1))
            if row.credited is not None:
                found.append(Entry(row, row.withdrawn, "withdrawal", 1))
    return found


def put(connection: Connection, entries: Sequence[Entry]) -> None:
    values = [
        {
            "municipality_id": AREAS[entry.row.municipality],
            "service_month": Month.of(entry.row.start).first_day,
            "batch": entry.row.recording,
            "row_number": 2 * number + (entry.reference != entry.row.reference),
            "entry": entry.entry,
            "recording": entry.recording,
            "sign": entry.sign,
            "provider_id": PROVIDERS[entry.row.member or entry.row.contract.contract.provider],
            "product_id": PRODUCTS[entry.row.product].id,
            "client_id": entry.row.client,
            "assignment": entry.row.assignment,
            "service_start": entry.row.start,
            "service_end": entry.row.end,
            "quantity": entry.row.quantity,
            "claimed_cents": entry.row.claimed_cents,
            "reference": entry.reference,
        }
        for number, entry in enumerate(entries)
    ]
    if values:
        connection.execute(insert(deliveries), values)


@pytest.fixture(scope="module")
def engine(shared_engine: Engine) -> Engine:
    with shared_engine.begin() as connection:
        for month in months(Month(2025, 1), Month(2026, 12)):
            ensure_partitions(connection, month.first_day)
    return shared_engine


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection, connection.begin() as work:
        yield connection
        work.rollback()


def priced(
    engine: Engine,
    rows: Sequence[Row],
    prices: PriceList,
    *,
    cutoff: int = 2,
    known_before: int = 1,
    contracts: Sequence[RegisteredContract] = CONTRACTS,
) -> Mapping[int, Priced]:
    terms = terms_of(prices, cutoff, contracts)
    with undone(engine) as connection:
        put(connection, entries_of(rows))
        changed = {contract.id: MONTHS for contract in contracts}
        before = Posted(cutoff=known_before, month_hashes=dict.fromkeys(MONTHS, "settled"))
        return price_months(connection, terms, changed, {contract.id: before for contract in contracts})


# --- the same by hand -------------------------------------------------------------------------------------------------

VolumeKey = tuple[Any, ...]


def price_on(prices: PriceList) -> Callable[[str, date], Decimal | None]:
    return lambda code, day: next((price for start, price in reversed(prices[code]) if start <= day), None)


def by_hand(contract: RegisteredContract, entries: Sequence[Entry], prices: PriceList) -> dict[VolumeKey, PricedVolume]:
    own = [entry.delivered for entry in entries if entry.row.contract is contract]
    volumes, findings = price_by_hand(own, RULES.__getitem__, price_on(prices), contract is LAST_DAY)
    assert findings == []
    return {key_of(volume): volume for volume in volumes}


def key_of(volume: PricedVolume) -> VolumeKey:
    return (volume.municipality, volume.month, volume.product, volume.price, volume.member)


PRICES_OF_ANY_KIND = st.one_of(
    # On the edge of half a cent for small numbers, with four decimals, nothing at all, and the usual.
    st.sampled_from(["0.30", "0.0050", "0.0150", "61.75", "58.4001", "212.35", "0.0001", "0", "9999.9999"]).map(
        Decimal
    ),
    st.integers(0, 3_000_000).map(lambda units: Decimal(units) / 10_000),
)
DAYS = st.integers(0, 89).map(lambda days: JANUARY.first_day + timedelta(days=days))


@st.composite
def price_lists(draw: st.DrawFn) -> PriceList:
    """A price for every day, which changes at most twice; per client and month only on the first of a month."""
    found = {}
    for code, rule in RULES.items():
        days = draw(st.lists(DAYS, max_size=2))
        if rule.rounding is Rounding.CLIENT_MONTH:
            days = [day.replace(day=1) for day in days]
        starts = sorted({date(2025, 1, 1), *days})
        found[code] = [(day, draw(PRICES_OF_ANY_KIND)) for day in starts]
    return found


@st.composite
def delivered_rows(draw: st.DrawFn) -> list[Row]:
    rows = []
    for number in range(draw(st.integers(0, 25))):
        start = draw(DAYS)
        recording = draw(st.sampled_from([1, 1, 2, 3]))
        credited = draw(st.sampled_from([None, None, None, recording, max(recording, 2)]))
        withdrawn = draw(st.sampled_from([None, None, None, 2 if credited in (None, 1) else credited]))
        contract = draw(st.sampled_from(CONTRACTS))
        rows.append(
            Row(
                reference=f"r{number:02d}",
                contract=contract,
                municipality=draw(st.sampled_from(sorted(AREAS))),
                product=draw(st.sampled_from(["ambulant", "minuten", "dagen", "stuks", "uren", "uren"])),
                client=draw(st.integers(1, 3)),
                assignment=draw(st.sampled_from(["", "T1"])),
                start=start,
                days=draw(st.integers(1, (Month.of(start).end - start).days)),
                quantity=draw(st.one_of(st.sampled_from([1, 29, 30, 31, 59, 60, 89, 90, 95]), st.integers(1, 5000))),
                recording=recording,
                credited=credited,
                withdrawn=withdrawn if recording == 1 else None,
                member=draw(st.sampled_from(["", MEMBER])) if contract is FIRST_DAY else "",
            )
        )
    return rows


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=delivered_rows(), prices=price_lists())
@example(rows=[], prices={code: [(date(2025, 1, 1), Decimal("1"))] for code in RULES})
def test_the_query_is_pricing_by_hand(engine: Engine, rows: list[Row], prices: PriceList) -> None:
    """Every sum, and every part of it that became known since the previous settlement."""
    found = priced(engine, rows, prices)
    entries = [entry for entry in entries_of(rows) if entry.recording <= 2]
    for contract in CONTRACTS:
        expected = by_hand(contract, entries, prices)
        volumes = {key_of(volume): volume for volume in found[contract.id].volumes}
        assert volumes.keys() == expected.keys()
        steps = [by_hand(contract, [e for e in entries if e.part <= part], prices) for part in range(4)]
        for key, volume in volumes.items():
            by_part = {"late": 1, "credited": 2, "withdrawn": 3}
            effects = {name: effect(contract, entries, steps, part, key, prices) for name, part in by_part.items()}
            assert volume == PricedVolume(
                component="zorg", municipality=key[0], month=key[1], product=key[2], treatment=Treatment.PAYABLE,
                rule=RULES[key[2]], price=key[3], price_version_id=7, rows=expected[key].rows,
                quantity=expected[key].quantity, billed_quantity=expected[key].billed_quantity,
                amount=expected[key].amount, member=key[4], **effects,
            )  # fmt: skip
            before = steps[0][key].amount if key in steps[0] else Eur.zero()
            assert volume.late.amount + volume.credited.amount + volume.withdrawn.amount == volume.amount - before
        assert all(finding.severity is Severity.WARNING for finding in found[contract.id].findings)


def effect(
    contract: RegisteredContract,
    entries: Sequence[Entry],
    steps: Sequence[Mapping[VolumeKey, PricedVolume]],
    part: int,
    key: VolumeKey,
    prices: PriceList,
) -> RowEffect:
    """What the entries of a part changed, after the parts before it."""
    own = [
        e for e in entries
        if e.part == part and e.row.contract is contract and key in by_hand(contract, [e], prices)
    ]  # fmt: skip
    now, before = (step[key].amount if key in step else Eur.zero() for step in (steps[part], steps[part - 1]))
    references = sorted({e.reference for e in own})
    return RowEffect(len(own), now - before, tuple(sorted({*references[:1], *references[-1:]})))


@st.composite
def hours_of_few_clients(draw: st.DrawFn) -> list[Row]:
    """Rows of one month that are summed together, of which many are credited."""
    when = st.sampled_from([1, 2, 2])
    return [
        row(
            f"r{number}", "uren", draw(st.integers(1, 200)), client=draw(st.integers(1, 2)),
            contract=draw(st.sampled_from(CONTRACTS)), day=draw(st.sampled_from([3, 10, 20])), recording=draw(when),
            credited=draw(st.sampled_from([None, 2])),
        )
        for number in range(draw(st.integers(1, 8)))
    ]  # fmt: skip


# From the 6th, and another price from the 15th; before, in one of two lists, the same price or none.
CHANGING = [(date(2026, 1, 6), Decimal("60.00")), (date(2026, 1, 15), Decimal("61.75"))]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=hours_of_few_clients(), before=st.sampled_from([[], [(date(2026, 1, 1), Decimal("60.00"))]]))
def test_what_has_no_price_or_two_is_the_same_by_hand(
    engine: Engine, rows: list[Row], before: list[tuple[date, Decimal]]
) -> None:
    prices = {**flat("60.00"), "uren": [*before, *CHANGING]}
    found = priced(engine, rows, prices)
    entries = [entry for entry in entries_of(rows) if entry.recording <= 2]
    for contract in CONTRACTS:
        own = [entry.delivered for entry in entries if entry.row.contract is contract]
        volumes, findings = price_by_hand(own, RULES.__getitem__, price_on(prices), contract is LAST_DAY)
        wrong = [f for f in found[contract.id].findings if f.severity is Severity.ERROR]
        assert {(f.code, *where(f.place)) for f in wrong} == {(f.code, *where(f.place)) for f in findings}
        if not findings:
            assert {
                key_of(v): (v.rows, v.quantity, v.billed_quantity, v.amount) for v in found[contract.id].volumes
            } == {key_of(v): (v.rows, v.quantity, v.billed_quantity, v.amount) for v in volumes}


def where(place: str) -> tuple[str, str]:
    """Product and month of a place that may name the municipality between them."""
    parts = place.split(", ")
    return parts[0], parts[-1]


# --- by example -------------------------------------------------------------------------------------------------------


def row(reference: str = "r1", product: str = "ambulant", quantity: int = 95, day: int = 5, **options: Any) -> Row:
    defaults: dict[str, Any] = {
        "contract": FIRST_DAY, "municipality": "GM0502", "client": 1, "assignment": "", "days": 1, "recording": 1,
    }  # fmt: skip
    start = options.pop("start", date(2026, 1, day))
    return Row(reference=reference, product=product, quantity=quantity, start=start, **{**defaults, **options})


def flat(price: str) -> PriceList:
    return {code: [(date(2025, 1, 1), Decimal(price))] for code in RULES}


def amounts(found: Mapping[int, Priced], contract: RegisteredContract = FIRST_DAY) -> list[str]:
    return [str(volume.amount) for volume in found[contract.id].volumes]


def test_half_a_cent_goes_up_and_its_credit_takes_all_of_it_back(engine: Engine) -> None:
    # 1 minute at 0.30 an hour is half a cent.
    assert amounts(priced(engine, [row(quantity=1)], flat("0.30"))) == ["0.01"]
    assert amounts(priced(engine, [row(quantity=1, credited=1)], flat("0.30"))) == ["0.00"]
    # Each row by itself: three half cents are three cents.
    rows = [row(f"r{number}", quantity=1) for number in range(3)]
    assert amounts(priced(engine, rows, flat("0.30"))) == ["0.03"]


def test_hours_of_which_every_row_is_credited_are_none(engine: Engine) -> None:
    rows = [row("r1", "uren", 95, credited=2), row("r2", "uren", 10, credited=1)]
    [volume] = priced(engine, rows, flat("58.40"))[FIRST_DAY.id].volumes
    assert (volume.rows, volume.quantity, volume.billed_quantity, str(volume.amount)) == (0, 0, 0, "0.00")
    assert (str(volume.credited.amount), str(volume.late.amount)) == ("-116.80", "0.00")


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [([29], 1), ([30], 1), ([89], 1), ([90], 2), ([149], 2), ([75, 75], 3), ([95] * 4, 6), ([95] * 4 + [25], 7)],
)
def test_minutes_become_hours_per_client_and_month(engine: Engine, minutes: list[int], hours: int) -> None:
    rows = [row(f"r{number}", "uren", quantity, day=number + 1) for number, quantity in enumerate(minutes)]
    [volume] = priced(engine, rows, flat("58.40"))[FIRST_DAY.id].volumes
    assert (volume.quantity, volume.billed_quantity) == (sum(minutes), hours)
    assert hours_of(minutes) == hours
    assert volume.amount == total([Eur("58.40")] * hours)


def test_clients_assignments_and_months_are_rounded_apart(engine: Engine) -> None:
    rows = [
        row("r1", "uren", 31), row("r2", "uren", 31, client=2), row("r3", "uren", 31, assignment="T1"),
        row("r4", "uren", 31, start=date(2026, 2, 1)), row("r5", "uren", 31),
    ]  # fmt: skip
    january, february = priced(engine, rows, flat("58.40"))[FIRST_DAY.id].volumes
    assert (january.quantity, january.billed_quantity, february.billed_quantity) == (124, 3, 1)


def test_a_credit_that_takes_the_place_of_another_is_no_hour(engine: Engine) -> None:
    """The first credit is withdrawn and the second one counts, both since the previous settlement."""
    rows = [row("r1", "uren", 95)]
    with undone(engine) as connection:
        put(
            connection,
            [
                Entry(rows[0], 1, "row", 1), Entry(rows[0], 1, "row", -1),
                Entry(rows[0], 2, "withdrawal", 1), Entry(rows[0], 2, "row", -1),
            ],
        )  # fmt: skip
        found = price_months(connection, terms_of(flat("58.40")), {1: MONTHS}, {1: SETTLED})
    [volume] = found[FIRST_DAY.id].volumes
    assert (str(volume.amount), volume.billed_quantity) == ("0.00", 0)
    assert (str(volume.credited.amount), str(volume.withdrawn.amount)) == ("0.00", "0.00")


CHANGE = {**flat("60.00"), "ambulant": [(date(2025, 1, 1), Decimal("60.00")), (date(2026, 1, 16), Decimal("90.00"))]}


@pytest.mark.parametrize(
    ("start", "days", "contract", "amount", "crosses"),
    [
        (date(2026, 1, 15), 1, FIRST_DAY, "60.00", False),
        (date(2026, 1, 16), 1, FIRST_DAY, "90.00", False),
        (date(2026, 1, 15), 2, FIRST_DAY, "60.00", True),
        (date(2026, 1, 15), 2, LAST_DAY, "90.00", True),
        (date(2026, 1, 14), 2, LAST_DAY, "60.00", False),  # its last day is the 15th
        (date(2026, 1, 16), 2, LAST_DAY, "90.00", False),
    ],
)
def test_the_day_that_gives_the_price(
    engine: Engine, start: date, days: int, contract: RegisteredContract, amount: str, crosses: bool
) -> None:
    found = priced(engine, [row(quantity=60, start=start, days=days, contract=contract)], CHANGE)
    assert amounts(found, contract) == [amount]
    assert [finding.code for finding in found[contract.id].findings] == (["P03"] if crosses else [])


def test_two_prices_in_the_month_of_a_client_are_a_finding(engine: Engine) -> None:
    prices = {**CHANGE, "uren": CHANGE["ambulant"]}
    alone = [row("r1", "uren", day=5), row("r2", "uren", day=20, client=2)]
    assert priced(engine, alone, prices)[FIRST_DAY.id].findings == []
    both = [*alone, row("r3", "uren", day=20)]
    [finding] = priced(engine, both, prices)[FIRST_DAY.id].findings
    assert (finding.code, finding.severity) == ("P02", Severity.ERROR)


def test_a_price_for_part_of_the_month_of_a_client_is_a_finding(engine: Engine) -> None:
    prices = {**flat("60.00"), "uren": [(date(2026, 1, 16), Decimal("60.00"))]}
    found = priced(engine, [row("r1", "uren", day=15), row("r2", "uren", day=16)], prices)[FIRST_DAY.id]
    assert [(finding.code, finding.severity) for finding in found.findings] == [("P01", Severity.ERROR)]
    assert "1 levering" in found.findings[0].message
    assert found.volumes == []


def test_a_second_price_that_was_credited_is_no_conflict(engine: Engine) -> None:
    prices = {**CHANGE, "uren": CHANGE["ambulant"]}
    rows = [row("r1", "uren", day=5, quantity=95), row("r2", "uren", day=20, quantity=60, credited=2)]
    found = priced(engine, rows, prices)[FIRST_DAY.id]
    assert found.findings == []
    [volume] = found.volumes
    assert (volume.quantity, volume.billed_quantity, volume.price) == (95, 2, CHANGE["ambulant"][0][1])


def test_the_same_price_on_both_sides_of_a_change_is_no_change(engine: Engine) -> None:
    listed = [(date(2025, 1, 1), Decimal("60.00")), (date(2026, 1, 16), Decimal("60.00"))]
    found = priced(engine, [row("r1", day=15, days=3)], {**flat("60.00"), "ambulant": listed})[FIRST_DAY.id]
    assert found.findings == []


def test_a_claim_that_was_credited_differs_from_nothing(engine: Engine) -> None:
    rows = [row("r1", claimed_cents=1, credited=2)]
    assert priced(engine, rows, flat("60.00"))[FIRST_DAY.id].findings == []


def test_hours_are_summed_over_a_change_that_is_none_of_the_price(engine: Engine) -> None:
    """The product is booked elsewhere from the 16th: 3 x 20 minutes of a client are still one hour in that month."""
    [whole] = PRODUCTS["uren"].versions
    halves = (
        replace(whole, valid_until=date(2026, 1, 16)),
        replace(whole, valid_from=date(2026, 1, 16), task_field="6.751"),
    )
    products = {**PRODUCTS, "uren": replace(PRODUCTS["uren"], versions=halves)}
    rows = [row(f"r{day}", "uren", day=day, quantity=20) for day in (5, 15, 25)]
    terms = replace(terms_of(flat("58.40")), products=products)
    with undone(engine) as connection:
        put(connection, entries_of(rows))
        [volume] = price_months(connection, terms, {1: MONTHS}, {})[1].volumes
    assert (volume.rows, volume.billed_quantity, str(volume.amount)) == (3, 1, "58.40")


def test_what_was_credited_needs_no_price(engine: Engine) -> None:
    rows = [row("r1", credited=2), row("r2", "uren", credited=2)]
    found = priced(engine, rows, {"ambulant": [(date(2026, 2, 1), Decimal("60.00"))]})[FIRST_DAY.id]
    assert (found.findings, found.volumes) == ([], [])


def test_a_day_without_a_price_is_a_finding_and_no_amount(engine: Engine) -> None:
    prices = {**flat("60.00"), "ambulant": [(date(2026, 1, 16), Decimal("60.00"))]}
    found = priced(engine, [row("r1", day=15), row("r2", day=16)], prices)[FIRST_DAY.id]
    assert [str(volume.amount) for volume in found.volumes] == ["95.00"]
    [finding] = found.findings
    assert (finding.code, finding.severity) == ("P01", Severity.ERROR)
    assert "1 levering" in finding.message


def test_without_any_price_list_nothing_has_a_price(engine: Engine) -> None:
    terms = replace(terms_of({}), price_versions={})
    with undone(engine) as connection:
        put(connection, entries_of([row()]))
        found = price_months(connection, terms, {1: MONTHS}, {})
    assert [finding.code for finding in found[1].findings] == ["P01"]
    assert found[1].volumes == []


def test_what_a_budget_pays_is_shown_without_an_amount_when_it_has_no_price(engine: Engine) -> None:
    """A shadow line is not paid: a missing price is worth a look, and no reason to withhold the budget."""
    team = RegisteredContract(3, 1, contract_of(population_contract(covers=["ambulant"])), "")
    found = priced(engine, [row(contract=team)], {}, contracts=[team])[3]
    assert found.volumes == []
    assert [(finding.code, finding.severity) for finding in found.findings] == [("P01", Severity.WARNING)]
    [volume] = priced(engine, [row(contract=team)], flat("60.00"), contracts=[team])[3].volumes
    assert (volume.treatment, str(volume.amount)) == (Treatment.SHADOW, "95.00")


def test_what_a_budget_pays_is_shown_without_the_clients_that_have_two_prices(engine: Engine) -> None:
    team = RegisteredContract(3, 1, contract_of(population_contract(covers=["uren"])), "")
    prices = {**flat("60.00"), "uren": CHANGE["ambulant"]}
    rows = [row(f"r{day}", "uren", day=day, contract=team) for day in (5, 20)]
    found = priced(engine, [*rows, row("r3", "uren", client=2, contract=team)], prices, contracts=[team])[3]
    assert [(finding.code, finding.severity) for finding in found.findings] == [("P02", Severity.WARNING)]
    assert [str(volume.amount) for volume in found.volumes] == ["120.00"]


@pytest.mark.parametrize(
    ("rows", "difference"),
    [
        ([row(claimed_cents=9500)], None),
        ([row(claimed_cents=9600)], "1,00"),
        ([row("r1", claimed_cents=9600), row("r2", claimed_cents=9300)], "-1,00"),
        ([row()], None),
        # Hours are compared for the month of the client, and only when all of it was claimed.
        ([row("r1", "uren", 45, claimed_cents=6000), row("r2", "uren", 45, claimed_cents=6000)], None),
        ([row("r1", "uren", 45, claimed_cents=6000), row("r2", "uren", 45, claimed_cents=6100)], "1,00"),
        ([row("r1", "uren", 45, claimed_cents=1), row("r2", "uren", 45)], None),
        # A credit is claimed back as it was claimed.
        ([row(claimed_cents=9500, credited=1)], None),
    ],
)
def test_another_amount_than_was_claimed_is_a_warning(engine: Engine, rows: list[Row], difference: str | None) -> None:
    found = priced(engine, rows, flat("60.00"))[FIRST_DAY.id].findings
    if difference is None:
        assert found == []
    else:
        [finding] = found
        assert (finding.code, finding.severity) == ("P04", Severity.WARNING)
        assert difference in finding.message.replace(".", ",")


def test_only_what_was_known_at_the_cutoff_is_read(engine: Engine) -> None:
    rows = [row("r1", recording=1), row("r2", recording=2), row("r3", recording=3), row("r4", credited=3)]
    assert [
        str(total(volume.amount for volume in priced(engine, rows, flat("60.00"), cutoff=cutoff)[1].volumes))
        for cutoff in (0, 1, 2, 3)
    ] == ["0.00", "190.00", "285.00", "285.00"]


def test_only_the_months_that_are_asked_are_read(engine: Engine) -> None:
    rows = [row("r1"), row("r2", start=date(2026, 2, 1)), row("r3", start=date(2026, 2, 1), contract=LAST_DAY)]
    terms = terms_of(flat("60.00"))
    with undone(engine) as connection:
        put(connection, entries_of(rows))
        found = price_months(connection, terms, {1: [JANUARY], 2: [Month(2026, 2)]}, {})
        assert [[volume.month for volume in found[number].volumes] for number in (1, 2)] == [
            [JANUARY], [Month(2026, 2)],
        ]  # fmt: skip
        nothing = price_months(connection, terms, {1: [], 2: []}, {})
        assert [priced.volumes for priced in nothing.values()] == [[], []]


def test_a_contract_reads_from_its_first_day_to_its_last(engine: Engine) -> None:
    document = effort_contract(products=["ambulant"], start="2026-01-10", until="2026-01-20")
    short = RegisteredContract(1, 1, contract_of(document), "")
    rows = [row(f"r{day}", day=day, quantity=day) for day in (9, 10, 19, 20)]
    [volume] = priced(engine, rows, flat("60.00"), contracts=[short])[1].volumes
    assert (volume.rows, volume.quantity) == (2, 29)


def test_a_product_that_changed_on_a_day_is_counted_as_it_was_on_each_day(engine: Engine) -> None:
    by_row, by_month = RULES["ambulant"], RULES["uren"]
    change = date(2026, 1, 16)
    before, after = (product(1, "ambulant", rule).versions[0] for rule in (by_row, by_month))
    versions = (replace(before, valid_until=change), replace(after, valid_from=change))
    changed = Product(1, "ambulant", versions, 1)
    terms = replace(terms_of(flat("60.00")), products={**PRODUCTS, "ambulant": changed})
    with undone(engine) as connection:
        put(connection, entries_of([row("r1", day=15, quantity=95), row("r2", day=16, quantity=95)]))
        found = price_months(connection, terms, {1: MONTHS}, {})[1].volumes
    assert sorted((volume.rule.rounding, str(volume.amount)) for volume in found) == [
        (Rounding.CLIENT_MONTH, "120.00"),
        (Rounding.ROW, "95.00"),
    ]


# --- the plan ---------------------------------------------------------------------------------------------------------

MANY = {f"4200{number:04d}": number for number in range(60)}


def plan_nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from plan_nodes(child)


def test_the_plan_reads_the_months_that_are_asked_once(engine: Engine) -> None:
    """No loop over deliveries, and no partition of another month."""
    contracts = [
        RegisteredContract(number + 1, 1, contract_of(effort_contract(f"P{number}", provider=code, products=list(RULES),
                                                                      municipalities=list(AREAS))), "")
        for code, number in MANY.items()
    ]  # fmt: skip
    changes = [(date(2025, month, 1), Decimal(month)) for month in range(1, 13)]
    prices = dict.fromkeys(RULES, changes)
    terms = terms_of(prices, cutoff=5, contracts=contracts)
    terms = replace(terms, providers={code: Party(number, code) for code, number in MANY.items()})
    asked = {contract.id: [Month(2026, 2), Month(2026, 3)] for contract in contracts}
    with undone(engine) as connection:
        connection.execute(
            text("""
            INSERT INTO deliveries (municipality_id, service_month, batch, row_number, entry, recording, sign,
                provider_id, product_id, client_id, assignment, service_start, service_end, quantity, reference)
            SELECT 1 + n % 2, date_trunc('month', day)::date, 1, n, 'row', 1 + n % 5, 1, n % 60, 1 + n % 5, n % 977, '',
                day, day + 1, 1 + n % 200, 'r' || n
            FROM (SELECT n, date '2026-01-01' + n % 120 AS day FROM generate_series(1, 24000) AS n) AS made
            """)
        )
        connection.execute(text("ANALYZE deliveries"))
        read = coverages(terms)
        freeze(connection, terms, read, asked, {})
        statements = pricing_statements(read, terms, asked)
        assert len(statements) == len(effect_statements(read, terms, asked)) == 2
        for statement, parameters in statements:
            explained = connection.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), parameters).scalar_one()
            nodes = list(plan_nodes(explained[0]["Plan"]))
            scanned = sorted(node["Relation Name"] for node in nodes if "deliveries" in node.get("Relation Name", ""))
            assert scanned == ["deliveries_2026_02", "deliveries_2026_03"]
            assert [node["Node Type"] for node in nodes if node["Node Type"] in ("Nested Loop", "Sort")] == []
            assert any(node["Node Type"] in ("Hash Join", "Merge Join") for node in nodes)
