"""The profile that any administration can read: CSV with `;`, a decimal comma, months as 202601, every line signed.

UTF-8 without byte order mark, lines that end in CR LF. The file holds journal lines and nothing else.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from kernel.money import Eur
from kernel.periods import Month
from kernel.texts import text_out
from settlement.ledger.booked import BookedLine

HEADER = (
    "boeking", "regel", "rekening", "rekeningnaam", "kostenplaats", "taakveld", "economische categorie", "aanbieder",
    "contract", "gemeente", "bedrag", "dienstperiode", "boekperiode", "vorig jaar", "omschrijving",
)  # fmt: skip


def generic(lines: Sequence[BookedLine]) -> bytes:
    """The journal as CSV."""
    return csv_bytes([HEADER, *(_cells(line) for line in lines)])


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def decimal_comma(amount: Eur) -> str:
    """-1132,45: a decimal comma, no thousands separators."""
    return str(amount).replace(".", ",")


def yyyymm(month: Month) -> str:
    return f"{month.year:04d}{month.month:02d}"


def _cells(line: BookedLine) -> tuple[str, ...]:
    return (
        line.entry,
        str(line.line),
        line.account.number,
        text_out(line.account.name),
        line.cost_centre,
        line.task_field,
        line.account.economic_category,
        line.provider,
        line.contract,
        line.municipality,
        decimal_comma(line.amount),
        yyyymm(line.service_month) if line.service_month else "",
        yyyymm(line.run.period),
        "J" if line.prior_year else "N",
        text_out(f"{line.contract} {line.description}"),
    )
