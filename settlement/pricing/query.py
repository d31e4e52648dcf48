"""Pricing in the database: one set-based pass over the deliveries of the months that changed.

What a run reads is frozen first, in a temporary table without a range index: which contract component reads which
deliveries of a month, at what price on what days. One join on equal keys and plain date comparisons keeps the planner
from looping; joined to the price table with its temporal key it loops for minutes on millions of rows.

Prices are whole ten-thousandths of a euro and amounts whole cents, so that sums run on `bigint`; the result leaves as
`Decimal` and `Eur`. The rules are those of `tariffs.units`, and `settlement.pricing.reference` is the same by hand.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from kernel.findings import Finding, Severity
from kernel.identifiers import as_shown
from kernel.money import Eur
from kernel.notation import format_eur, format_number
from kernel.periods import Month
from settlement.entitlement import Posted, PricedVolume, RowEffect, Treatment
from settlement.findings import DeliveriesFinding
from settlement.pricing.reference import NO_PRICE, NO_PRICE_HINT, TWO_PRICES, TWO_PRICES_HINT
from settlement.terms import Coverage, Terms, coverages
from tariffs.price_lists import Price
from tariffs.units import MINUTES_PER_HOUR, Rounding

# The number of these rules of pricing: raised when a rule changes, so that every month is priced again.
PRICING_RULES = 1

PRICE_SCALE = 10_000
PRICE_UNITS_PER_CENT = PRICE_SCALE // 100

# What a run reads: a row for the days of a month on which a coverage has one price, before it is spread over the
# municipalities.
_FREEZE = """
CREATE TEMPORARY TABLE run_coverages (
    first_slice int, municipality_ids int[], provider_id int, product_id int, service_month date, valid_from date,
    valid_until date, price bigint, price_from date, price_until date, price_of_last_day boolean,
    per_client_month boolean, divisor bigint, known_before bigint
) ON COMMIT DROP
"""
_SPREAD = """
CREATE TEMPORARY TABLE run_prices ON COMMIT DROP AS
SELECT (first_slice + place - 1)::int AS slice, municipality_id, provider_id, product_id, service_month, valid_from,
       valid_until, price, price_from, price_until, price_of_last_day, per_client_month, divisor, known_before,
       count(*) OVER (PARTITION BY first_slice + place, service_month) = 1 AS one_price,
       CASE WHEN price IS NOT NULL AND price_of_last_day THEN price_from ELSE '-infinity' END AS crossed_from,
       CASE WHEN price IS NOT NULL AND NOT price_of_last_day THEN price_until ELSE 'infinity' END AS crossed_until
FROM run_coverages, unnest(municipality_ids) WITH ORDINALITY AS area (municipality_id, place)
"""

# Every delivery that counts for a slice, with its price.
READ = """
    FROM deliveries d
    JOIN run_prices c ON c.municipality_id = d.municipality_id AND c.provider_id = d.provider_id
        AND c.product_id = d.product_id AND c.service_month = d.service_month
        AND d.service_start >= c.valid_from AND d.service_start < c.valid_until
        AND (NOT c.price_of_last_day OR (d.service_end > c.price_from AND d.service_end <= c.price_until))
    WHERE d.service_month IN ({months}) AND d.recording <= :cutoff AND c.per_client_month = {per_client_month}
        AND d.product_id = ANY(:products)
"""

# Each row rounded by itself: price x quantity / divisor, half up, where the divisor holds the units per price and the
# price scale.
ROW_CENTS = "sign * ((2 * price * quantity + divisor) / (2 * divisor))"
# What is claimed beyond the amount of a row. Many rows claim nothing, and then nothing is computed.
_CLAIM_DIFFERENCE = f"CASE WHEN claimed_cents IS NOT NULL THEN sign * claimed_cents - {ROW_CENTS} END"

# The price changes within the service period.
_CROSSES = "service_start < crossed_from OR service_end > crossed_until"
_BY_ROW = """
SELECT slice, c.service_month, price, sum(sign) AS rows, sum(sign * quantity) AS quantity,
       sum(sign * quantity) AS billed_quantity, sum({row_cents})::bigint AS cents,
       CASE WHEN price IS NULL THEN sum(sign) END AS unpriced_rows,
       sum(sign) FILTER (WHERE {crosses}) AS crossing_rows, 0 AS two_price_clients,
       sum(sign) FILTER (WHERE claimed_cents IS NOT NULL AND {claim_difference} <> 0) AS other_claims,
       sum({claim_difference})::bigint AS claim_difference_cents
{read}
GROUP BY slice, c.service_month, price
"""

# Minutes summed per client, assignment and month before they become hours. A price whose rows were all credited is no
# price of that client; most slices have one price all month, and then there is nothing to choose. Numbers of rows are
# made int again, since a sum of bigint is a numeric, which is slow.
_BY_CLIENT_MONTH = """
WITH client_price AS (
    SELECT slice, c.service_month, client_id, assignment, divisor, price, one_price, count(*)::int AS entries,
           sum(sign)::int AS rows, sum(sign * quantity)::bigint AS quantity,
           (sum(sign) FILTER (WHERE {crosses}))::int AS crossing_rows,
           count(claimed_cents)::int AS claimed_entries, sum(sign * claimed_cents) AS claimed_cents
    {read}
    GROUP BY slice, c.service_month, client_id, assignment, divisor, price, one_price
), client_month AS (
    SELECT slice, service_month, divisor, price, false AS two_prices, entries, rows, quantity,
           CASE WHEN price IS NULL THEN rows END AS unpriced_rows, crossing_rows, claimed_entries, claimed_cents
    FROM client_price WHERE one_price
    UNION ALL
    SELECT slice, service_month, divisor, {price_of_client}, sum(entries), sum(rows), sum(quantity)::bigint,
           sum(rows) FILTER (WHERE price IS NULL), sum(crossing_rows), sum(claimed_entries), sum(claimed_cents)
    FROM client_price WHERE NOT one_price
    GROUP BY slice, service_month, client_id, assignment, divisor
)
SELECT slice, service_month, price, sum(rows)::bigint AS rows, sum(quantity)::bigint AS quantity,
       sum(hours)::bigint AS billed_quantity, sum(cents)::bigint AS cents, sum(unpriced_rows)::bigint AS unpriced_rows,
       sum(crossing_rows)::bigint AS crossing_rows, count(*) FILTER (WHERE two_prices) AS two_price_clients,
       count(*) FILTER (WHERE claimed_entries = entries AND claimed_cents <> cents) AS other_claims,
       (sum(claimed_cents - cents) FILTER (WHERE claimed_entries = entries AND claimed_cents <> cents))::bigint
           AS claim_difference_cents
FROM (SELECT *, {hours} AS hours, {cents} AS cents FROM client_month) AS priced
GROUP BY slice, service_month, price, two_prices
"""

# What became known since the previous settlement. `part` tells when a row became known: before it (0), or since then as
# a late row (1), a credit (2) or a withdrawal (3).
_ROWS_IN_PARTS = """
    SELECT c.slice, d.service_month, d.recording, d.reference, d.client_id, d.assignment, d.sign, d.quantity, c.price,
           c.divisor, c.known_before,
           CASE WHEN d.recording <= c.known_before THEN 0 WHEN d.entry = 'withdrawal' THEN 3
                WHEN d.sign < 0 THEN 2 ELSE 1 END AS part
    {read}
"""
_EFFECTS_BY_ROW = """
SELECT slice, service_month, price, {effects}
FROM (SELECT *, {row_cents} AS cents FROM ({rows}) AS read WHERE recording > known_before) AS priced
GROUP BY slice, service_month, price
"""

# In the months of clients in which something became known, the effects of late rows, credits and withdrawals are taken
# one after the other, so that together they are the whole change.
_EFFECTS_BY_CLIENT_MONTH = """
SELECT slice, service_month, price, {effects_of_clients}
FROM (
    SELECT *, {cents_before} AS cents_before, {cents_with_late} AS cents_with_late,
           {cents_with_credited} AS cents_with_credited, {cents} AS cents_with_withdrawn
    FROM (
        SELECT slice, service_month, divisor, {price_of_client}, sum(quantity)::bigint AS quantity,
               sum(minutes_before)::bigint AS minutes_before, sum(minutes_with_late)::bigint AS minutes_with_late,
               sum(minutes_with_credited)::bigint AS minutes_with_credited, {parts_of_clients}
        FROM (
            SELECT slice, service_month, client_id, assignment, divisor, price, sum(sign) AS rows,
                   sum(sign * quantity) AS quantity,
                   coalesce(sum(sign * quantity) FILTER (WHERE part = 0), 0) AS minutes_before,
                   coalesce(sum(sign * quantity) FILTER (WHERE part <= 1), 0) AS minutes_with_late,
                   coalesce(sum(sign * quantity) FILTER (WHERE part <= 2), 0) AS minutes_with_credited, {parts}
            FROM ({rows}) AS read
            JOIN (SELECT DISTINCT slice, service_month, client_id, assignment FROM ({rows}) AS read
                  WHERE recording > known_before) AS touched USING (slice, service_month, client_id, assignment)
            GROUP BY slice, service_month, client_id, assignment, divisor, price
        ) AS client_price
        GROUP BY slice, service_month, client_id, assignment, divisor
    ) AS client_month
) AS priced
WHERE NOT two_prices
GROUP BY slice, service_month, price
"""

_PRICE_OF_CLIENT = """
    CASE WHEN bool_or(price IS NULL AND rows <> 0) THEN NULL
         ELSE coalesce(max(price) FILTER (WHERE rows <> 0), max(price)) END AS price,
    coalesce(min(price) FILTER (WHERE rows <> 0) < max(price) FILTER (WHERE rows <> 0)
        AND NOT bool_or(price IS NULL AND rows <> 0), false) AS two_prices
"""

_PARTS = {"late": 1, "credited": 2, "withdrawn": 3}


def _of_parts(template: str) -> str:
    """A piece of SQL for each part that became known since the previous settlement.

    In a template `after` names what there is with that part and the earlier ones, `until` what there was without it.
    """
    states = ["before", *(f"with_{name}" for name in _PARTS)]
    pieces = (
        template.format(name=name, part=part, after=states[part], until=states[part - 1])
        for name, part in _PARTS.items()
    )
    return ", ".join(pieces)


# Of each part its rows, its euros, and the first and last reference: enough to name one row or two.
_EFFECTS = _of_parts(
    "count(*) FILTER (WHERE part = {part}) AS {name}_rows, sum(cents) FILTER (WHERE part = {part}) AS {name}_cents, "
    "min(reference) FILTER (WHERE part = {part}) AS {name}_min, "
    "max(reference) FILTER (WHERE part = {part}) AS {name}_max"
)
_PARTS_OF_ROWS = _of_parts(
    "count(*) FILTER (WHERE part = {part}) AS {name}_rows, min(reference) FILTER (WHERE part = {part}) AS {name}_min, "
    "max(reference) FILTER (WHERE part = {part}) AS {name}_max"
)
_PARTS_OF_CLIENTS = _of_parts(
    "sum({name}_rows) AS {name}_rows, min({name}_min) AS {name}_min, max({name}_max) AS {name}_max"
)
_EFFECTS_OF_CLIENTS = _of_parts(
    "sum({name}_rows) AS {name}_rows, sum(cents_{after} - cents_{until}) AS {name}_cents, "
    "min({name}_min) AS {name}_min, max({name}_max) AS {name}_max"
)


def _hours(minutes: str) -> str:
    half = MINUTES_PER_HOUR // 2
    # Part of the rows can be less than nothing: a credit takes the place of one that is withdrawn in the next part.
    return f"CASE WHEN {minutes} <= 0 THEN 0 ELSE greatest(1, ({minutes} + {half}) / {MINUTES_PER_HOUR}) END"


def _cents(minutes: str) -> str:
    return f"(2 * price * ({_hours(minutes)}) + divisor) / (2 * divisor)"


_PIECES = {
    "row_cents": ROW_CENTS,
    "claim_difference": _CLAIM_DIFFERENCE,
    "crosses": _CROSSES,
    "price_of_client": _PRICE_OF_CLIENT,
    "hours": _hours("quantity"),
    "cents": _cents("quantity"),
    "cents_before": _cents("minutes_before"),
    "cents_with_late": _cents("minutes_with_late"),
    "cents_with_credited": _cents("minutes_with_credited"),
    "effects": _EFFECTS,
    "effects_of_clients": _EFFECTS_OF_CLIENTS,
    "parts": _PARTS_OF_ROWS,
    "parts_of_clients": _PARTS_OF_CLIENTS,
}


@dataclass(frozen=True, slots=True)
class Priced:
    """What pricing found for one contract. Findings of severity error mean that it cannot be settled."""

    volumes: Sequence[PricedVolume]
    findings: Sequence[Finding]


def price_months(
    connection: Connection,
    terms: Terms,
    changed_months: Mapping[int, Collection[Month]],
    posted: Mapping[int, Posted],
) -> Mapping[int, Priced]:
    """Price the deliveries of `changed_months` (by contract id), known at the cut-off of `terms`.

    In a month that was settled before, as `posted` has it, what was recorded since then is told apart as late, credited
    or withdrawn. The answer has an entry for every contract of `terms`.
    """
    read = [coverage for coverage in coverages(terms) if changed_months.get(coverage.registered.id)]
    volumes: dict[int, list[PricedVolume]] = {registered.id: [] for registered in terms.contracts}
    findings: dict[int, list[Finding]] = {registered.id: [] for registered in terms.contracts}
    if read:
        freeze(connection, terms, read, changed_months, posted)
        settled_before = any(
            month in posted[contract].month_hashes
            for contract, months in changed_months.items()
            if contract in posted
            for month in months
        )
        effects = {
            (row.slice, row.service_month, row.price): row
            for statement, parameters in (effect_statements(read, terms, changed_months) if settled_before else [])
            for row in connection.execute(text(statement), parameters)
        }
        slices = [(coverage, municipality) for coverage in read for municipality in coverage.municipalities]
        for statement, parameters in pricing_statements(read, terms, changed_months):
            for found in map(_Sums._make, connection.execute(text(statement), parameters).all()):
                coverage, municipality = slices[found.slice]
                if found.unpriced_rows or found.two_price_clients or found.crossing_rows or found.other_claims:
                    findings[coverage.registered.id] += _findings(coverage, municipality, found)
                if found.price is not None and not found.two_price_clients:
                    effect = effects.get((found.slice, found.service_month, found.price))
                    volumes[coverage.registered.id].append(_volume(coverage, municipality, terms, found, effect))
        thaw(connection)
    return {
        registered.id: Priced(
            sorted(volumes[registered.id], key=_place),
            sorted(findings[registered.id], key=lambda finding: (finding.code, finding.place)),
        )
        for registered in terms.contracts
    }


def freeze(
    connection: Connection,
    terms: Terms,
    read: Sequence[Coverage],
    changed_months: Mapping[int, Collection[Month]],
    posted: Mapping[int, Posted],
) -> None:
    """Copy what the run reads into a temporary table that lives until the transaction ends.

    A row of it holds the price of a slice (a coverage in a municipality) on some days of a month, so that one join on
    equal keys finds both. Slices are numbered in the order of `read` and of the municipalities of each.
    """
    connection.execute(text(_FREEZE))
    lines = ("\t".join(map(str, row)) for row in _frozen(terms, read, changed_months, posted))
    with connection.connection.cursor().copy("COPY run_coverages FROM STDIN (NULL 'None')") as copy:
        copy.write("".join(f"{line}\n" for line in lines))
    connection.execute(text(_SPREAD))
    connection.execute(text("ANALYZE run_prices"))
    # The few prices belong in a hash table: sorting all deliveries of a month to merge them takes twice as long.
    connection.execute(text("SET LOCAL enable_mergejoin = off"))
    # The planner takes clients for ten times fewer than there are, and would sort them to group them.
    connection.execute(text("SET LOCAL enable_sort = off"))


def thaw(connection: Connection) -> None:
    """Forget what was frozen, so that the planner is its own again."""
    connection.execute(text("DROP TABLE run_coverages, run_prices"))
    connection.execute(text("SET LOCAL enable_mergejoin = on"))
    connection.execute(text("SET LOCAL enable_sort = on"))


def _frozen(
    terms: Terms,
    read: Sequence[Coverage],
    changed_months: Mapping[int, Collection[Month]],
    posted: Mapping[int, Posted],
) -> Iterator[tuple[Any, ...]]:
    timelines = _timelines(terms.prices)
    versions = {name: version.id for name, version in terms.price_versions.items()}
    never = [_Held(None, date.min, date.max)]
    first_slice = 0
    for coverage in read:
        registered, product = coverage.registered, coverage.product.id
        areas = ",".join(str(terms.municipalities[municipality].id) for municipality in coverage.municipalities)
        where = (first_slice, f"{{{areas}}}", terms.providers[coverage.provider].id, product)
        first_slice += len(coverage.municipalities)
        how = (
            coverage.price_of_last_day,
            coverage.rule.rounding is Rounding.CLIENT_MONTH,
            coverage.rule.units_per_price * PRICE_UNITS_PER_CENT,
        )
        before = posted.get(registered.id, Posted())
        timeline = timelines.get((versions.get(coverage.price_list, 0), product), never)
        for month in changed_months[registered.id]:
            known_before = before.cutoff if month in before.month_hashes else None
            for of_price in _days_at_a_price(coverage, month, timeline):
                yield (*where, month.first_day, *of_price, *how, known_before)


def _days_at_a_price(
    coverage: Coverage, month: Month, timeline: Sequence["_Held"]
) -> Iterator[tuple[date, date, int | None, date, date]]:
    """The days of service within a month, with the price that may hold for them and the days on which it does.

    The day of the price is the first day of the service, or its last, which may be later than the days of service.
    """
    for period in coverage.periods:
        start, end = max(period.start, month.first_day), min(period.end, month.end)
        for held in timeline:
            first, last = max(start, held.start), min(end, held.end)
            if coverage.price_of_last_day:
                first, last = start, end if held.start < month.end and start < held.end else start
            if first < last:
                yield first, last, held.price, held.start, held.end


class _Held(NamedTuple):
    """A price, in ten-thousandths of a euro, or None where there is none, from `start` up to `end`."""

    price: int | None
    start: date
    end: date


def _timelines(prices: Iterable[Price]) -> dict[tuple[int, int], list[_Held]]:
    """By version and product, what holds on every day there is; a price that is given twice on end is one."""
    timelines: dict[tuple[int, int], list[_Held]] = {}
    for price in sorted(prices, key=lambda price: (price.version_id, price.product_id, price.period)):
        timeline = timelines.setdefault((price.version_id, price.product_id), [_Held(None, date.min, date.min)])
        scaled, last = int(price.price * PRICE_SCALE), timeline[-1]
        if last.end < price.period.start:
            timeline.append(_Held(None, last.end, price.period.start))
        if scaled == last.price and last.end == price.period.start:
            timeline[-1] = last._replace(end=price.period.end)
        else:
            timeline.append(_Held(scaled, price.period.start, price.period.end))
    for timeline in timelines.values():
        if timeline[-1].end < date.max:
            timeline.append(_Held(None, timeline[-1].end, date.max))
    return timelines


def pricing_statements(
    read: Sequence[Coverage], terms: Terms, changed_months: Mapping[int, Collection[Month]]
) -> list[tuple[str, dict[str, Any]]]:
    """The statements that price, with their parameters: one for each rounding that occurs.

    Reading the rows of a month twice takes less than telling the two apart row by row.
    """
    prices = {Rounding.ROW: _BY_ROW, Rounding.CLIENT_MONTH: _BY_CLIENT_MONTH}
    return _statements(prices, read, terms, changed_months)


def effect_statements(
    read: Sequence[Coverage], terms: Terms, changed_months: Mapping[int, Collection[Month]]
) -> list[tuple[str, dict[str, Any]]]:
    """The statements that tell apart what became known since the previous settlement."""
    effects = {Rounding.ROW: _EFFECTS_BY_ROW, Rounding.CLIENT_MONTH: _EFFECTS_BY_CLIENT_MONTH}
    return _statements(effects, read, terms, changed_months)


def _statements(
    templates: Mapping[Rounding, str],
    read: Sequence[Coverage],
    terms: Terms,
    changed_months: Mapping[int, Collection[Month]],
) -> list[tuple[str, dict[str, Any]]]:
    months = sorted({month for changed in changed_months.values() for month in changed})
    parameters: dict[str, Any] = {f"month_{i}": month.first_day for i, month in enumerate(months)}
    placeholders = ", ".join(f":{name}" for name in parameters)
    parameters["cutoff"] = terms.cutoff
    statements = []
    for rounding, template in templates.items():
        if products := sorted({coverage.product.id for coverage in read if coverage.rule.rounding is rounding}):
            from_where = READ.format(months=placeholders, per_client_month=rounding is Rounding.CLIENT_MONTH)
            rows = _ROWS_IN_PARTS.format(read=from_where)
            sql = template.format(read=from_where, rows=rows, **_PIECES)
            statements.append((sql, {**parameters, "products": products}))
    return statements


class _Sums(NamedTuple):
    """What the statements answer about a slice in a month at a price, in the order of their columns."""

    slice: int
    service_month: date
    price: int | None
    rows: int
    quantity: int
    billed_quantity: int
    cents: int
    unpriced_rows: int | None
    crossing_rows: int | None
    two_price_clients: int
    other_claims: int | None
    claim_difference_cents: int | None


def _place(volume: PricedVolume) -> tuple[object, ...]:
    """The order of volumes: that of their keys, then by price and rule."""
    month = volume.month
    return (
        volume.component, volume.municipality, month.year, month.month, volume.product, volume.treatment,
        volume.price, volume.rule, volume.member,
    )  # fmt: skip


def _volume(coverage: Coverage, municipality: str, terms: Terms, sums: _Sums, effect: Any) -> PricedVolume:
    assert sums.price is not None
    return PricedVolume(
        component=coverage.component.key,
        municipality=municipality,
        month=_month(sums.service_month),
        product=coverage.product.code,
        treatment=coverage.treatment,
        rule=coverage.rule,
        price=in_price_list(sums.price),
        price_version_id=terms.price_versions[coverage.price_list].id,
        rows=sums.rows,
        quantity=sums.quantity,
        billed_quantity=sums.billed_quantity,
        amount=Eur.of_cents(sums.cents),
        member=coverage.member,
        **({name: _effect(effect, name) for name in _PARTS} if effect is not None else {}),
    )


def _effect(row: Any, part: str) -> RowEffect:
    values = row._mapping
    references = sorted({values[f"{part}_min"], values[f"{part}_max"]} - {None})
    return RowEffect(
        int(values[f"{part}_rows"]), Eur.of_cents(int(values[f"{part}_cents"] or 0)), tuple(map(as_shown, references))
    )


_month = cache(Month.of)


@cache
def in_price_list(scaled: int) -> Decimal:
    """The price as it stands in a price list: two decimals, or up to four where it has them."""
    price = Decimal(scaled) / PRICE_SCALE
    return price.quantize(Decimal("0.01")) if scaled % PRICE_UNITS_PER_CENT == 0 else price


def _findings(coverage: Coverage, municipality: str, row: _Sums) -> list[DeliveriesFinding]:
    month = _month(row.service_month)
    product = coverage.product.code

    def finding(code: str, severity: Severity, message: str, hint: str) -> DeliveriesFinding:
        place = f"product {product}, {municipality}, {month}"
        if coverage.member:
            place = f"aanbieder {coverage.member}, {place}"
        return DeliveriesFinding(code, severity, place, message, hint, coverage.provider, municipality, product, month)

    # A shadow line is not paid: without one price it cannot be shown, and the budget is paid all the same; unless what
    # is paid follows from the volumes.
    contract = coverage.registered.contract
    decides = coverage.treatment is Treatment.PAYABLE or contract.pays_by_deliveries_of(coverage.component)
    severity = Severity.ERROR if decides else Severity.WARNING
    found = []
    if row.unpriced_rows:  # what was credited needs no price
        what = f'prijslijst "{coverage.price_list}" heeft geen prijs voor {_deliveries(row.unpriced_rows)}'
        found.append(finding(NO_PRICE, severity, what, NO_PRICE_HINT))
    if row.two_price_clients:
        what = f"twee prijzen in één maand, terwijl per cliënt en maand wordt afgerond ({_clients(row)})"
        found.append(finding(TWO_PRICES, severity, what, TWO_PRICES_HINT))
    if row.crossing_rows:
        found.append(
            finding(
                "P03",
                Severity.WARNING,
                f"bij {_deliveries(row.crossing_rows)} verandert de prijs onderweg; die van één dag telt voor alles",
                "laat de aanbieder de levering splitsen op de dag van de wijziging",
            )
        )
    if row.other_claims:
        difference = format_eur(Eur.of_cents(row.claim_difference_cents or 0))
        found.append(
            finding(
                "P04",
                Severity.WARNING,
                f"voor {_deliveries(row.other_claims)} is een ander bedrag gedeclareerd, verschil {difference}",
                "het berekende bedrag telt; vraag de aanbieder naar zijn tarief",
            )
        )
    return found


def _deliveries(rows: int) -> str:
    return "1 levering" if rows == 1 else f"{format_number(rows)} leveringen"


def _clients(row: _Sums) -> str:
    return "1 cliënt" if row.two_price_clients == 1 else f"{row.two_price_clients} cliënten"
