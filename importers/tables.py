"""Facts as they came in.

Tables that grow with the deliveries lead their keys with the municipality and have no foreign keys: the join that
accepts the rows is the check, and `settlement.invariants` proves it.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from database.metadata import metadata
from database.types import money

# --- delivery files ---------------------------------------------------------------------------------------------------

# One delivery file as it was read: what became of every row, and of every euro that was claimed on one. What is claimed
# on a credit is taken off.
batches = Table(
    "batches",
    metadata,
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("rows_read", Integer, nullable=False),
    Column("rows_accepted", Integer, nullable=False),
    Column("rows_rejected", Integer, nullable=False),
    Column("rows_waiting", Integer, nullable=False),
    Column("rows_known", Integer, nullable=False),
    money("claimed_read_eur"),
    money("claimed_accepted_eur"),
    money("claimed_rejected_eur"),
    money("claimed_waiting_eur"),
    money("claimed_known_eur"),
    # The providers that the rows name, also rejected ones; null when some row does not tell, other than a totals row.
    Column("providers", ARRAY(Text)),
    CheckConstraint("rows_read = rows_accepted + rows_rejected + rows_waiting + rows_known", name="every_row_counted"),
    CheckConstraint(
        "claimed_read_eur = claimed_accepted_eur + claimed_rejected_eur + claimed_waiting_eur + claimed_known_eur",
        name="every_claimed_euro_counted",
    ),
)

batch_findings = Table(
    "batch_findings",
    metadata,
    Column("recording", ForeignKey("batches.recording"), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("column_name", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("provider", Text),  # whose row it is, of a rejected one that tells
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
)

# A file that was refused whole: nothing of it was recorded, and yet its sender sent something. `recording` is the last
# one at that moment; `providers` are those that it names, as far as it could be read.
refused_files = Table(
    "refused_files",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("recording", BigInteger, nullable=False),
    Column("refused_at", DateTime(timezone=True), nullable=False),
    Column("refused_for", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("providers", ARRAY(Text), nullable=False),
)

# The one key that client numbers were hashed with: its fingerprint, never the key.
pseudonym_keys = Table(
    "pseudonym_keys",
    metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("fingerprint", Text, nullable=False),
    CheckConstraint("singleton", name="one_key"),
)

clients = Table(
    "clients",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("pseudonym", LargeBinary, nullable=False, unique=True),
    CheckConstraint("octet_length(pseudonym) = 32", name="pseudonym_is_a_sha256"),
)


def _row_key() -> list[Column[Any]]:
    """Where a row stands: the batch (recording number) it came in with, and its line in the file."""
    return [Column("batch", BigInteger, primary_key=True), Column("row_number", Integer, primary_key=True)]


def _reference_key() -> list[Column[Any]]:
    """What names a row: unique per provider and law (TR314), here within a municipality. See `numbering_per_month`."""
    return [
        Column("municipality_id", Integer, primary_key=True),
        Column("provider_id", Integer, primary_key=True),
        Column("law", Text, primary_key=True),
        Column("reference", Text, primary_key=True),
    ]


def _service() -> list[Column[Any]]:
    """What was delivered. `service_end` is the first day after it; `quantity` is positive, in the product's unit."""
    return [
        Column("product_id", Integer, nullable=False),
        Column("client_id", BigInteger, nullable=False),
        Column("assignment", Text, nullable=False),
        Column("service_start", Date, nullable=False),
        Column("service_end", Date, nullable=False),
        Column("quantity", BigInteger, nullable=False),
        Column("claimed_cents", BigInteger),
    ]


# What counts, and from which recording it counted: a debit row with sign 1, a credit row with sign -1, and, when a row
# stops counting because another contradicts it, its withdrawal with the opposite sign. Every sum over quantity x sign
# up to a recording is therefore what was known then.
deliveries = Table(
    "deliveries",
    metadata,
    Column("municipality_id", Integer, primary_key=True),
    Column("service_month", Date, primary_key=True),
    *_row_key(),
    Column("entry", Text, primary_key=True),
    Column("recording", BigInteger, nullable=False),
    Column("sign", SmallInteger, nullable=False),
    Column("provider_id", Integer, nullable=False),
    *_service(),
    Column("reference", Text, nullable=False),
    Column("previous_reference", Text),
    CheckConstraint("entry IN ('row', 'withdrawal')", name="entry_known"),
    CheckConstraint("sign IN (1, -1) AND quantity > 0", name="signed_quantity"),
    CheckConstraint("service_end > service_start", name="service_period"),
    postgresql_partition_by="RANGE (service_month)",
)

# Every valid row that was ever received, once. What was delivered under a reference that is not contradicted stands in
# `deliveries`, or in `credits`. The key sees to it that a reference is received once within a service month; across
# months the importer does, which looks every reference up (an invariant proves it), unless the sender numbers by month.
received_references = Table(
    "received_references",
    metadata,
    *_reference_key(),
    Column("service_month", Date, primary_key=True),
    Column("previous_reference", Text),
    Column("batch", BigInteger, nullable=False),
    Column("row_number", Integer, nullable=False),
    postgresql_partition_by="RANGE (service_month)",
)

# References under which rows came that contradict each other: none of these rows counts.
contradicted_references = Table(
    "contradicted_references",
    metadata,
    *_reference_key(),
    Column("service_month", Date, primary_key=True),
    Column("recording", BigInteger, nullable=False),
)

# Every valid credit that was ever received. Whether it counts follows from the debit it names.
credits = Table(
    "credits",
    metadata,
    *_reference_key(),
    Column("service_month", Date, primary_key=True),
    Column("previous_reference", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("row_number", Integer, nullable=False),
    *_service(),
    Index("ix_credits_previous", "municipality_id", "provider_id", "law", "previous_reference"),
)

# Providers whose references are unique within a service month only, or no longer: the latest recording decides.
numbering_per_month = Table(
    "numbering_per_month",
    metadata,
    Column("provider_id", ForeignKey("providers.id"), primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("per_month", Boolean, nullable=False),
)

# Hash totals: what each recording added to a slice of deliveries. They tell a run which months changed.
delivery_totals = Table(
    "delivery_totals",
    metadata,
    Column("municipality_id", Integer, primary_key=True),
    Column("provider_id", Integer, primary_key=True),
    Column("product_id", Integer, primary_key=True),
    Column("service_month", Date, primary_key=True),
    Column("recording", BigInteger, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("first_start", Date, nullable=False),
    Column("last_start", Date, nullable=False),
)

# --- counts and advances ----------------------------------------------------------------------------------------------

# Of one area, measure, date and status the row of the latest recording holds.
population_counts = Table(
    "population_counts",
    metadata,
    Column("area", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("counted_on", Date, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("recording", ForeignKey("recordings.number"), primary_key=True),
    Column("persons", Integer, nullable=False),
    CheckConstraint("status IN ('provisional', 'final')", name="status_known"),
    CheckConstraint("persons >= 0", name="persons_not_negative"),
)

advances = Table(
    "advances",
    metadata,
    Column("contract_id", ForeignKey("contracts.id"), primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("paid_on", Date, nullable=False),
    money("amount_eur"),
    Column("recording", ForeignKey("recordings.number"), nullable=False),
    CheckConstraint("amount_eur <> 0", name="amount_not_nil"),
)

# --- other facts (importers.facts) ------------------------------------------------------------------------------------

# Of one key the row of the latest recording holds, unless it says that the fact was withdrawn.


def _fact(name: str, key: tuple[str, ...], *columns: Any) -> Table:
    """A table of facts in versions. A column of the key may be empty: then that is what the fact has there."""
    return Table(
        name,
        metadata,
        *columns,
        Column("withdrawn", Boolean, nullable=False),
        Column("recording", ForeignKey("recordings.number"), nullable=False),
        UniqueConstraint(*key, "recording", name=f"uq_{name}_version", postgresql_nulls_not_distinct=True),
    )


def _contract() -> Column[Any]:
    return Column("contract_id", ForeignKey("contracts.id"), nullable=False)


def _municipality() -> Column[Any]:
    return Column("municipality_id", ForeignKey("municipalities.id"), nullable=False)


def _provider(name: str = "provider_id") -> Column[Any]:
    return Column(name, ForeignKey("providers.id"))


def _product_or_category() -> tuple[Any, ...]:
    return (
        Column("product_id", ForeignKey("products.id")),
        Column("category", Text),
        CheckConstraint("(product_id IS NULL) <> (category IS NULL)", name="product_or_category"),
    )


def _period(*, may_be_open: bool = False) -> tuple[Any, ...]:
    return (
        Column("period_from", Date, nullable=False),
        Column("period_until", Date, nullable=may_be_open),
        CheckConstraint("period_until > period_from", name="period"),
    )


def _exact(name: str, *, nullable: bool = False) -> Column[Any]:
    """A number that is no amount. NaN sorts above Infinity, so the upper bound refuses it too."""
    check = CheckConstraint(f"{name} > '-Infinity' AND {name} < 'Infinity'", name=name)
    return Column(name, Numeric, check, nullable=nullable)


outcome_scores = _fact(
    "outcome_scores",
    ("contract_id", "indicator", "period_from", "period_until", "status"),
    _contract(),
    Column("indicator", Text, nullable=False),
    *_period(),
    Column("status", Text, nullable=False),
    _exact("score"),
    _exact("numerator", nullable=True),
    _exact("denominator", nullable=True),
    CheckConstraint("status IN ('provisional', 'final')", name="status_known"),
    CheckConstraint("denominator <> 0 AND (numerator IS NULL) = (denominator IS NULL)", name="fraction"),
)

referrals = _fact(
    "referrals",
    ("municipality_id", "reference"),
    _municipality(),
    Column("reference", Text, nullable=False),
    Column("contract_id", ForeignKey("contracts.id")),
    _provider(),
    *_product_or_category(),
    *_period(),
    Column("referrer", Text, nullable=False),
    Column("counted", Integer),
    Column("client_id", ForeignKey("clients.id")),
    CheckConstraint(
        "referrer IN ('municipality', 'general_practitioner', 'youth_doctor', 'certified_institution', "
        "'medical_specialist', 'judicial', 'none')",
        name="referrer_known",
    ),
    CheckConstraint("contract_id IS NOT NULL OR provider_id IS NOT NULL", name="to_somebody"),
    CheckConstraint("(counted IS NULL) <> (client_id IS NULL)", name="counted_or_of_a_client"),
    CheckConstraint("counted >= 0", name="counted_not_negative"),
)

household_members = _fact(
    "household_members",
    ("municipality_id", "client_id", "period_from"),
    _municipality(),
    Column("client_id", ForeignKey("clients.id"), nullable=False),
    *_period(may_be_open=True),
    Column("household", LargeBinary, nullable=False),
    CheckConstraint("octet_length(household) = 32", name="household_is_a_sha256"),
)

accountability_received = _fact(
    "accountability_received",
    ("contract_id", "year", "kind"),
    _contract(),
    Column("year", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("verdict", Text),
    money("amount_eur", nullable=True),
    CheckConstraint(
        "kind IN ('production_statement', 'annual_accounts', 'auditor_statement', 'board_declaration', "
        "'quality_report')",
        name="kind_known",
    ),
    CheckConstraint("verdict IN ('accepted', 'with_remarks', 'rejected')", name="verdict_known"),
)

determinations = _fact(
    "determinations",
    ("contract_id", "year", "component"),
    _contract(),
    Column("year", Integer, nullable=False),
    Column("component", Text),
    money("amount_eur"),
    Column("decided_on", Date, nullable=False),
    Column("reference", Text, nullable=False),
)

planned_moves = _fact(
    "planned_moves",
    ("municipality_id", "reference"),
    _municipality(),
    Column("reference", Text, nullable=False),
    *_product_or_category(),
    _provider("from_provider_id"),
    Column("from_region", Text),
    Column("from_scope", Text),
    Column("from_care_line", Text),
    _provider("to_provider_id"),
    Column("to_region", Text),
    Column("to_scope", Text),
    Column("to_care_line", Text),
    _exact("share_percent", nullable=True),
    money("amount_eur", nullable=True),
    Column("planned_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    CheckConstraint("share_percent > 0 AND share_percent <= 100", name="share"),
    CheckConstraint("amount_eur > 0", name="amount_positive"),
    CheckConstraint("(share_percent IS NULL) <> (amount_eur IS NULL)", name="share_or_amount"),
    CheckConstraint("status IN ('planned', 'confirmed', 'cancelled')", name="status_known"),
)


def _client_and_product() -> tuple[Column[Any], ...]:
    return (
        _municipality(),
        Column("number", Text, nullable=False),
        Column("provider_id", ForeignKey("providers.id"), nullable=False),
        Column("product_id", ForeignKey("products.id"), nullable=False),
        Column("client_id", ForeignKey("clients.id"), nullable=False),
        *_period(may_be_open=True),
    )


# Care that was assigned to a client: `volume` in the unit of delivery of the product, per week, month or in total.
assignments = _fact(
    "assignments",
    ("municipality_id", "number"),
    *_client_and_product(),
    Column("volume", BigInteger),
    Column("per", Text),
    CheckConstraint("volume > 0", name="volume_positive"),
    CheckConstraint("per IN ('week', 'month', 'total')", name="per_known"),
    CheckConstraint("(volume IS NULL) = (per IS NULL)", name="volume_per"),
)

# Trajectories: `done_percent` of one that was stopped early; `result` when what was agreed was reached.
trajectories = _fact(
    "trajectories",
    ("municipality_id", "number"),
    *_client_and_product(),
    _exact("done_percent", nullable=True),
    Column("result", Boolean, nullable=False),
    CheckConstraint("done_percent BETWEEN 0 AND 100", name="done"),
    CheckConstraint("done_percent IS NULL OR period_until IS NOT NULL", name="stopped"),
)

# --- sheets of workbooks ----------------------------------------------------------------------------------------------

# Of a delivery file with rows on several sheets: the sheet of the rows with a number above `after_row`, up to the next.
# The row of the sheet is what the number has more than `after_row`.
batch_sheets = Table(
    "batch_sheets",
    metadata,
    Column("recording", ForeignKey("batches.recording"), primary_key=True),
    Column("after_row", Integer, primary_key=True),
    Column("sheet", Text, nullable=False),
)
