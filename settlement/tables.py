"""Runs, what they read, what they say, and the journal. A posted run is never changed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Time,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from database.metadata import metadata
from database.types import money
from settlement.entitlement import LABEL_WORDS

# A run: draft -> approved -> posted, or discarded. Posting is a recording; only the state moves, and only forward.
runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("period", Date, nullable=False),
    Column("cutoff", ForeignKey("recordings.number"), nullable=False),
    Column("state", Text, nullable=False),
    Column("output_sha256", Text, nullable=False),
    Column("posting", ForeignKey("recordings.number"), unique=True),
    CheckConstraint("state IN ('draft', 'approved', 'posted', 'discarded')", name="state_known"),
    CheckConstraint("(state = 'posted') = (posting IS NOT NULL)", name="posted_is_recorded"),
)

# Who brought a run into which state, and when.
run_states = Table(
    "run_states",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("state", Text, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
)

# What a run did with one contract. `sequence` counts the posted runs of the contract; the partial unique index makes
# it impossible that two runs are approved or posted on the same base.
run_contracts = Table(
    "run_contracts",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("contract_id", ForeignKey("contracts.id"), primary_key=True),
    Column("contract_recording", BigInteger, nullable=False),
    Column("provider_id", ForeignKey("providers.id"), nullable=False),
    Column("previous_cutoff", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("claims_sequence", Boolean, nullable=False, server_default=text("false")),
    money("total_eur"),
    money("set_off_eur"),
    Index(
        "uq_run_contracts_one_run_per_base",
        "contract_id",
        "sequence",
        unique=True,
        postgresql_where=text("claims_sequence"),
    ),
)


def _of_a_run_contract() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["run_id", "contract_id"], ["run_contracts.run_id", "run_contracts.contract_id"])


# One amount a run says: the entitlement to date of a month and label, less what was posted before.
run_lines = Table(
    "run_lines",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("contract_id", Integer, nullable=False),
    Column("component", Text, nullable=False),
    Column("municipality_id", ForeignKey("municipalities.id"), nullable=False),
    Column("service_month", Date, nullable=False),
    Column("label", Text, nullable=False),
    Column("treatment", Text, nullable=False),
    Column("timing", Text, nullable=False),
    Column("task_field", Text, nullable=False),
    money("entitled_eur"),
    money("posted_before_eur"),
    money("amount_eur"),
    Column("causes", JSONB, nullable=False),
    Column("explanation", JSONB, nullable=False),
    _of_a_run_contract(),
    CheckConstraint("amount_eur = entitled_eur - posted_before_eur", name="says_the_difference"),
    CheckConstraint("treatment IN ('payable', 'shadow', 'unfunded', 'passed_on')", name="treatment_known"),
    CheckConstraint("timing IN ('current', 'correction', 'prior_year')", name="timing_known"),
)

# The priced volumes a run computed: sums per contract, component, municipality, month, product and price.
run_volumes = Table(
    "run_volumes",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("contract_id", Integer, primary_key=True),
    Column("component", Text, primary_key=True),
    Column("municipality_id", Integer, primary_key=True),
    Column("service_month", Date, primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("price_per", Text, primary_key=True),
    Column("rounding", Text, primary_key=True),
    Column("price", Numeric, primary_key=True),
    Column("price_version_id", ForeignKey("price_versions.id"), nullable=False),
    Column("treatment", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("billed_quantity", BigInteger, nullable=False),
    money("amount_eur"),
    _of_a_run_contract(),
)

# Every month a run looked at, with a hash of all that its amounts depend on: a later run recomputes only the months
# whose hash differs.
run_months = Table(
    "run_months",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("contract_id", Integer, primary_key=True),
    Column("service_month", Date, primary_key=True),
    Column("inputs_sha256", Text, nullable=False),
    _of_a_run_contract(),
)

run_set_offs = Table(
    "run_set_offs",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("contract_id", Integer, primary_key=True),
    Column("advance_reference", Text, primary_key=True),
    money("amount_eur"),
    _of_a_run_contract(),
    ForeignKeyConstraint(["contract_id", "advance_reference"], ["advances.contract_id", "advances.reference"]),
)

# What is found about deliveries says in columns which: those of a product and provider, to a municipality, in a month.
run_findings = Table(
    "run_findings",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("finding", Integer, primary_key=True),
    Column("contract_id", ForeignKey("contracts.id")),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("provider_id", ForeignKey("providers.id")),
    Column("municipality_id", ForeignKey("municipalities.id")),
    Column("product_id", ForeignKey("products.id")),
    Column("service_month", Date),
    CheckConstraint(
        "num_nulls(provider_id, municipality_id, product_id, service_month) IN (0, 4)", name="about_deliveries"
    ),
)

# The journal: entries arise at posting and sum to zero, checked once per entry when the transaction commits. What is
# owed to a provider belongs to no single municipality or service month, so there these are empty.
journal_entries = Table(
    "journal_entries",
    metadata,
    Column("entry", Text, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    Column("contract_id", ForeignKey("contracts.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("booking_period", Date, nullable=False),
    CheckConstraint("kind IN ('entitlement', 'set_off')", name="kind_known"),
)

journal_lines = Table(
    "journal_lines",
    metadata,
    Column("entry", ForeignKey("journal_entries.entry"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("provider_id", ForeignKey("providers.id"), nullable=False),
    Column("municipality_id", ForeignKey("municipalities.id")),
    Column("task_field", Text, nullable=False),
    Column("service_month", Date),
    Column("prior_year", Boolean, nullable=False),
    money("amount_eur"),
    CheckConstraint("account IN ('cost', 'payable', 'advance')", name="account_known"),
)

# What is done by itself every month, on a day and a time in the Netherlands: a job is added and ended. `recording` is
# the last that was known when it was added; an export is of what was posted after it, and may begin earlier.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("day", SmallInteger, nullable=False),
    Column("at", Time, nullable=False),
    Column("month", Text),
    Column("folder", Text),
    Column("accounts", Text),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("added_by", Text, nullable=False),
    Column("recording", BigInteger, nullable=False),
    CheckConstraint("kind IN ('settle', 'remind', 'export')", name="kind_known"),
    CheckConstraint("day BETWEEN 1 AND 31", name="day_of_a_month"),
    CheckConstraint("month IN ('previous', 'current', 'next')", name="month_known"),
    CheckConstraint("(kind = 'export') = (folder IS NOT NULL)", name="folder_of_an_export"),
    CheckConstraint("(kind = 'export') = (month IS NULL)", name="month_of_the_others"),
    CheckConstraint("accounts IS NULL OR kind = 'export'", name="accounts_of_an_export"),
)

job_endings = Table(
    "job_endings",
    metadata,
    Column("job_id", ForeignKey("jobs.id"), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
)

# What came of every time a job was due. The work is in the transaction that writes the row, and the partial unique
# index makes it impossible that the same time is done twice.
job_attempts = Table(
    "job_attempts",
    metadata,
    Column("job_id", ForeignKey("jobs.id"), primary_key=True),
    Column("due_on", Date, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("result", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("message", Text, nullable=False),
    Column("run_id", ForeignKey("runs.id")),
    Column("recording", BigInteger, nullable=False),
    CheckConstraint("result IN ('done', 'failed', 'covered')", name="result_known"),
    Index("uq_job_attempts_done_once", "job_id", "due_on", unique=True, postgresql_where=text("result <> 'failed'")),
)


def of_contract(label: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a label is a word of the contract rather than a product, as `settlement.entitlement.of_contract`."""
    return func.split_part(label, " ", 1).in_(sorted(LABEL_WORDS))
