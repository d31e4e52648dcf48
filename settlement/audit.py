"""Whether what is stored of a run is still what the run said: the hash of its output, from the tables alone."""

import hashlib
import json
from collections import defaultdict

from sqlalchemy import Connection, select

from contracts.tables import contracts, municipalities
from importers.tables import advances
from kernel.findings import Finding, Severity
from kernel.money import Eur
from kernel.periods import Month
from settlement.tables import run_contracts, run_findings, run_lines, run_set_offs, runs


def stored_hashes(connection: Connection) -> dict[int, str]:
    """The output hash of every run, as it was computed when the run was made."""
    return {row.id: row.output_sha256 for row in connection.execute(select(runs.c.id, runs.c.output_sha256))}


def recomputed_hash(connection: Connection, run: int) -> str:
    """What `settlement.runs.output_hash` gives for a run, made from its stored lines, set-offs and findings."""
    numbers = {row.id: row.number for row in connection.execute(select(contracts))}
    codes = {row.id: row.code for row in connection.execute(select(municipalities))}
    lines = defaultdict(list)
    for line in connection.execute(select(run_lines).where(run_lines.c.run_id == run).order_by(run_lines.c.line)):
        lines[line.contract_id].append(
            [
                line.component,
                codes[line.municipality_id],
                str(Month.of(line.service_month)),
                line.label,
                line.treatment,
                line.timing,
                str(line.entitled_eur),
                str(line.posted_before_eur),
                line.causes,
            ]
        )
    set_offs = defaultdict(list)
    used = (
        select(run_set_offs, advances.c.paid_on, advances.c.amount_eur.label("advance_eur"))
        .join(
            advances,
            (advances.c.contract_id == run_set_offs.c.contract_id)
            & (advances.c.reference == run_set_offs.c.advance_reference),
        )
        .where(run_set_offs.c.run_id == run)
    )
    # In the order in which `settlement.contract.set_off` goes through the advances.
    in_order = sorted(
        connection.execute(used), key=lambda row: (row.advance_eur > Eur.zero(), row.paid_on, row.advance_reference)
    )
    for row in in_order:
        set_offs[row.contract_id].append([row.advance_reference, str(row.amount_eur)])
    findings = defaultdict(list)
    found = select(run_findings).where(run_findings.c.run_id == run).order_by(run_findings.c.finding)
    for row in connection.execute(found):
        finding = Finding(row.code, Severity(row.severity), row.place, row.message, row.hint)
        findings[row.contract_id].append(str(finding))
    settled = connection.execute(select(run_contracts).where(run_contracts.c.run_id == run))
    said = {
        "period": str(Month.of(connection.execute(select(runs.c.period).where(runs.c.id == run)).scalar_one())),
        "contracts": [
            {
                "contract": numbers[contract.contract_id],
                "parked": contract.parked,
                "lines": lines[contract.contract_id],
                "set_offs": set_offs[contract.contract_id],
                "findings": findings[contract.contract_id],
            }
            for contract in sorted(settled, key=lambda contract: numbers[contract.contract_id])
        ],
        "outside": findings[None],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
