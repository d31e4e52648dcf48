"""Whether what is stored of a run is still what the run said: the hash of its output, from the tables alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from contracts.tables import contracts, municipalities, providers
from importers.tables import advances
from kernel.findings import Finding, Severity
from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import LineKey, Treatment
from settlement.said import SaidContract, SaidFinding, hash_of, said_finding, said_line, sha256_of
from settlement.tables import run_contracts, run_findings, run_lines, run_set_offs, runs
from tariffs.tables import products


def stored_hashes(connection: Connection) -> dict[int, str]:
    """The output hash of every run, as it was computed when the run was made."""
    return {row.id: row.output_sha256 for row in connection.execute(select(runs.c.id, runs.c.output_sha256))}


def says_the_same(connection: Connection, run: int, stored: str) -> bool:
    """Whether what is stored of a run has its hash, `stored`; of an old run that was one of its sentences too."""
    parts = _Parts.of(connection, run)
    return stored in (parts.hash(), parts.hash_with_sentences())


def recomputed_hash(connection: Connection, run: int) -> str:
    """What `settlement.runs.output_hash` gives for a run, made from its stored lines, set-offs and findings."""
    return _Parts.of(connection, run).hash()


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is stored of a run, by contract; the findings as codes and as sentences."""

    period: Month
    contracts: Sequence[SaidContract]
    outside: Sequence[SaidFinding]
    sentences: Mapping[str | None, Sequence[str]]

    @classmethod
    def of(cls, connection: Connection, run: int) -> "_Parts":
        numbers = {row.id: row.number for row in connection.execute(select(contracts))}
        lines, set_offs = _lines(connection, run), _set_offs(connection, run)
        coded: dict[int | None, list[SaidFinding]] = defaultdict(list)
        sentences: dict[str | None, list[str]] = defaultdict(list)
        for row in _findings(connection, run):
            month = Month.of(row.service_month) if row.service_month else None
            about = (row.provider or "", row.municipality or "", row.product or "", month)
            coded[row.contract_id].append(said_finding(row.code, row.severity, *about))
            finding = Finding(row.code, Severity(row.severity), row.place, row.message, row.hint)
            sentences[numbers.get(row.contract_id)].append(str(finding))
        settled = connection.execute(select(run_contracts).where(run_contracts.c.run_id == run)).all()
        said = []
        for one in sorted(settled, key=lambda one: numbers[one.contract_id]):
            at = one.contract_id
            said.append(SaidContract(numbers[at], one.parked, lines[at], set_offs[at], coded[at]))
        period = connection.execute(select(runs.c.period).where(runs.c.id == run)).scalar_one()
        return cls(Month.of(period), said, coded[None], sentences)

    def hash(self) -> str:
        return hash_of(self.period, self.contracts, self.outside)

    def hash_with_sentences(self) -> str:
        """The hash of runs that were made when sentences were part of it."""
        return sha256_of(
            {
                "period": str(self.period),
                "contracts": [
                    {
                        "contract": said.number,
                        "parked": said.parked,
                        "lines": said.lines,
                        "set_offs": [[reference, str(amount)] for reference, amount in said.set_offs],
                        "findings": self.sentences.get(said.number, []),
                    }
                    for said in self.contracts
                ],
                "outside": self.sentences.get(None, []),
            }
        )


def _lines(connection: Connection, run: int) -> Mapping[int, list[list[object]]]:
    codes = {row.id: row.code for row in connection.execute(select(municipalities))}
    lines: dict[int, list[list[object]]] = defaultdict(list)
    for line in connection.execute(select(run_lines).where(run_lines.c.run_id == run).order_by(run_lines.c.line)):
        month, treatment = Month.of(line.service_month), Treatment(line.treatment)
        key = LineKey(line.component, codes[line.municipality_id], month, line.label, treatment)
        said = said_line(key, line.timing, line.entitled_eur, line.posted_before_eur, line.causes)
        lines[line.contract_id].append(said)
    return lines


def _set_offs(connection: Connection, run: int) -> Mapping[int, list[tuple[str, Eur]]]:
    set_offs: dict[int, list[tuple[str, Eur]]] = defaultdict(list)
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
        set_offs[row.contract_id].append((row.advance_reference, row.amount_eur))
    return set_offs


def _findings(connection: Connection, run: int) -> Sequence[Any]:
    query = (
        select(
            run_findings,
            providers.c.agb_code.label("provider"),
            municipalities.c.code.label("municipality"),
            products.c.code.label("product"),
        )
        .outerjoin(providers, providers.c.id == run_findings.c.provider_id)
        .outerjoin(municipalities, municipalities.c.id == run_findings.c.municipality_id)
        .outerjoin(products, products.c.id == run_findings.c.product_id)
        .where(run_findings.c.run_id == run)
        .order_by(run_findings.c.finding)
    )
    return connection.execute(query).all()
