"""Rows that were rejected before, went back with their reason, and are in a file again: they are not new claims."""

from dataclasses import dataclass

from importers.deliveries import DeliveryImport
from importers.delivery_cells import CellError, sign
from importers.reasons import REASON, reason_places
from kernel.findings import Severity
from kernel.money import Eur, total
from kernel.notation import parse_eur


@dataclass(frozen=True, slots=True)
class SentAgain:
    """The rows of a file that carry the reason of an earlier rejection, and those of them that are rejected again.

    `claimed` is what is claimed on them, less what credits claim. Each file accounts for all its rows, so whoever adds
    up what was rejected of several files counts `claimed_rejected` twice.
    """

    rows: int
    claimed: Eur
    rows_rejected: int
    claimed_rejected: Eur


def sent_again(result: DeliveryImport) -> SentAgain | None:
    """None when no row of the file was rejected before."""
    totals = {finding.row_number for finding in result.findings if finding.code == "D17"}  # claimed by the rows above
    claimed: dict[int, Eur] = {}
    for first, table in zip(result.file.first_numbers, result.file.tables, strict=True):
        code_at = reason_places(table.header).get(REASON[0])
        claimed_at, sign_at = table.places["claimed"], table.places["debit_credit"]
        for number, cells in table.rows() if code_at is not None else ():
            if len(cells) == len(table.header) and cells[code_at or 0].strip():
                text = cells[claimed_at] if claimed_at is not None and first + number not in totals else ""
                amount = _claimed(text.strip())
                claimed[first + number] = -amount if sign_at is not None and _is_credit(cells[sign_at]) else amount
    if not claimed:
        return None
    rejected = {finding.row_number for finding in result.findings if finding.severity is Severity.ERROR}
    again = [amount for number, amount in claimed.items() if number in rejected]
    return SentAgain(len(claimed), total(claimed.values()), len(again), total(again))


def _is_credit(text: str) -> bool:
    try:
        return sign(text.strip()) == "-1"
    except CellError:
        return False


def _claimed(text: str) -> Eur:
    """What counts as claimed in a rejected row too: nothing where the amount cannot be read."""
    try:
        return max(parse_eur(text), Eur.zero()) if text else Eur.zero()
    except ValueError:
        return Eur.zero()
