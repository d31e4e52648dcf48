"""Senders that number again every month: a reference is received, contradicted and credited within a service month."""

from alembic import op

from database.recordings import append_only

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# What is contradicted was received: once, in one month.
_MONTHS = """
ALTER TABLE contradicted_references ADD COLUMN service_month DATE;
ALTER TABLE contradicted_references DISABLE TRIGGER USER;
UPDATE contradicted_references c SET service_month = r.service_month FROM received_references r
    WHERE (r.municipality_id, r.provider_id, r.law, r.reference)
        = (c.municipality_id, c.provider_id, c.law, c.reference);
ALTER TABLE contradicted_references ENABLE TRIGGER USER;
ALTER TABLE contradicted_references
    DROP CONSTRAINT pk_contradicted_references,
    ADD CONSTRAINT pk_contradicted_references
        PRIMARY KEY (municipality_id, provider_id, law, reference, service_month);
ALTER TABLE credits
    DROP CONSTRAINT pk_credits,
    ADD CONSTRAINT pk_credits PRIMARY KEY (municipality_id, provider_id, law, reference, service_month);
"""

_TABLE = """
CREATE TABLE numbering_per_month (
    provider_id INTEGER NOT NULL,
    recording BIGINT NOT NULL,
    per_month BOOLEAN NOT NULL,
    CONSTRAINT pk_numbering_per_month PRIMARY KEY (provider_id, recording),
    CONSTRAINT fk_numbering_per_month_provider_id FOREIGN KEY (provider_id) REFERENCES providers (id),
    CONSTRAINT fk_numbering_per_month_recording FOREIGN KEY (recording) REFERENCES recordings (number)
);
"""


def upgrade() -> None:
    op.execute(_MONTHS)
    op.execute(_TABLE)
    for statement in append_only("numbering_per_month"):
        op.execute(statement)
