"""Journal entries of a posted run.

Per contract one entry for what is owed (cost against payable) and one for the advances set off (payable against
advance). Positive is debit, negative is credit; every entry sums to zero. Cost is split over municipality, Iv3 task
field and service month, with costs of an earlier year marked; shadow lines are not booked.
"""

from typing import Any

from sqlalchemy import Connection, insert, select

from contracts.tables import contracts
from kernel.money import Eur, total
from settlement.entitlement import Timing, Treatment
from settlement.tables import journal_entries, journal_lines, run_contracts, run_lines, runs


def book(connection: Connection, run: int) -> None:
    """Write the entries of a run that is being posted, in its own period as booking period."""
    period = connection.execute(select(runs.c.period).where(runs.c.id == run)).scalar_one()
    settled = (
        select(
            run_contracts.c.contract_id, run_contracts.c.provider_id, contracts.c.number, run_contracts.c.set_off_eur
        )
        .join(contracts, contracts.c.id == run_contracts.c.contract_id)
        .where(run_contracts.c.run_id == run, ~run_contracts.c.parked)
        .order_by(contracts.c.number)
    )
    for row in connection.execute(settled).all():
        costs = _costs(connection, run, row.contract_id, row.provider_id)
        owed = total(cost["amount_eur"] for cost in costs)
        if costs:
            payable = [_line("payable", row.provider_id, -owed)] if owed else []
            _write(connection, run, row.contract_id, row.number, "entitlement", period, [*costs, *payable])
        if row.set_off_eur:
            set_off = [
                _line("payable", row.provider_id, row.set_off_eur),
                _line("advance", row.provider_id, -row.set_off_eur),
            ]
            _write(connection, run, row.contract_id, row.number, "set_off", period, set_off)


def _costs(connection: Connection, run: int, contract_id: int, provider_id: int) -> list[dict[str, Any]]:
    query = select(
        run_lines.c.municipality_id, run_lines.c.task_field, run_lines.c.service_month, run_lines.c.timing,
        run_lines.c.amount_eur,
    ).where(
        run_lines.c.run_id == run, run_lines.c.contract_id == contract_id, run_lines.c.treatment == Treatment.PAYABLE
    )  # fmt: skip
    amounts: dict[tuple[Any, ...], Eur] = {}
    for municipality_id, task_field, service_month, timing, amount in connection.execute(query):
        key = (municipality_id, task_field, service_month, timing == Timing.PRIOR_YEAR)
        amounts[key] = amounts.get(key, Eur.zero()) + amount
    return [_line("cost", provider_id, amounts[key], *key) for key in sorted(amounts) if amounts[key]]


def _line(
    account: str,
    provider_id: int,
    amount: Eur,
    municipality_id: int | None = None,
    task_field: str = "",
    service_month: object = None,
    prior_year: bool = False,
) -> dict[str, Any]:
    return {
        "account": account,
        "provider_id": provider_id,
        "municipality_id": municipality_id,
        "task_field": task_field,
        "service_month": service_month,
        "prior_year": prior_year,
        "amount_eur": amount,
    }


def _write(
    connection: Connection,
    run: int,
    contract_id: int,
    number: str,
    kind: str,
    period: object,
    lines: list[dict[str, Any]],
) -> None:
    entry = f"{run:06d}-{number}-{'E' if kind == 'entitlement' else 'V'}"
    connection.execute(
        insert(journal_entries).values(
            entry=entry, run_id=run, contract_id=contract_id, kind=kind, booking_period=period
        )
    )
    numbered = [{"entry": entry, "line": line_number, **line} for line_number, line in enumerate(lines, start=1)]
    connection.execute(insert(journal_lines), numbered)
