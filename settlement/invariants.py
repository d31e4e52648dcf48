"""What must always hold, checked by name after every run and posting, on another path than the one that computed it.

A broken invariant is a bug: the transaction is rolled back and nothing of the run remains.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, text

from contracts.register import contracts_known
from settlement.tables import runs


class BrokenInvariant(AssertionError):
    """The program contradicts itself."""


# Each query must find nothing.
_OF_A_RUN = {
    "the total of a contract is the sum of its payable lines": """
        SELECT c.contract_id, c.total_eur, sum(l.amount_eur)
        FROM run_contracts c
        LEFT JOIN run_lines l ON l.run_id = c.run_id AND l.contract_id = c.contract_id AND l.treatment = 'payable'
        WHERE c.run_id = :run GROUP BY c.contract_id, c.total_eur
        HAVING c.total_eur <> coalesce(sum(l.amount_eur), 0)
    """,
    "a line on deliveries is the sum of its priced volumes": """
        SELECT l.line, l.entitled_eur, sum(v.amount_eur)
        FROM run_lines l JOIN products p ON p.code = l.label
        LEFT JOIN run_volumes v ON v.run_id = l.run_id AND v.contract_id = l.contract_id AND v.component = l.component
            AND v.municipality_id = l.municipality_id AND v.service_month = l.service_month AND v.product_id = p.id
            AND v.treatment = l.treatment
        WHERE l.run_id = :run GROUP BY l.line, l.entitled_eur
        HAVING l.entitled_eur <> coalesce(sum(v.amount_eur), 0)
    """,
    "the causes of a correction add up to it": """
        SELECT line FROM run_lines
        WHERE run_id = :run AND jsonb_array_length(causes) > 0
            AND amount_eur <> (SELECT sum((cause ->> 'amount_eur')::numeric) FROM jsonb_array_elements(causes) AS cause)
    """,
    "what a line says, with what was posted before, is the entitlement": """
        SELECT l.line FROM run_lines l LEFT JOIN (
            SELECT contract_id, component, municipality_id, service_month, label, treatment,
                sum(amount_eur) AS amount_eur
            FROM run_lines o JOIN runs p ON p.id = o.run_id
            WHERE p.posting <= (SELECT cutoff FROM runs WHERE id = :run)
            GROUP BY contract_id, component, municipality_id, service_month, label, treatment
        ) b USING (contract_id, component, municipality_id, service_month, label, treatment)
        WHERE l.run_id = :run AND l.posted_before_eur <> coalesce(b.amount_eur, 0)
    """,
    "what is set off is the sum of the advances that are set off": """
        SELECT c.contract_id, c.set_off_eur, sum(s.amount_eur)
        FROM run_contracts c
        LEFT JOIN run_set_offs s ON s.run_id = c.run_id AND s.contract_id = c.contract_id
        WHERE c.run_id = :run GROUP BY c.contract_id, c.set_off_eur
        HAVING c.set_off_eur <> coalesce(sum(s.amount_eur), 0)
    """,
    "no advance is set off for more than it is": """
        SELECT a.contract_id, a.reference FROM advances a
        JOIN run_set_offs s ON s.contract_id = a.contract_id AND s.advance_reference = a.reference
        JOIN runs r ON r.id = s.run_id
        WHERE r.id = :run OR r.posting <= (SELECT cutoff FROM runs WHERE id = :run)
        GROUP BY a.contract_id, a.reference, a.amount_eur HAVING abs(sum(s.amount_eur)) > abs(a.amount_eur)
    """,
}

# A slice that two contracts read, one after the other, belongs to neither alone and is left out.
_OF_ITS_DELIVERIES = {
    "every delivery of a month that was priced is in a volume, or is named in a finding": """
        WITH read_slices AS (
            SELECT contract_id, municipality, product
            FROM unnest(CAST(:contract_ids AS int[]), CAST(:municipalities AS text[]), CAST(:products AS text[]))
                AS slice (contract_id, municipality, product)
        ), received AS (
            SELECT municipality_id, provider_id, product_id, service_month, sum(rows) AS rows
            FROM delivery_totals WHERE recording <= (SELECT cutoff FROM runs WHERE id = :run)
            GROUP BY municipality_id, provider_id, product_id, service_month
        ), priced AS (
            SELECT contract_id, municipality_id, product_id, service_month, sum(rows) AS rows
            FROM run_volumes WHERE run_id = :run GROUP BY contract_id, municipality_id, product_id, service_month
        )
        SELECT s.contract_id, s.municipality, s.product, r.service_month, r.rows, v.rows
        FROM read_slices s
        JOIN run_months k ON k.run_id = :run AND k.contract_id = s.contract_id
        JOIN run_contracts c ON c.run_id = :run AND c.contract_id = s.contract_id
        JOIN municipalities m ON m.code = s.municipality
        JOIN products p ON p.code = s.product
        JOIN providers a ON a.id = c.provider_id
        JOIN received r ON r.municipality_id = m.id AND r.provider_id = c.provider_id AND r.product_id = p.id
            AND r.service_month = k.service_month
        LEFT JOIN priced v ON v.contract_id = s.contract_id AND v.municipality_id = m.id AND v.product_id = p.id
            AND v.service_month = k.service_month
        WHERE r.rows <> coalesce(v.rows, 0)
            AND NOT EXISTS (SELECT FROM run_findings f WHERE f.run_id = :run AND f.code IN ('P01', 'P02', 'P05')
                AND f.place IN (
                    concat('product ', s.product, ', ', s.municipality, to_char(k.service_month, ', YYYY-MM')),
                    concat('aanbieder ', a.agb_code, ', ', s.municipality, ', product ', s.product,
                        to_char(k.service_month, ', YYYY-MM'))))
    """,
}

_OF_A_POSTING = {
    "a journal entry sums to zero": """
        SELECT l.entry FROM journal_lines l JOIN journal_entries e ON e.entry = l.entry
        WHERE e.run_id = :run GROUP BY l.entry HAVING sum(l.amount_eur) <> 0
    """,
    "the ledger is what the run says": """
        SELECT c.contract_id FROM run_contracts c
        LEFT JOIN journal_entries e ON e.run_id = c.run_id AND e.contract_id = c.contract_id
        LEFT JOIN journal_lines l ON l.entry = e.entry
        WHERE c.run_id = :run
        GROUP BY c.contract_id, c.total_eur, c.set_off_eur
        HAVING c.total_eur <> coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'cost'), 0)
            OR c.set_off_eur - c.total_eur <> coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'payable'), 0)
            OR -c.set_off_eur <> coalesce(sum(l.amount_eur) FILTER (WHERE l.account = 'advance'), 0)
    """,
}


def check_run(connection: Connection, run: int) -> None:
    """Raises `BrokenInvariant` when a computed run contradicts what it was computed from."""
    _check(connection, _OF_A_RUN, run=run)
    _check(connection, _OF_ITS_DELIVERIES, run=run, **_slices_of_one_contract(connection, run))


def check_posting(connection: Connection, run: int) -> None:
    """Raises `BrokenInvariant` when run and journal do not tie."""
    check_run(connection, run)
    _check(connection, _OF_A_POSTING, run=run)


def _slices_of_one_contract(connection: Connection, run: int) -> dict[str, list[Any]]:
    """The (contract, municipality, product) that are read by that contract alone, as columns."""
    cutoff = connection.execute(select(runs.c.cutoff).where(runs.c.id == run)).scalar_one()
    readers: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for registered in contracts_known(connection, cutoff):
        for component in registered.contract.component:
            for municipality, product in registered.contract.deliveries_read_by(component):
                readers[(municipality, registered.contract.provider, product)].append(registered.id)
    alone = [(ids[0], municipality, product) for (municipality, _, product), ids in readers.items() if len(ids) == 1]
    return {
        "contract_ids": [contract for contract, _, _ in alone],
        "municipalities": [municipality for _, municipality, _ in alone],
        "products": [product for _, _, product in alone],
    }


def _check(connection: Connection, invariants: Mapping[str, str], **parameters: Any) -> None:
    for name, query in invariants.items():
        broken = connection.execute(text(query), parameters).first()
        if broken is not None:
            raise BrokenInvariant(f"run {parameters['run']}: {name} does not hold: {tuple(broken)}")
