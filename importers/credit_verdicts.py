"""Why a credit does not count: the one definition, for the import that stores it and for everyone who asks later."""

from importers.rules import CONTRADICTED, CREDITS_A_CREDIT, NOT_A_COPY, WAITING, WAITING_FOR_CONTRADICTED

KEY = "municipality_id, provider_id, law, reference"
OF_MONTH = f"{KEY}, service_month"  # where a row is received once: a sender may number again every month
PLACE = "municipality_id, service_month, batch, row_number"
SERVICE = "product_id, client_id, assignment, service_start, service_end, quantity"


def own_verdicts(which: str = "", *, at_cutoff: bool = False) -> str:
    """A query of credits with `own_verdict`: what keeps each from counting, apart from its rivals. `which` joins to c.

    The debit that a credit names is the one of its own service month: a credit is a full copy of it.

    A credit without one that does not count came after another of the same debit (D37). With `at_cutoff` it is what was
    known at the parameter `cutoff`, else what is known now.
    """
    debit = "(c.municipality_id, c.provider_id, c.law, c.previous_reference, c.service_month)"
    received, contradicted = ("AND r.batch <= :cutoff", "AND {0}.recording <= :cutoff") if at_cutoff else ("", "")
    return f"""
        SELECT c.*, CASE WHEN own.reference IS NOT NULL THEN '{CONTRADICTED.code}'
                         WHEN r.reference IS NULL THEN '{WAITING.code}'
                         WHEN other.reference IS NOT NULL THEN '{WAITING_FOR_CONTRADICTED.code}'
                         WHEN r.previous_reference IS NOT NULL THEN '{CREDITS_A_CREDIT.code}'
                         WHEN NOT EXISTS (
                             SELECT FROM deliveries d WHERE ({of("d", PLACE)}) = ({of("r", PLACE)})
                                 AND d.entry = 'row' AND ({of("d", SERVICE)}) = ({of("c", SERVICE)})
                         ) THEN '{NOT_A_COPY.code}' END AS own_verdict
        FROM credits c {which}
        LEFT JOIN received_references r ON ({of("r", OF_MONTH)}) = {debit} {received}
        LEFT JOIN contradicted_references own ON ({of("own", OF_MONTH)}) = ({of("c", OF_MONTH)})
            {contradicted.format("own")}
        LEFT JOIN contradicted_references other ON ({of("other", OF_MONTH)}) = {debit} {contradicted.format("other")}
    """


def of(alias: str, columns: str) -> str:
    """The columns, each as a column of `alias`."""
    return ", ".join(f"{alias}.{column}" for column in columns.split(", "))
