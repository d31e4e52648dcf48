"""What must always hold, checked by name, on another path than the one that computed it.

After every run and every posting what concerns that run is checked: a broken invariant is a bug, the transaction is
rolled back and nothing of the run remains. `broken_in_the_books` checks everything that is stored (`ledger check`).

The names are shown to users, so they are Dutch. A query finds nothing when its invariant holds; the names of its
columns and what is in them say where it does not.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select, text

from contracts.register import contracts_known
from importers.credit_verdicts import own_verdicts
from kernel.notation import format_date, format_number
from settlement.audit import says_the_same
from settlement.tables import runs

_MOST_PLACES = 5


class BrokenInvariant(AssertionError):
    """The program contradicts itself."""


_OF_A_RUN = {
    "het totaal van een contract is de som van zijn betaalbare regels": """
        SELECT n.number AS contract, c.total_eur AS totaal, sum(l.amount_eur) AS regels
        FROM run_contracts c JOIN contracts n ON n.id = c.contract_id
        LEFT JOIN run_lines l ON l.run_id = c.run_id AND l.contract_id = c.contract_id AND l.treatment = 'payable'
        WHERE c.run_id = :run GROUP BY n.number, c.total_eur
        HAVING c.total_eur <> coalesce(sum(l.amount_eur), 0)
    """,
    "een regel over leveringen is de som van zijn volumes": """
        SELECT l.line AS regel, l.entitled_eur AS recht, sum(v.amount_eur) AS volumes
        FROM run_lines l JOIN products p ON p.code = l.label
        LEFT JOIN run_volumes v ON v.run_id = l.run_id AND v.contract_id = l.contract_id AND v.component = l.component
            AND v.municipality_id = l.municipality_id AND v.service_month = l.service_month AND v.product_id = p.id
            AND v.treatment = l.treatment
        WHERE l.run_id = :run GROUP BY l.line, l.entitled_eur
        HAVING l.entitled_eur <> coalesce(sum(v.amount_eur), 0)
    """,
    "de redenen van een correctie tellen op tot de correctie": """
        SELECT line AS regel, amount_eur AS correctie FROM run_lines
        WHERE run_id = :run AND jsonb_array_length(causes) > 0
            AND amount_eur <> (SELECT sum((cause ->> 'amount_eur')::numeric) FROM jsonb_array_elements(causes) AS cause)
    """,
    "wat een regel zegt is het recht tot nu toe, min wat al geboekt was": """
        SELECT l.line AS regel, l.posted_before_eur AS eerder, b.amount_eur AS geboekt FROM run_lines l LEFT JOIN (
            SELECT contract_id, component, municipality_id, service_month, label, treatment,
                sum(amount_eur) AS amount_eur
            FROM run_lines o JOIN runs p ON p.id = o.run_id
            WHERE p.posting <= (SELECT cutoff FROM runs WHERE id = :run)
            GROUP BY contract_id, component, municipality_id, service_month, label, treatment
        ) b USING (contract_id, component, municipality_id, service_month, label, treatment)
        WHERE l.run_id = :run AND l.posted_before_eur <> coalesce(b.amount_eur, 0)
    """,
    "wat verrekend wordt is de som van de voorschotten die verrekend worden": """
        SELECT n.number AS contract, c.set_off_eur AS verrekend, sum(s.amount_eur) AS voorschotten
        FROM run_contracts c JOIN contracts n ON n.id = c.contract_id
        LEFT JOIN run_set_offs s ON s.run_id = c.run_id AND s.contract_id = c.contract_id
        WHERE c.run_id = :run GROUP BY n.number, c.set_off_eur
        HAVING c.set_off_eur <> coalesce(sum(s.amount_eur), 0)
    """,
    "geen voorschot wordt voor meer verrekend dan het is": """
        SELECT n.number AS contract, a.reference AS voorschot, a.amount_eur AS bedrag, sum(s.amount_eur) AS verrekend
        FROM advances a JOIN contracts n ON n.id = a.contract_id
        JOIN run_set_offs s ON s.contract_id = a.contract_id AND s.advance_reference = a.reference
        JOIN runs r ON r.id = s.run_id
        WHERE r.id = :run OR r.posting <= (SELECT cutoff FROM runs WHERE id = :run)
        GROUP BY n.number, a.reference, a.amount_eur
        HAVING abs(sum(s.amount_eur)) > abs(a.amount_eur) OR sum(s.amount_eur) * a.amount_eur < 0
    """,
}

# A slice that two contracts read, one after the other, belongs to neither alone and is left out.
_OF_ITS_DELIVERIES = {
    "elke levering van een berekende maand zit in een volume, of staat in een bevinding": """
        WITH read_slices AS (
            SELECT slice.contract_id, m.id AS municipality_id, p.id AS product_id, a.id AS provider_id,
                slice.municipality, slice.product
            FROM unnest(CAST(:contract_ids AS int[]), CAST(:providers AS text[]), CAST(:municipalities AS text[]),
                CAST(:products AS text[])) AS slice (contract_id, provider, municipality, product)
            JOIN municipalities m ON m.code = slice.municipality
            JOIN providers a ON a.agb_code = slice.provider
            JOIN products p ON p.code = slice.product
        ), received AS (
            SELECT contract_id, municipality_id, product_id, service_month, min(municipality) AS municipality,
                min(product) AS product, sum(rows) AS rows
            FROM delivery_totals t JOIN read_slices s USING (municipality_id, provider_id, product_id)
            WHERE recording <= (SELECT cutoff FROM runs WHERE id = :run)
            GROUP BY contract_id, municipality_id, product_id, service_month
        ), priced AS (
            SELECT contract_id, municipality_id, product_id, service_month, sum(rows) AS rows
            FROM run_volumes WHERE run_id = :run GROUP BY contract_id, municipality_id, product_id, service_month
        )
        SELECT r.municipality AS gemeente, r.product, to_char(r.service_month, 'YYYY-MM') AS maand,
            r.rows AS ontvangen, v.rows AS berekend
        FROM received r
        JOIN run_months k ON k.run_id = :run AND k.contract_id = r.contract_id AND k.service_month = r.service_month
        LEFT JOIN priced v ON v.contract_id = r.contract_id AND v.municipality_id = r.municipality_id
            AND v.product_id = r.product_id AND v.service_month = r.service_month
        WHERE r.rows <> coalesce(v.rows, 0)
            AND NOT EXISTS (
                SELECT FROM run_findings f JOIN read_slices s USING (provider_id, municipality_id, product_id)
                WHERE f.run_id = :run AND f.code IN ('P01', 'P02', 'P05') AND s.contract_id = r.contract_id
                AND f.municipality_id = r.municipality_id AND f.product_id = r.product_id
                AND f.service_month = r.service_month)
    """,
}

# What a statement shows is read from the lines and the totals of the run, so these tie statement and journal too.
_OF_A_POSTING = {
    "een journaalpost telt op tot nul": """
        SELECT l.entry AS post, sum(l.amount_eur) AS verschil
        FROM journal_lines l JOIN journal_entries e ON e.entry = l.entry
        WHERE e.run_id = :run GROUP BY l.entry HAVING sum(l.amount_eur) <> 0
    """,
    "het journaal boekt wat een contract kost, wat er te betalen is en wat verrekend wordt": """
        SELECT n.number AS contract, c.total_eur AS totaal, c.set_off_eur AS verrekend
        FROM run_contracts c JOIN contracts n ON n.id = c.contract_id
        LEFT JOIN journal_entries e ON e.run_id = c.run_id AND e.contract_id = c.contract_id
        LEFT JOIN journal_lines l ON l.entry = e.entry
        WHERE c.run_id = :run
        GROUP BY n.number, c.total_eur, c.set_off_eur
        HAVING c.total_eur <> coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'cost'), 0)
            OR c.set_off_eur - c.total_eur <> coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'payable'), 0)
            OR -c.set_off_eur <> coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'advance'), 0)
    """,
    "het journaal boekt kosten per gemeente, taakveld en maand zoals de regels van de run": """
        WITH said AS (
            SELECT contract_id, municipality_id, task_field, service_month, timing = 'prior_year' AS prior_year,
                sum(amount_eur) AS amount_eur
            FROM run_lines WHERE run_id = :run AND treatment = 'payable' GROUP BY 1, 2, 3, 4, 5
        ), booked AS (
            SELECT e.contract_id, l.municipality_id, l.task_field, l.service_month, l.prior_year,
                sum(l.amount_eur) AS amount_eur
            FROM journal_lines l JOIN journal_entries e ON e.entry = l.entry
            WHERE e.run_id = :run AND l.account = 'cost' GROUP BY 1, 2, 3, 4, 5
        )
        SELECT n.number AS contract, m.code AS gemeente, task_field AS taakveld,
            to_char(service_month, 'YYYY-MM') AS maand, said.amount_eur AS run, booked.amount_eur AS journaal
        FROM said FULL JOIN booked USING (contract_id, municipality_id, task_field, service_month, prior_year)
        LEFT JOIN contracts n ON n.id = contract_id
        LEFT JOIN municipalities m ON m.id = municipality_id
        WHERE coalesce(said.amount_eur, 0) <> coalesce(booked.amount_eur, 0)
    """,
}

# The tables without foreign keys, with their columns that point somewhere; and where these point.
_POINTERS = {
    "deliveries": ("municipality_id", "provider_id", "product_id", "client_id", "batch", "recording"),
    "received_references": ("municipality_id", "provider_id", "batch"),
    "credits": ("municipality_id", "provider_id", "product_id", "client_id", "batch"),
    "contradicted_references": ("municipality_id", "provider_id", "recording"),
    "delivery_totals": ("municipality_id", "provider_id", "product_id", "recording"),
    "run_volumes": ("municipality_id",),
}
_POINTED_TO = {
    "municipality_id": "SELECT id FROM municipalities",
    "provider_id": "SELECT id FROM providers",
    "product_id": "SELECT id FROM products",
    "client_id": "SELECT id FROM clients",
    "batch": "SELECT recording FROM batches",
    "recording": "SELECT recording FROM batches",
}

# The state of a reference as the importer must have left it: a debit counts once unless it is contradicted, a credit
# takes one away when its debit counts and it is the first good one.
_REFERENCES = f"""
    SELECT municipality_id, service_month, batch, row_number,
        CASE WHEN own_verdict IS NULL AND first_of_its_debit THEN -1 ELSE 0 END AS counts
    FROM (
        SELECT *, row_number() OVER (PARTITION BY municipality_id, provider_id, law, previous_reference,
            service_month, own_verdict IS NULL ORDER BY batch, row_number) = 1 AS first_of_its_debit
        FROM ({own_verdicts()}) AS judged
    ) AS ranked
    UNION ALL
    SELECT r.municipality_id, r.service_month, r.batch, r.row_number,
        CASE WHEN x.reference IS NULL THEN 1 ELSE 0 END
    FROM received_references r
    LEFT JOIN contradicted_references x ON x.municipality_id = r.municipality_id AND x.provider_id = r.provider_id
        AND x.law = r.law AND x.reference = r.reference AND x.service_month = r.service_month
    WHERE r.previous_reference IS NULL
"""

_OF_THE_BOOKS = {
    "vastleggingen zijn genummerd zonder gaten en gaan niet terug in de tijd": """
        SELECT number AS vastlegging FROM (
            SELECT number, recorded_at, row_number() OVER numbered AS expected, lag(recorded_at) OVER numbered AS before
            FROM recordings WINDOW numbered AS (ORDER BY number)
        ) AS checked WHERE number <> expected OR recorded_at < before ORDER BY number
    """,
    "elke geboekte run is een vastlegging, en elke boeking een run": """
        SELECT r.id AS run, coalesce(r.posting, p.number) AS vastlegging
        FROM (SELECT * FROM runs WHERE state = 'posted') r
        FULL JOIN (SELECT * FROM recordings WHERE kind = 'posting') p ON p.number = r.posting
        WHERE r.id IS NULL OR p.number IS NULL OR r.posting <= r.cutoff
    """,
    "de geboekte runs van een contract zijn genummerd zonder gaten": """
        SELECT n.number AS contract, run_id AS run, sequence AS volgnummer FROM (
            SELECT c.contract_id, c.run_id, c.sequence,
                row_number() OVER (PARTITION BY c.contract_id ORDER BY r.posting) AS expected
            FROM run_contracts c JOIN runs r ON r.id = c.run_id WHERE r.state = 'posted' AND NOT c.parked
        ) AS numbered JOIN contracts n ON n.id = contract_id WHERE sequence <> expected
    """,
    "een journaalpost hoort bij een geboekte run, in zijn boekperiode": """
        SELECT e.entry AS post FROM journal_entries e
        JOIN runs r ON r.id = e.run_id
        LEFT JOIN run_contracts c ON c.run_id = e.run_id AND c.contract_id = e.contract_id
        WHERE r.state <> 'posted' OR c.run_id IS NULL OR c.parked OR e.booking_period <> r.period
    """,
    "wat geboekt is telt op tot het recht volgens de laatste geboekte regel": """
        SELECT n.number AS contract, m.code AS gemeente, to_char(service_month, 'YYYY-MM') AS maand, label AS wat,
            posted_eur AS geboekt, entitled_eur AS recht
        FROM (
            SELECT l.contract_id, l.component, l.municipality_id, l.service_month, l.label, l.treatment,
                sum(l.amount_eur) AS posted_eur, (array_agg(l.entitled_eur ORDER BY r.posting DESC))[1] AS entitled_eur
            FROM run_lines l JOIN runs r ON r.id = l.run_id WHERE r.state = 'posted' GROUP BY 1, 2, 3, 4, 5, 6
        ) AS posted
        JOIN contracts n ON n.id = contract_id JOIN municipalities m ON m.id = municipality_id
        WHERE posted_eur <> entitled_eur
    """,
    "een contract is het document waarvan de controlesom is vastgelegd": """
        SELECT n.number AS contract, v.recording AS vastlegging
        FROM contract_versions v JOIN contracts n ON n.id = v.contract_id
        WHERE v.sha256 <> encode(sha256(convert_to(v.document, 'UTF8')), 'hex')
    """,
    "de totalen van leveringen zijn de sommen van de leveringen": """
        WITH summed AS (
            SELECT municipality_id, provider_id, product_id, service_month, recording, sum(sign) AS rows,
                sum(sign * quantity) AS quantity, min(service_start) AS first_start, max(service_start) AS last_start
            FROM deliveries GROUP BY 1, 2, 3, 4, 5
        )
        SELECT recording AS vastlegging, municipality_id AS gemeente, provider_id AS aanbieder, product_id AS product,
            to_char(service_month, 'YYYY-MM') AS maand, t.rows AS totaal, s.rows AS leveringen
        FROM delivery_totals t
        FULL JOIN summed s USING (municipality_id, provider_id, product_id, service_month, recording)
        WHERE (t.rows, t.quantity, t.first_start, t.last_start)
            IS DISTINCT FROM (s.rows, s.quantity, s.first_start, s.last_start)
    """,
    "elke rij verwijst naar een gemeente, aanbieder, product, cliënt en bestand die er zijn": " UNION ALL ".join(
        f"""
        SELECT '{table}' AS tabel, '{column}' AS kolom, value AS waarde
        FROM (SELECT {column} AS value FROM {table} EXCEPT {_POINTED_TO[column]}) AS missing
        """
        for table, columns in _POINTERS.items()
        for column in columns
    ),
    # That the parts add up to what was read, a constraint of the table sees to; here, that they are what is stored.
    "elke gelezen rij is aangenomen, afgewezen, wachtend of al bekend": """
        WITH accepted AS (
            SELECT batch AS recording, count(*) AS rows FROM deliveries
            WHERE entry = 'row' AND batch = recording GROUP BY batch
        ), told AS (
            SELECT recording, count(DISTINCT row_number) FILTER (WHERE code IN ('D33', 'D34')) AS waiting,
                count(DISTINCT row_number) FILTER (WHERE code NOT IN ('D33', 'D34') AND severity = 'error') AS rejected
            FROM batch_findings GROUP BY recording
        )
        SELECT recording AS vastlegging, file_name AS bestand, rows_read AS gelezen, rows_accepted AS aangenomen,
            a.rows AS leveringen, rows_rejected AS afgewezen, t.rejected AS bevindingen, rows_waiting AS wachtend,
            t.waiting AS wachtbevindingen, rows_known AS bekend
        FROM batches b LEFT JOIN accepted a USING (recording) LEFT JOIN told t USING (recording)
        WHERE (rows_accepted, rows_rejected, rows_waiting)
            <> (coalesce(a.rows, 0), coalesce(t.rejected, 0), coalesce(t.waiting, 0))
    """,
    "elke gedeclareerde euro is aangenomen, afgewezen, wachtend of al bekend": """
        WITH accepted AS (
            SELECT batch AS recording, sum(sign * claimed_cents) / 100.0 AS eur FROM deliveries
            WHERE entry = 'row' AND batch = recording GROUP BY batch
        ), waiting AS (
            SELECT f.recording, -sum(c.claimed_cents) / 100.0 AS eur
            FROM batch_findings f JOIN credits c ON c.batch = f.recording AND c.row_number = f.row_number
            WHERE f.code IN ('D33', 'D34') GROUP BY f.recording
        )
        SELECT recording AS vastlegging, file_name AS bestand, claimed_read_eur AS gelezen,
            claimed_accepted_eur AS aangenomen, a.eur AS leveringen, claimed_rejected_eur AS afgewezen,
            claimed_waiting_eur AS wachtend, w.eur AS crediteringen, claimed_known_eur AS bekend
        FROM batches b LEFT JOIN accepted a USING (recording) LEFT JOIN waiting w USING (recording)
        WHERE (claimed_accepted_eur, claimed_waiting_eur) <> (coalesce(a.eur, 0), coalesce(w.eur, 0))
    """,
    # The key sees to it within a month; senders that ever numbered by month have one for each month.
    "een referentie hoort bij één ontvangen rij": """
        SELECT p.agb_code AS aanbieder, m.code AS gemeente, min(batch) AS vastlegging, count(*) AS rijen
        FROM received_references r
        JOIN providers p ON p.id = provider_id JOIN municipalities m ON m.id = municipality_id
        WHERE provider_id NOT IN (SELECT provider_id FROM numbering_per_month)
        GROUP BY p.agb_code, m.code, law, reference HAVING count(*) > 1
    """,
    "een ontvangen rij telt één keer; een creditering telt als haar debet telt": f"""
        WITH counted AS (
            SELECT municipality_id, service_month, batch, row_number, sum(sign) AS counts
            FROM deliveries GROUP BY 1, 2, 3, 4
        )
        SELECT batch AS vastlegging, row_number AS rij, c.counts AS telt, r.counts AS hoort
        FROM counted c FULL JOIN ({_REFERENCES}) r USING (municipality_id, service_month, batch, row_number)
        WHERE coalesce(c.counts, 0) <> coalesce(r.counts, 0) OR r.counts IS NULL
    """,
}

_AS_IT_WAS_SAID = "wat van een run bewaard is, geeft nog zijn controlegetal"


def check_run(connection: Connection, run: int) -> None:
    """Raises `BrokenInvariant` when a computed run contradicts what it was computed from."""
    _refuse(connection, _OF_A_RUN, run=run)
    _refuse(connection, _OF_ITS_DELIVERIES, run=run, **_slices_of_one_contract(connection, run))


def check_posting(connection: Connection, run: int) -> None:
    """Raises `BrokenInvariant` when run and journal do not tie."""
    check_run(connection, run)
    _refuse(connection, _OF_A_POSTING, run=run)


def broken_in_the_books(connection: Connection) -> dict[str, list[str]]:
    """By name of every invariant the first places where it does not hold, over all that is stored."""
    found = {name: _places(connection, query) for name, query in _OF_THE_BOOKS.items()}
    found |= {name: [] for name in (*_OF_A_RUN, *_OF_ITS_DELIVERIES, *_OF_A_POSTING, _AS_IT_WAS_SAID)}
    states = select(runs.c.id, runs.c.state, runs.c.output_sha256).order_by(runs.c.id)
    for run, state, output_sha256 in connection.execute(states).all():
        if not says_the_same(connection, run, output_sha256):
            found[_AS_IT_WAS_SAID].append(f"run {run}")
        of_run = {**_OF_A_RUN, **_OF_ITS_DELIVERIES, **(_OF_A_POSTING if state == "posted" else {})}
        parameters = {"run": run, **_slices_of_one_contract(connection, run)}
        for name, query in of_run.items():
            found[name] += [f"run {run}, {place}" for place in _places(connection, query, **parameters)]
    return {name: places[:_MOST_PLACES] for name, places in found.items()}


def _slices_of_one_contract(connection: Connection, run: int) -> dict[str, list[Any]]:
    """The (contract, provider, municipality, product) that are read by that contract alone, as columns.

    The volumes of a run hold all providers of a product together: where one is not read alone, none is.
    """
    cutoff = connection.execute(select(runs.c.cutoff).where(runs.c.id == run)).scalar_one()
    readers: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for registered in contracts_known(connection, cutoff):
        for component in registered.contract.component:
            for slice_key in registered.contract.slices_read_by(component):
                readers[slice_key].append(registered.id)
    shared = {(contract, *slice_key[1:]) for slice_key, ids in readers.items() for contract in ids if len(ids) > 1}
    alone = [(ids[0], *slice_key) for slice_key, ids in readers.items() if (ids[0], *slice_key[1:]) not in shared]
    return {
        "contract_ids": [contract for contract, *_ in alone],
        "providers": [provider for _, provider, _, _ in alone],
        "municipalities": [municipality for _, _, municipality, _ in alone],
        "products": [product for *_, product in alone],
    }


def _refuse(connection: Connection, invariants: Mapping[str, str], **parameters: Any) -> None:
    for name, query in invariants.items():
        if places := _places(connection, query, **parameters):
            raise BrokenInvariant(f"run {parameters['run']}: klopt niet: {name} ({places[0]})")


def _places(connection: Connection, query: str, **parameters: Any) -> list[str]:
    """Where an invariant does not hold: `contract JH-Maas, totaal 45,00`, the first few."""
    # The tables of a run were filled a moment ago and their size is not known yet: a loop over them can take minutes.
    connection.execute(text("SET LOCAL enable_nestloop = off"))
    rows = connection.execute(text(f"{query} LIMIT {_MOST_PLACES}"), parameters).mappings().all()
    connection.execute(text("SET LOCAL enable_nestloop = on"))
    return [", ".join(f"{name} {_shown(value)}" for name, value in row.items()) for row in rows]


def _shown(value: object) -> str:
    match value:
        case None:
            return "niets"
        case Decimal():
            return format_number(value)
        case date():
            return format_date(value)
    return str(value)
