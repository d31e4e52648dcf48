"""What became of a delivered reference, as a run knows it: paid in which line, or why not.

A provider asks after a row by its own reference. The answer is one paragraph for every row that was received under it,
from the facts at the run's cut-off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select, text

from contracts.components.arrangement import ArrangementComponent
from contracts.components.component import PricedPart
from contracts.tables import municipalities, providers
from importers.credit_verdicts import own_verdicts
from importers.places import row_places
from importers.rules import CONTRADICTED, CREDITED_BEFORE, RECEIVED_VERDICTS, VERDICTS
from importers.tables import (
    batch_findings,
    batches,
    contradicted_references,
    credits,
    deliveries,
    received_references,
)
from kernel.findings import Refusal, Severity
from kernel.identifiers import as_shown
from kernel.money import total
from kernel.notation import format_eur, format_month, format_number
from kernel.periods import Month
from settlement.entitlement import LineKey, Treatment
from settlement.funding.spread import bases_of
from settlement.languages.dutch import DUTCH
from settlement.phrases import counted
from settlement.pricing.rows import PricingGroup, pricing_groups
from settlement.reading import Run, SettledContract
from settlement.rejected import senders_of
from settlement.runs import STATE_NAMES
from settlement.tables import of_contract, run_lines, runs
from settlement.terms import Coverage, Terms, coverages, read_terms
from tariffs.tables import products
from tariffs.units import Rounding

_KEY = ("municipality_id", "provider_id", "law", "reference", "service_month")
_REJECTED_SHOWN = 5
_REJECTED_SHOWN_OF_ONE = 20
_SENDERS_SHOWN = 3


def what_became_of(connection: Connection, run: Run, reference: str, agb_code: str | None = None) -> list[str]:
    """A Dutch paragraph for every row received under `reference`, of all providers or of one.

    When there is none, the paragraph says so and the next ones name the rows that were rejected, of which the reference
    is not kept. Raises `Refusal` for a provider that is not known.
    """
    query = (
        select(
            received_references,
            municipalities.c.code.label("municipality"),
            providers.c.agb_code,
            batches.c.file_name,
            contradicted_references.c.recording.label("contradicted"),
        )
        .join(municipalities, municipalities.c.id == received_references.c.municipality_id)
        .join(providers, providers.c.id == received_references.c.provider_id)
        .join(batches, batches.c.recording == received_references.c.batch)
        .outerjoin(contradicted_references, _same_key(contradicted_references))
        .where(received_references.c.reference == reference)
        .order_by(received_references.c.batch, received_references.c.row_number)
    )
    if agb_code is not None:
        if connection.execute(select(providers.c.id).where(providers.c.agb_code == agb_code)).first() is None:
            raise Refusal(f"aanbieder {agb_code} is niet bekend", "geef de AGB-code: acht cijfers")
        query = query.where(providers.c.agb_code == agb_code)
    received = connection.execute(query).all()
    places = row_places(connection, ((row.batch, row.row_number) for row in received))
    stories = [_story(connection, run, row, places[(row.batch, row.row_number)]) for row in received]
    return stories or _never_received(connection, reference, agb_code)


def _same_key(table: Any) -> Any:
    return and_(*(table.c[name] == received_references.c[name] for name in _KEY))


def _story(connection: Connection, run: Run, row: Any, place: str) -> str:
    kind = "creditregel" if row.previous_reference else "levering"
    credit = "" if row.previous_reference else _credited(connection, run, row)
    start = (
        f"{credit}Referentie {as_shown(row.reference)} is een {kind} van aanbieder {row.agb_code} voor "
        f"{row.municipality} ({row.law}) over {format_month(row.service_month)}: {place} van {row.file_name}, "
        f"vastlegging {row.batch}."
    )
    return f"{start} {_outcome(connection, run, row, counts=not credit)}"


def _outcome(connection: Connection, run: Run, row: Any, *, counts: bool) -> str:
    if row.batch > run.cutoff:
        return (
            f"Deze run kent de vastleggingen tot en met {run.cutoff}; de regel kwam later binnen en komt in een "
            "volgende run aan de orde."
        )
    if row.contradicted is not None and row.contradicted <= run.cutoff:
        said = CONTRADICTED.message.format(reference=as_shown(row.reference))
        return f"Niet betaald: {said} (vastlegging {row.contradicted}). Herstel: {CONTRADICTED.hint}."
    entries = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.municipality_id == row.municipality_id,
            deliveries.c.service_month == row.service_month,
            deliveries.c.batch == row.batch,
            deliveries.c.row_number == row.row_number,
            deliveries.c.recording <= run.cutoff,
        )
        .order_by(deliveries.c.recording)
    ).all()
    if not sum(entry.sign for entry in entries):
        verdict = VERDICTS[_why_credit_does_not_count(connection, run, row)]
        reference, previous = as_shown(row.reference), as_shown(row.previous_reference or "")
        said = verdict.message.format(reference=reference, previous_reference=previous)
        return f"Telt nog niet mee: {said}. Herstel: {verdict.hint}."
    return _settled(connection, run, row, entries[-1], counts=counts)


def _why_credit_does_not_count(connection: Connection, run: Run, row: Any) -> str:
    """The code of the verdict on a credit at the run's cut-off."""
    query = f"""
        SELECT coalesce(own_verdict, '{CREDITED_BEFORE.code}') FROM ({own_verdicts(at_cutoff=True)}) AS judged
        WHERE municipality_id = :municipality AND provider_id = :provider AND law = :law AND reference = :reference
            AND service_month = :month"""
    key = {
        "municipality": row.municipality_id,
        "provider": row.provider_id,
        "law": row.law,
        "reference": row.reference,
        "month": row.service_month,
    }
    code: str = connection.execute(text(query), {"cutoff": run.cutoff, **key}).scalar_one()
    return code


def _settled(connection: Connection, run: Run, row: Any, entry: Any, *, counts: bool) -> str:
    """Where a row is settled, or why nowhere. One that was credited was settled before, and no longer `counts`."""
    if Month.of(row.service_month) > run.period:
        return f"De run loopt tot en met {format_month(run.period.first_day)}; deze maand komt in een volgende run."
    terms = read_terms(connection, run.period, run.cutoff)
    product = connection.execute(select(products.c.code).where(products.c.id == entry.product_id)).scalar_one()
    covering = [
        coverage
        for coverage in coverages(terms)
        if (coverage.provider, coverage.product.id) == (row.agb_code, entry.product_id)
        and row.municipality in coverage.municipalities
        and any(entry.service_start in period for period in coverage.periods)
    ]
    if not covering:
        return (
            f"Niet betaald: geen contract van deze aanbieder in {row.municipality} dekt product {product} op die dag. "
            "Herstel: leg het contract vast, of laat de aanbieder de levering crediteren."
        )
    return " ".join(
        _in_contract(connection, run, coverage, row.municipality, entry, terms, counts=counts) for coverage in covering
    )


def _in_contract(
    connection: Connection, run: Run, coverage: Coverage, municipality: str, entry: Any, terms: Terms, *, counts: bool
) -> str:
    number, component = coverage.registered.contract.number, coverage.component
    settled = next((contract for contract in run.contracts if contract.id == coverage.registered.id), None)
    if settled is None:
        return f"De levering valt onder contract {number}, dat in deze run niet is afgerekend."
    if settled.parked:
        return f"Nog niet betaald: contract {number} is in deze run geparkeerd. {_parked_because(settled)}"
    month = Month.of(entry.service_month)
    key = LineKey(component.key, municipality, month, coverage.product.code, coverage.treatment)
    group = next(
        group
        for group in pricing_groups(connection, terms, settled.id, key)
        if any((row.batch, row.row_number) == (entry.batch, entry.row_number) for row in group.rows)
    )
    where = f"contract {number}, onderdeel {component.key} ({component.clause})"
    worth = "Er is geen prijs voor, dus er is geen bedrag." if group.amount is None else _worth(group, entry)
    said_in = _line_of(connection, run, settled, key, entry.recording)
    if coverage.treatment is Treatment.PAYABLE:
        how = "Telt mee onder {where}." if counts else "Zij telde mee onder {where}."
    else:
        how = _COUNTED_FOR[component.counted_for(coverage.product.code)]
    return " ".join([how.format(where=where), worth, said_in, *_beside(connection, run, settled, key)])


# What pays for a delivery that is counted, by what its component says of it.
_COUNTED_FOR = {
    "bands": (
        "Niet apart betaald: telt mee in de som die {where} volgens een staffel betaalt. De waarde volgens de "
        "prijslijst is ter informatie."
    ),
    "care": (
        "Niet apart betaald: {where} betaalt per periode waarin een cliënt zorg had, en deze levering telt daarvoor "
        "mee. De waarde volgens de prijslijst is ter informatie."
    ),
    "assigned": (
        "Niet apart betaald: {where} betaalt per periode waarin een cliënt een toewijzing had. De levering telt als "
        "schaduwregel."
    ),
    "trajectory": "Niet apart betaald: {where} betaalt het traject als geheel. De levering telt als schaduwregel.",
    "arrangement": (
        "Niet apart betaald: {where} betaalt arrangementen volgens hun toewijzing. De levering telt als schaduwregel."
    ),
    "budget": "Niet apart betaald: telt als schaduwregel onder het budget van {where}.",
}


def _beside(connection: Connection, run: Run, settled: SettledContract, key: LineKey) -> list[str]:
    """What else the settlement says about the month: what pays for rows that count, and what of them is not paid."""
    lines = _lines_beside(connection, run, settled, key)
    sentences = []
    for treatment, sentence in _SAID_BESIDE.items():
        found = [line for line in lines if line.treatment == treatment]
        if treatment is Treatment.PAYABLE:
            is_counted = key.treatment is Treatment.SHADOW
            found = [line for line in found if is_counted and line.component == key.component]
        amount = total(line.amount_eur for line in found)
        if amount:
            where = ", ".join(f"regel {line.line} van run {line.run_id}" for line in found)
            month = format_month(key.month.first_day)
            sentences.append(sentence.format(month=month, amount=format_eur(amount), where=where))
    return sentences


_SAID_BESIDE = {
    Treatment.PAYABLE: "Daarvoor is over {month} {amount} euro te betalen: zie {where}.",
    Treatment.UNFUNDED: "Van wat over {month} geleverd is, wordt {amount} euro niet betaald: zie {where}.",
    Treatment.PASSED_ON: "Van wat over {month} betaald wordt, is {amount} euro voor onderaannemers: zie {where}.",
}


def _lines_beside(connection: Connection, run: Run, settled: SettledContract, key: LineKey) -> list[Any]:
    """The lines of the contract itself in the month that follow from the component, or from a rule on top of it."""
    bases = bases_of(settled.contract)
    components = [key.component, *(modifier for modifier, of in bases.items() if key.component in of)]
    others = {product for component in settled.contract.priced for product in _products_with_lines(component)}
    query = (
        _lines_of(run, settled, key)
        .where(run_lines.c.component.in_(components), of_contract(run_lines.c.label))
        .order_by(run_lines.c.run_id, run_lines.c.line)
    )
    return [
        line
        for line in connection.execute(query)
        if (about := line.label.partition(" ")[2]) == key.label or about not in others
    ]


def _parked_because(settled: SettledContract) -> str:
    errors = [finding for finding in settled.findings if finding.severity is Severity.ERROR]
    return " ".join(f"Reden: {finding.code} {finding}." for finding in errors[:1])


def _worth(group: PricingGroup, entry: Any) -> str:
    assert group.price is not None
    assert group.amount is not None
    price = f"{format_number(group.price)} per {DUTCH.one(group.rule.price_per)}"
    words = DUTCH.units[group.rule.unit]
    amount, quantity = format_eur(group.amount), counted(group.quantity, words)
    if group.rule.rounding is Rounding.CLIENT_MONTH:
        return (
            f"Deze regel van {counted(entry.quantity, words)} telt in de maand van de cliënt: samen {quantity}, "
            f"afgerond op {group.billed_quantity} uur × {price} = {amount} euro."
        )
    return f"{quantity} × {price} = {amount} euro."


def _products_with_lines(component: PricedPart) -> tuple[str, ...]:
    """The products that lines of the contract itself are about; an arrangement pays for products of any kind."""
    if isinstance(component, ArrangementComponent):
        return ()
    return (*component.products_paid, *component.products_counted)


def _lines_of(run: Run, settled: SettledContract, key: LineKey) -> Select[Any]:
    """The lines of a contract over the month and municipality of `key`, of posted runs and of this one."""
    return (
        select(run_lines, runs.c.state)
        .join(runs, runs.c.id == run_lines.c.run_id)
        .join(municipalities, municipalities.c.id == run_lines.c.municipality_id)
        .where(
            run_lines.c.contract_id == settled.id,
            municipalities.c.code == key.municipality,
            run_lines.c.service_month == key.month.first_day,
            (runs.c.posting <= run.cutoff) | (runs.c.id == run.id),
        )
    )


def _line_of(connection: Connection, run: Run, settled: SettledContract, key: LineKey, recording: int) -> str:
    """The first line in which a row known from `recording` was said, of a posted run or of this one."""
    line = connection.execute(
        _lines_of(run, settled, key)
        .where(
            run_lines.c.component == key.component,
            run_lines.c.label == key.label,
            run_lines.c.treatment == key.treatment,
            runs.c.cutoff >= recording,
        )
        .order_by(func.coalesce(runs.c.posting, run.cutoff + 1), runs.c.id)
        .limit(1)
    ).one_or_none()
    if line is None:
        return "Het bedrag van de maand is er niet door veranderd, dus geen regel noemt hem."
    return f"Zie regel {line.line} van run {line.run_id} ({STATE_NAMES[line.state]})."


def _credited(connection: Connection, run: Run, row: Any) -> str:
    """That a debit no longer counts, and which credit took it back; nothing while it counts."""
    credit = connection.execute(
        select(credits.c.reference, credits.c.batch, credits.c.row_number, batches.c.file_name)
        .join(batches, batches.c.recording == credits.c.batch)
        .join(
            deliveries,
            (deliveries.c.municipality_id == credits.c.municipality_id)
            & (deliveries.c.service_month == credits.c.service_month)
            & (deliveries.c.batch == credits.c.batch)
            & (deliveries.c.row_number == credits.c.row_number),
        )
        .where(
            credits.c.municipality_id == row.municipality_id,
            credits.c.provider_id == row.provider_id,
            credits.c.law == row.law,
            credits.c.previous_reference == row.reference,
            credits.c.service_month == row.service_month,
            deliveries.c.recording <= run.cutoff,
        )
        .group_by(credits.c.reference, credits.c.batch, credits.c.row_number, batches.c.file_name)
        .having(func.sum(deliveries.c.sign) != 0)
    ).one_or_none()
    if credit is None:
        return ""
    place = row_places(connection, [(credit.batch, credit.row_number)])[(credit.batch, credit.row_number)]
    return (
        f"Telt niet meer mee: creditregel {as_shown(credit.reference)} ({place} van {credit.file_name}, vastlegging "
        f"{credit.batch}) nam de levering terug. "
    )


def _never_received(connection: Connection, reference: str, agb_code: str | None) -> list[str]:
    """The rejected rows that it may be; of one provider only those in files that have rows of it."""
    at_provider = f" bij aanbieder {agb_code}" if agb_code else ""
    start = (
        f"Referentie {as_shown(reference)} komt niet voor{at_provider}: er is nooit een geldige rij onder ontvangen."
    )
    others = _providers_of(connection, reference)
    if others:
        start += f" Wel van aanbieder {', '.join(others)}."
    rejected = _rejected_rows(connection)
    senders = senders_of(connection, {row.recording for row in rejected})
    candidates = [
        row for row in rejected if agb_code is None or agb_code in (row.providers or senders.get(row.recording, []))
    ]
    if not candidates:
        return [f"{start} Er zijn ook geen rijen geweigerd: vraag de aanbieder of de rij is verstuurd."]
    shown = candidates[: _REJECTED_SHOWN_OF_ONE if agb_code else _REJECTED_SHOWN]
    places = row_places(connection, ((row.recording, row.row_number) for row in shown))
    more = len(candidates) - len(shown)
    narrower = "" if agb_code else "; met --provider alleen die van een aanbieder"
    return [
        f"{start} Van een geweigerde rij wordt de referentie niet bewaard: zoek de rij in het bestand van de aanbieder "
        "en vergelijk haar nummer met de geweigerde rijen hieronder.",
        *(
            f"{row.file_name} ({_sent_by(row.providers or senders.get(row.recording, []))}), "
            f"{places[(row.recording, row.row_number)]} (vastlegging {row.recording}): {' '.join(row.reasons)}"
            for row in shown
        ),
        *(
            [f"En nog {counted(more, 'geweigerde rij/geweigerde rijen')} in eerdere bestanden{narrower}."]
            if more
            else []
        ),
    ]


@dataclass(frozen=True, slots=True)
class _RejectedRow:
    """A row that was rejected, with every reason; `providers` that its file names, empty when that does not tell."""

    recording: int
    file_name: str
    row_number: int
    providers: Sequence[str]
    reasons: Sequence[str]


def _rejected_rows(connection: Connection) -> list[_RejectedRow]:
    """Rejected rows by file, the last first. A file that came again under its name holds instead of the earlier one."""
    later = batches.alias("later")
    is_replaced = exists().where(
        later.c.recording > batches.c.recording,
        later.c.file_name == batches.c.file_name,
        func.coalesce(later.c.providers == batches.c.providers, True),
    )
    found = connection.execute(
        select(batch_findings, batches.c.file_name, batches.c.providers)
        .join(batches, batches.c.recording == batch_findings.c.recording)
        .where(
            batch_findings.c.severity == Severity.ERROR,
            batch_findings.c.code.not_in(RECEIVED_VERDICTS),  # of those rows the references are kept
            ~is_replaced,
        )
        .order_by(batch_findings.c.recording.desc(), batch_findings.c.row_number, batch_findings.c.code)
    )
    return [
        _RejectedRow(
            recording,
            (of_row := list(findings))[0].file_name,
            row_number,
            of_row[0].providers or (),
            [f"{finding.code} {finding.message}. Herstel: {finding.hint}." for finding in of_row],
        )
        for (recording, row_number), findings in groupby(found, key=lambda row: (row.recording, row.row_number))
    ]


def _providers_of(connection: Connection, reference: str) -> list[str]:
    query = (
        select(providers.c.agb_code)
        .join(received_references, received_references.c.provider_id == providers.c.id)
        .where(received_references.c.reference == reference)
        .distinct()
        .order_by(providers.c.agb_code)
    )
    return list(connection.execute(query).scalars())


def _sent_by(agb_codes: Sequence[str]) -> str:
    if not agb_codes:
        return "aanbieder onbekend"
    named = ", ".join(agb_codes[:_SENDERS_SHOWN])
    more = f" en {len(agb_codes) - _SENDERS_SHOWN} andere" if len(agb_codes) > _SENDERS_SHOWN else ""
    return f"aanbieder {named}{more}"
