"""What counts follows from the rows, not from the order, the files or the number of times in which they came.

Where references return in another month, their sender numbers by month; else what came first has the reference.

Few references, few facts: so that rows repeat, contradict, credit, credit twice and wait in most examples. What must
come out is said by `expected`, in a dozen lines and without a database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from database.recordings import latest
from database.settings import KEY_FILE
from importers.pseudonyms import pseudonym
from tests.importers.workbooks import sheets as workbook

if TYPE_CHECKING:
    from tests.importers.conftest import Desk

FEW = settings(max_examples=30, suppress_health_check=list(HealthCheck))
MORE = settings(FEW, max_examples=40)

CLIENTS = ("999900006", "999900018")

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a delivery file; `previous` makes it a credit."""

    reference: str
    previous: str = ""
    provider: str = "41000002"
    product: str = "45A04"
    client: str = CLIENTS[0]
    day: str = "05-01-2026"
    quantity: int = 95
    claimed: str = ""

    @property
    def law(self) -> str:
        return "Wmo" if self.product == "02A16" else "Jeugdwet"

    @property
    def month(self) -> str:
        return self.day[3:]

    @property
    def key(self) -> Key:
        return (self.provider, self.law, self.reference, self.month)

    @property
    def names(self) -> Key:
        """The key of the debit that a credit names."""
        return (self.provider, self.law, self.previous, self.month)

    @property
    def with_month(self) -> Row:
        """Under references that no row of another month has."""
        end = self.month[:2]
        return replace(self, reference=self.reference + end, previous=self.previous and self.previous + end)

    @property
    def facts(self) -> tuple[str, str, str, int]:
        return (self.product, self.client, self.day, self.quantity)

    @property
    def is_valid(self) -> bool:
        return self.product != "99X99"


# Two that differ in one thing only are the rule; the last has another key.
FACTS = (
    Row(""),
    Row("", quantity=60),
    Row("", client=CLIENTS[1]),
    Row("", day="10-02-2026"),
    Row("", product="44A09"),
    Row("", product="02A16"),
    Row("", provider="41000001"),
)
facts = st.sampled_from((*FACTS[:1] * 9, *FACTS))
claims = st.sampled_from(("",) * 9 + ("12,50",))
debits = st.builds(
    lambda row, reference, claimed: replace(row, reference=reference, claimed=claimed),
    facts,
    st.sampled_from(("d1", "d2", "d3")),
    claims,
)
broken = Row("d1", product="99X99", claimed="3,00")


@st.composite
def sets_of_rows(draw: st.DrawFn) -> list[Row]:
    """Debits, credits that mostly are copies of one of them, and contradictions; some debits never come."""
    owed = draw(st.lists(debits, min_size=1, max_size=4))
    rows = [row for row in owed if draw(st.integers(0, 4))]
    for _ in range(draw(st.integers(0, 6))):
        copied = draw(st.sampled_from((*owed, *owed, *owed, *rows[-1:])))
        reference = draw(st.sampled_from(("c1", "c2", "c3", "d3")))
        credit = replace(copied, reference=reference, previous=copied.reference)
        if not draw(st.integers(0, 4)):
            credit = replace(draw(debits), reference=reference, previous=copied.reference)
        if credit.reference != credit.previous:
            rows.append(credit)
    if rows and draw(st.booleans()):  # somebody says otherwise
        rows.append(replace(draw(st.sampled_from(rows)), quantity=61))
    found = [*rows, *[broken] * (not draw(st.integers(0, 4)))] or owed
    return found if draw(st.booleans()) else [row.with_month for row in found]


Files = list[list[Row]]


@st.composite
def files_of(draw: st.DrawFn, rows: Sequence[Row]) -> Files:
    """The rows in any order over one to four files; some rows come more than once."""
    again = draw(st.lists(st.sampled_from(rows), max_size=2)) if rows else []
    shuffled = draw(st.permutations([*rows, *again]))
    cuts = sorted(draw(st.lists(st.integers(1, max(1, len(shuffled) - 1)), max_size=3)))
    parts = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    return [list(part) for part in parts if part]


@dataclass(frozen=True, slots=True)
class State:
    """What counts: units per provider, product, month and client; credits taken of each debit; and what does not."""

    volumes: dict[tuple[str, str, str, str], int]
    debits: set[Key]
    credited: dict[Key, int]
    contradicted: set[Key]
    waiting: set[Key]


def expected(rows: Sequence[Row]) -> State:
    """The meaning of a set of rows."""
    by_key: dict[Key, set[Row]] = {}
    for row in rows:
        if row.is_valid:
            by_key.setdefault(row.key, set()).add(row)
    agreed = {key: next(iter(found)) for key, found in by_key.items() if len(found) == 1}
    of_debit = {key: row for key, row in agreed.items() if not row.previous}
    credits = [row for row in agreed.values() if row.previous]
    credited = {row.names for row in credits if row.names in of_debit and row.facts == of_debit[row.names].facts}
    volumes: Counter[tuple[str, str, str, str]] = Counter()
    for key, row in of_debit.items():
        if key not in credited:
            volumes[(row.provider, row.product, row.month, row.client)] += row.quantity
    return State(
        volumes=dict(volumes),
        debits=set(of_debit),
        credited=dict.fromkeys(credited, 1),
        contradicted=by_key.keys() - agreed.keys(),
        waiting={row.key for row in credits if row.names not in agreed},
    )


def state(desk: Desk) -> State:
    """What the database says that counts."""

    def keys(columns: str, source: str) -> list[tuple[Any, ...]]:
        month = "to_char(service_month, 'MM-YYYY')"
        query = (
            f"SELECT agb_code, law, reference, {month}, {columns} FROM {source} JOIN providers p ON p.id = provider_id"
        )
        return [(tuple(row[:4]), *row[4:]) for row in desk.connection.execute(text(query))]

    debits, credited, volumes = set(), Counter(), Counter()
    key = bytes.fromhex((desk.config_dir / KEY_FILE).read_text())
    clients = {pseudonym(key, client): client for client in CLIENTS}
    counting = """(SELECT provider_id, v.law, reference, previous_reference, products.code AS product, service_month,
            encode(pseudonym, 'hex') AS client, sum(sign) AS sign, sum(sign * quantity) AS units
        FROM deliveries
        JOIN (SELECT DISTINCT product_id, law FROM product_versions) v USING (product_id)
        JOIN products ON products.id = product_id
        JOIN clients ON clients.id = client_id
        GROUP BY municipality_id, batch, row_number, 1, 2, 3, 4, 5, 6, 7 HAVING sum(sign) <> 0)"""
    for of, previous, product, client, sign, units in keys(
        "previous_reference, product, client, sign, units", counting
    ):
        provider, law, _, month = of
        assert sign == (1 if previous is None else -1)
        if previous is None:
            assert of not in debits
            debits.add(of)
        else:
            credited[(provider, law, previous, month)] += 1
        volumes[(provider, product, month, clients[client])] += int(units)
    contradicted = {of for of, _ in keys("recording", "contradicted_references")}
    agreed = {of for of, _ in keys("batch", "received_references")} - contradicted
    credits = [(of, (*of[:2], previous, of[3])) for of, previous in keys("previous_reference", "credits")]
    return State(
        volumes={slice_: units for slice_, units in volumes.items() if units},
        debits=debits,
        credited=dict(credited),
        contradicted=contradicted,
        waiting={of for of, debit in credits if of not in contradicted and debit not in agreed},
    )


class Trial:
    """Takes in files at a desk, and undoes all of it at the end."""

    def __init__(self, desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
        self.desk, self._line, self._lines = desk, line, lines

    def __enter__(self) -> Trial:
        self._savepoint = self.desk.connection.begin_nested()
        return self

    def __exit__(self, *_: object) -> None:
        self._savepoint.rollback()

    def take(self, rows: Sequence[Row], sheets: int = 0) -> int | None:
        """Import a file, check its account, and give its recording. With `sheets` it is a workbook, else CSV."""
        content = self._lines(
            *(
                self._line(
                    reference=row.reference,
                    previous=row.previous,
                    dc="C" if row.previous else "D",
                    provider=row.provider,
                    product=row.product,
                    client=row.client,
                    start=row.day,
                    end=row.day,
                    quantity=row.quantity,
                    claimed=row.claimed,
                )
                for row in rows
            )
        )
        unique = all(row.reference.endswith(row.month[:2]) for row in rows)  # see `Row.with_month`
        content_or_book = as_workbook(content, sheets) if sheets else content
        result = self.desk.take(content_or_book, per_month=None if unique else True)
        of = result.account
        assert of.rows_read == len(rows)
        assert of.rows_read == of.rows_accepted + of.rows_rejected + of.rows_waiting + of.rows_known
        of_row = ((Decimal(row.claimed.replace(",", ".")), row.previous) for row in rows if row.claimed)
        claimed = sum((-amount if is_credit else amount for amount, is_credit in of_row), Decimal())
        parts = (of.claimed_accepted, of.claimed_rejected, of.claimed_waiting, of.claimed_known)
        assert of.claimed_read.amount == claimed == sum(part.amount for part in parts)
        assert min(of.rows_accepted, of.rows_rejected, of.rows_waiting, of.rows_known) >= 0
        told = {finding.row_number for finding in (*result.findings, *result.waiting, *result.known)}
        assert len(told) == of.rows_read - of.rows_accepted
        return result.recording

    def state(self) -> State:
        found = state(self.desk)
        self._check_totals()
        return found

    def _check_totals(self) -> None:
        slices = "municipality_id, provider_id, product_id, service_month, recording"
        query = f"""SELECT count(*) FROM
            (SELECT {slices}, sum(sign) AS rows, sum(sign * quantity) AS quantity FROM deliveries GROUP BY {slices}) d
            FULL JOIN (SELECT {slices}, rows, quantity FROM delivery_totals) t USING ({slices}, rows, quantity)
            WHERE d.rows IS NULL OR t.rows IS NULL"""
        assert self.desk.connection.execute(text(query)).scalar_one() == 0


def as_workbook(content: str, parts: int) -> bytes:
    """The rows of a CSV file dealt out over sheets, with days and numbers as a spreadsheet keeps them."""

    def value(cell: str) -> Any:
        if cell.isdigit():
            return int(cell)
        return date(*map(int, reversed(cell.split("-")))) if cell.count("-") == 2 else cell or None

    header, *rows = (line.split(";") for line in content.splitlines())
    typed = [[value(cell) for cell in row] for row in rows]
    return workbook(*((f"blad {part}", [header, *typed[part::parts]]) for part in range(parts)))


def test_order_files_and_their_form_do_not_matter(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    @MORE
    @given(data=st.data(), rows=sets_of_rows())
    def check(data: st.DataObject, rows: list[Row]) -> None:
        for _ in range(2):
            with Trial(desk, line, lines) as trial:
                files = data.draw(files_of(rows))
                for file in files:
                    trial.take(file, data.draw(st.sampled_from((0, 0, 1, 2))))
                assert trial.state() == expected(rows), files

    check()


def test_everything_again_changes_nothing(desk: Desk, line: Callable[..., str], lines: Callable[..., str]) -> None:
    @FEW
    @given(data=st.data(), rows=sets_of_rows())
    def check(data: st.DataObject, rows: list[Row]) -> None:
        with Trial(desk, line, lines) as trial:
            files = data.draw(files_of(rows))
            for file in files:
                trial.take(file)
            recorded, entries = latest(desk.connection), count_entries(desk)
            for file in data.draw(st.permutations(files)):
                assert trial.take(file) is None
            assert (latest(desk.connection), count_entries(desk)) == (recorded, entries)
            for file in data.draw(files_of(rows)):  # the same rows in other files: a recording, and nothing that counts
                trial.take(file)
            assert count_entries(desk) == entries

    check()


def test_a_credit_restores_the_state_before_its_debit(
    desk: Desk, line: Callable[..., str], lines: Callable[..., str]
) -> None:
    @FEW
    @given(data=st.data(), rows=sets_of_rows(), debit=facts, order=st.permutations(range(2)), together=st.booleans())
    def check(data: st.DataObject, rows: list[Row], debit: Row, order: list[int], together: bool) -> None:
        pair = [replace(debit, reference="new"), replace(debit, reference="back", previous="new")]
        pair = [pair[place] for place in order]
        files = [pair] if together else [[row] for row in pair]
        with Trial(desk, line, lines) as trial:
            for file in data.draw(files_of(rows)):
                trial.take(file)
            before = trial.state().volumes
            for file in files:
                trial.take(file)
            assert trial.state().volumes == before

    check()


def count_entries(desk: Desk) -> list[int]:
    """How much there is of all that an import writes, apart from the account of a batch."""
    tables = ("deliveries", "received_references", "contradicted_references", "credits", "delivery_totals", "clients")
    return [desk.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]
