"""Pricing in the database: one set-based pass over the deliveries of the months that changed.

What a run reads is frozen first, in temporary tables without range indexes: the coverages (which contract component
reads which deliveries), the prices, and the months to price. Plain date comparisons on small tables keep the planner
on hash joins; joined to the price table with its temporal key it loops for minutes on millions of rows.

Prices are whole ten-thousandths of a euro and amounts whole cents, so that sums run on `bigint`; the result leaves as
`Decimal` and `Eur`. The rules are those of `tariffs.units`, and `settlement.pricing.reference` is the same by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from kernel.findings import Finding, Severity
from kernel.money import Eur
from kernel.notation import format_eur, format_number
from kernel.periods import Month
from settlement.entitlement import PricedVolume, RowEffect, Treatment
from settlement.pricing.reference import NO_PRICE, NO_PRICE_HINT, TWO_PRICES, TWO_PRICES_HINT
from settlement.terms import Coverage, Terms, coverages
from tariffs.price_lists import Price
from tariffs.units import MINUTES_PER_HOUR, Rounding

# The number of these rules of pricing: raised when a rule changes, so that every month is priced again.
PRICING_RULES = 1

PRICE_SCALE = 10_000
PRICE_UNITS_PER_CENT = PRICE_SCALE // 100

_FREEZE = """
CREATE TEMPORARY TABLE run_coverages (
    coverage int, contract_id int, municipality_id int, provider_id int, product_id int,
    valid_from date, valid_until date, price_version_id int, price_of_last_day boolean,
    per_client_month boolean, divisor bigint, known_before bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE run_prices (
    price_version_id int, product_id int, valid_from date, valid_until date, price bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE run_changed_months (contract_id int, service_month date) ON COMMIT DROP;
"""

# Every delivery that counts for a coverage, with its price. `part` tells when it became known: before the previous
# settlement (0), or since then as a late row (1), a credit (2) or a withdrawal (3).
_PRICED_ROWS = """
    SELECT c.coverage, d.service_month, d.reference, d.client_id, d.assignment, d.sign, d.quantity, d.claimed_cents,
           p.price, c.divisor,
           CASE WHEN d.recording <= c.known_before THEN 0 WHEN d.entry = 'withdrawal' THEN 3
                WHEN d.sign < 0 THEN 2 ELSE 1 END AS part,
           CASE WHEN c.price_of_last_day THEN d.service_start < p.valid_from ELSE d.service_end > p.valid_until END
               AS crosses
    FROM deliveries d
    JOIN run_coverages c ON c.municipality_id = d.municipality_id AND c.provider_id = d.provider_id
        AND c.product_id = d.product_id AND d.service_start >= c.valid_from AND d.service_start < c.valid_until
    JOIN run_changed_months m ON m.contract_id = c.contract_id AND m.service_month = d.service_month
    LEFT JOIN run_prices p ON p.price_version_id = c.price_version_id AND p.product_id = d.product_id
        AND CASE WHEN c.price_of_last_day THEN d.service_end - 1 ELSE d.service_start END >= p.valid_from
        AND CASE WHEN c.price_of_last_day THEN d.service_end - 1 ELSE d.service_start END < p.valid_until
    WHERE d.service_month IN ({months}) AND d.recording <= :cutoff AND c.per_client_month = {per_client_month}
"""

# Each row rounded by itself: price x quantity / divisor, half up, where the divisor holds the units per price and the
# price scale.
_BY_ROW = """
SELECT coverage, service_month, price,
       sum(sign) AS rows, sum(sign * quantity) AS quantity, sum(sign * quantity) AS billed_quantity,
       sum(cents) AS cents,
       count(*) FILTER (WHERE part = 1) AS late_rows, sum(cents) FILTER (WHERE part = 1) AS late_cents,
       count(*) FILTER (WHERE part = 2) AS credited_rows, sum(cents) FILTER (WHERE part = 2) AS credited_cents,
       count(*) FILTER (WHERE part = 3) AS withdrawn_rows, sum(cents) FILTER (WHERE part = 3) AS withdrawn_cents,
       {references},
       sum(sign) FILTER (WHERE price IS NULL) AS unpriced_rows, sum(sign) FILTER (WHERE crosses) AS crossing_rows,
       0 AS two_price_clients, sum(sign) FILTER (WHERE sign * claimed_cents <> cents) AS other_claims,
       sum(sign * claimed_cents - cents) FILTER (WHERE sign * claimed_cents <> cents) AS claim_difference_cents
FROM (SELECT *, sign * ((2 * price * quantity + divisor) / (2 * divisor)) AS cents FROM ({rows}) AS read) AS priced
GROUP BY coverage, service_month, price
"""

# Minutes summed per client, assignment and month before they become hours. A price whose rows were all credited is no
# price of that client. The effects of late rows, credits and withdrawals are taken one after the other, so that
# together they are the whole change.
_BY_CLIENT_MONTH = """
SELECT coverage, service_month, price,
       sum(rows) AS rows, sum(quantity) AS quantity, sum(hours) AS billed_quantity,
       sum(cents) AS cents,
       sum(late_rows) AS late_rows, sum(cents_with_late - cents_before) AS late_cents,
       sum(credited_rows) AS credited_rows, sum(cents_with_credits - cents_with_late) AS credited_cents,
       sum(withdrawn_rows) AS withdrawn_rows, sum(cents - cents_with_credits) AS withdrawn_cents,
       {references_of_clients},
       sum(unpriced_rows) AS unpriced_rows, sum(crossing_rows) AS crossing_rows,
       count(*) FILTER (WHERE two_prices) AS two_price_clients,
       count(*) FILTER (WHERE claimed_entries = entries AND claimed_cents <> cents) AS other_claims,
       sum(claimed_cents - cents) FILTER (WHERE claimed_entries = entries AND claimed_cents <> cents)
           AS claim_difference_cents
FROM (
    SELECT *, coalesce(lowest_price < price, false) AS two_prices,
           {cents_all} AS cents, {cents_before} AS cents_before, {cents_with_late} AS cents_with_late,
           {cents_with_credits} AS cents_with_credits, {hours_all} AS hours
    FROM (
        SELECT coverage, service_month, client_id, assignment, divisor,
               CASE WHEN bool_or(price IS NULL AND rows <> 0) THEN NULL
                    ELSE coalesce(max(price) FILTER (WHERE rows <> 0), max(price)) END AS price,
               min(price) FILTER (WHERE rows <> 0) AS lowest_price,
               coalesce(sum(rows) FILTER (WHERE price IS NULL), 0) AS unpriced_rows, sum(entries) AS entries,
               sum(rows) AS rows, sum(quantity)::bigint AS quantity, sum(minutes_before)::bigint AS minutes_before,
               sum(minutes_with_late)::bigint AS minutes_with_late,
               sum(minutes_with_credits)::bigint AS minutes_with_credits, sum(late_rows) AS late_rows,
               sum(credited_rows) AS credited_rows, sum(withdrawn_rows) AS withdrawn_rows,
               {references_of_clients},
               sum(crossing_rows) AS crossing_rows,
               sum(claimed_entries) AS claimed_entries, sum(claimed_cents) AS claimed_cents
        FROM (
            SELECT coverage, service_month, client_id, assignment, divisor, price,
                   count(*) AS entries, sum(sign) AS rows, sum(sign * quantity) AS quantity,
                   coalesce(sum(sign * quantity) FILTER (WHERE part = 0), 0) AS minutes_before,
                   coalesce(sum(sign * quantity) FILTER (WHERE part <= 1), 0) AS minutes_with_late,
                   coalesce(sum(sign * quantity) FILTER (WHERE part <= 2), 0) AS minutes_with_credits,
                   count(*) FILTER (WHERE part = 1) AS late_rows, count(*) FILTER (WHERE part = 2) AS credited_rows,
                   count(*) FILTER (WHERE part = 3) AS withdrawn_rows,
                   {references},
                   sum(sign) FILTER (WHERE crosses) AS crossing_rows,
                   count(claimed_cents) AS claimed_entries, sum(sign * claimed_cents) AS claimed_cents
            FROM ({rows}) AS read
            GROUP BY coverage, service_month, client_id, assignment, divisor, price
        ) AS client_price
        GROUP BY coverage, service_month, client_id, assignment, divisor
    ) AS client_month
) AS priced
GROUP BY coverage, service_month, price, two_prices
"""


_PARTS = {"late": 1, "credited": 2, "withdrawn": 3}

# The first and last reference of each part, in months before the run's own: enough to name one row or two.
_REFERENCES = ", ".join(
    f"{which}(reference) FILTER (WHERE part = {part} AND service_month < :period) AS {name}_{which}"
    for name, part in _PARTS.items()
    for which in ("min", "max")
)
_REFERENCES_OF_CLIENTS = ", ".join(
    f"{which}({name}_{which}) AS {name}_{which}" for name in _PARTS for which in ("min", "max")
)


def _hours(minutes: str) -> str:
    half = MINUTES_PER_HOUR // 2
    # Part of the rows can be less than nothing: a credit takes the place of one that is withdrawn in the next part.
    return f"CASE WHEN {minutes} <= 0 THEN 0 ELSE greatest(1, ({minutes} + {half}) / {MINUTES_PER_HOUR}) END"


def _cents(minutes: str) -> str:
    return f"(2 * price * ({_hours(minutes)}) + divisor) / (2 * divisor)"


@dataclass(frozen=True, slots=True)
class Priced:
    """What pricing found for one contract. Findings of severity error mean that it cannot be settled."""

    volumes: Sequence[PricedVolume]
    findings: Sequence[Finding]


def price_months(
    connection: Connection,
    terms: Terms,
    changed_months: Mapping[int, Sequence[Month]],
    known_before: Mapping[int, int],
) -> Mapping[int, Priced]:
    """Price the deliveries of `changed_months` (by contract id), known at the cut-off of `terms`.

    `known_before` is the cut-off of each contract's previous settlement: what was recorded later is told apart as late,
    credited or withdrawn. The answer has an entry for every contract of `terms`.
    """
    read = [coverage for coverage in coverages(terms) if changed_months.get(coverage.registered.id)]
    volumes: dict[int, list[PricedVolume]] = {registered.id: [] for registered in terms.contracts}
    findings: dict[int, list[Finding]] = {registered.id: [] for registered in terms.contracts}
    if read:
        freeze(connection, terms, read, changed_months, known_before)
        for statement, parameters in pricing_statements(read, terms, changed_months):
            for row in connection.execute(text(statement), parameters):
                coverage = read[row.coverage]
                findings[coverage.registered.id] += _findings(coverage, row)
                if row.price is not None and not row.two_price_clients:
                    volumes[coverage.registered.id].append(_volume(coverage, terms, row))
        connection.execute(text("DROP TABLE run_coverages, run_prices, run_changed_months"))
    return {
        registered.id: Priced(
            sorted(volumes[registered.id], key=lambda volume: (volume.key, volume.price, astuple(volume.rule))),
            sorted(findings[registered.id], key=lambda finding: (finding.code, finding.place)),
        )
        for registered in terms.contracts
    }


def freeze(
    connection: Connection,
    terms: Terms,
    read: Sequence[Coverage],
    changed_months: Mapping[int, Sequence[Month]],
    known_before: Mapping[int, int],
) -> None:
    """Copy what the run reads into temporary tables that live until the transaction ends."""
    for statement in _FREEZE.split(";"):
        if statement.strip():
            connection.execute(text(statement))
    versions = {name: version.id for name, version in terms.price_versions.items()}
    _copy(
        connection,
        "run_coverages",
        (
            (
                number,
                coverage.registered.id,
                terms.municipalities[coverage.municipality].id,
                terms.providers[coverage.registered.contract.provider].id,
                coverage.product.id,
                period.start,
                period.end,
                versions.get(coverage.component.price_list),
                coverage.price_of_last_day,
                coverage.rule.rounding is Rounding.CLIENT_MONTH,
                coverage.rule.units_per_price * PRICE_UNITS_PER_CENT,
                known_before.get(coverage.registered.id, 0),
            )
            for number, coverage in enumerate(read)
            for period in coverage.periods
        ),
    )
    _copy(
        connection,
        "run_prices",
        (
            (price.version_id, price.product_id, start, end, int(price.price * PRICE_SCALE))
            for price, start, end in _while_unchanged(terms.prices)
        ),
    )
    _copy(
        connection,
        "run_changed_months",
        ((contract, month.first_day) for contract, changed in changed_months.items() for month in changed),
    )
    connection.execute(text("ANALYZE run_coverages, run_prices, run_changed_months"))


def pricing_statements(
    read: Sequence[Coverage], terms: Terms, changed_months: Mapping[int, Sequence[Month]]
) -> list[tuple[str, dict[str, Any]]]:
    """The statements that price, with their parameters: one for each rounding that occurs."""
    months = sorted({month for changed in changed_months.values() for month in changed})
    parameters: dict[str, Any] = {"cutoff": terms.cutoff, "period": terms.period.first_day}
    parameters |= {f"month_{i}": month.first_day for i, month in enumerate(months)}
    placeholders = ", ".join(f":month_{i}" for i in range(len(months)))
    per_rounding = {
        Rounding.ROW: _BY_ROW.format(
            rows=_PRICED_ROWS.format(months=placeholders, per_client_month="false"), references=_REFERENCES
        ),
        Rounding.CLIENT_MONTH: _BY_CLIENT_MONTH.format(
            rows=_PRICED_ROWS.format(months=placeholders, per_client_month="true"),
            cents_all=_cents("quantity"),
            cents_before=_cents("minutes_before"),
            cents_with_late=_cents("minutes_with_late"),
            cents_with_credits=_cents("minutes_with_credits"),
            hours_all=_hours("quantity"),
            references=_REFERENCES,
            references_of_clients=_REFERENCES_OF_CLIENTS,
        ),
    }
    return [(per_rounding[r], parameters) for r in Rounding if any(c.rule.rounding is r for c in read)]


def _volume(coverage: Coverage, terms: Terms, row: Any) -> PricedVolume:
    return PricedVolume(
        component=coverage.component.key,
        municipality=coverage.municipality,
        month=Month.of(row.service_month),
        product=coverage.product.code,
        treatment=coverage.treatment,
        rule=coverage.rule,
        price=_price(row.price),
        price_version_id=terms.price_versions[coverage.component.price_list].id,
        rows=int(row.rows),
        quantity=int(row.quantity),
        billed_quantity=int(row.billed_quantity),
        amount=Eur.of_cents(int(row.cents)),
        late=_effect(row, "late"),
        credited=_effect(row, "credited"),
        withdrawn=_effect(row, "withdrawn"),
    )


def _effect(row: Any, part: str) -> RowEffect:
    values = row._mapping
    references = sorted({values[f"{part}_min"], values[f"{part}_max"]} - {None})
    return RowEffect(int(values[f"{part}_rows"]), Eur.of_cents(int(values[f"{part}_cents"] or 0)), tuple(references))


def _price(scaled: int) -> Decimal:
    """The price as it stands in a price list: two decimals, or up to four where it has them."""
    price = Decimal(scaled) / PRICE_SCALE
    return price.quantize(Decimal("0.01")) if scaled % PRICE_UNITS_PER_CENT == 0 else price


def _findings(coverage: Coverage, row: Any) -> list[Finding]:
    month = str(Month.of(row.service_month))
    place = f"product {coverage.product.code}, {coverage.municipality}, {month}"
    # A shadow line is not paid: without one price it cannot be shown, and the budget is paid all the same.
    severity = Severity.ERROR if coverage.treatment is Treatment.PAYABLE else Severity.WARNING
    found = []
    if row.unpriced_rows:  # what was credited needs no price
        what = f'prijslijst "{coverage.component.price_list}" heeft geen prijs voor {_deliveries(row.unpriced_rows)}'
        found.append(Finding(NO_PRICE, severity, place, what, NO_PRICE_HINT))
    if row.two_price_clients:
        what = f"twee prijzen in één maand, terwijl per cliënt en maand wordt afgerond ({_clients(row)})"
        found.append(Finding(TWO_PRICES, severity, place, what, TWO_PRICES_HINT))
    if row.crossing_rows:
        found.append(
            Finding(
                "P03",
                Severity.WARNING,
                place,
                f"bij {_deliveries(row.crossing_rows)} verandert de prijs onderweg; die van één dag telt voor alles",
                "laat de aanbieder de levering splitsen op de dag van de wijziging",
            )
        )
    if row.other_claims:
        difference = format_eur(Eur.of_cents(int(row.claim_difference_cents)))
        found.append(
            Finding(
                "P04",
                Severity.WARNING,
                place,
                f"voor {_deliveries(row.other_claims)} is een ander bedrag gedeclareerd, verschil {difference}",
                "het berekende bedrag telt; vraag de aanbieder naar zijn tarief",
            )
        )
    return found


def _deliveries(rows: int) -> str:
    return "1 levering" if rows == 1 else f"{format_number(rows)} leveringen"


def _clients(row: Any) -> str:
    return "1 cliënt" if row.two_price_clients == 1 else f"{row.two_price_clients} cliënten"


def _while_unchanged(prices: Iterable[Price]) -> list[tuple[Price, date, date]]:
    """The days for which each price holds on end, also where a list gives the same price in two periods."""
    held: list[tuple[Price, date, date]] = []
    for price in sorted(prices, key=lambda price: (price.version_id, price.product_id, price.period)):
        first, start, end = held[-1] if held else (price, date.min, date.min)
        same = (first.version_id, first.product_id, first.price) == (price.version_id, price.product_id, price.price)
        if same and end == price.period.start:
            held[-1] = (first, start, price.period.end)
        else:
            held.append((price, price.period.start, price.period.end))
    return held


def _copy(connection: Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Fill a temporary table with COPY."""
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
