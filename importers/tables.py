"""Facts as they came in.

Tables that grow with the deliveries lead their keys with the municipality and have no foreign keys: the join that
accepts the rows is the check, and `settlement.invariants` proves it.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from database.metadata import metadata
from database.types import money

# --- delivery files ---------------------------------------------------------------------------------------------------

# One delivery file as it was read: what became of every row, and of every euro that was claimed on one.
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
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
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
    """What names a row: unique per provider and law (TR314), here within a municipality."""
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

# Every valid row that was ever received, once. `facts` is a hash of what was delivered; a row is identical to another
# when key, facts, claimed amount and previous reference are all the same.
received_references = Table(
    "received_references",
    metadata,
    *_reference_key(),
    Column("previous_reference", Text),
    Column("facts", Uuid, nullable=False),
    Column("claimed_cents", BigInteger),
    Column("service_month", Date, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("row_number", Integer, nullable=False),
)

# References under which rows came that contradict each other: none of these rows counts.
contradicted_references = Table(
    "contradicted_references",
    metadata,
    *_reference_key(),
    Column("recording", BigInteger, nullable=False),
)

# Every valid credit that was ever received. Whether it counts follows from the debit it names.
credits = Table(
    "credits",
    metadata,
    *_reference_key(),
    Column("previous_reference", Text, nullable=False),
    Column("facts", Uuid, nullable=False),
    Column("service_month", Date, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("row_number", Integer, nullable=False),
    *_service(),
    Index("ix_credits_previous", "municipality_id", "provider_id", "law", "previous_reference"),
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
