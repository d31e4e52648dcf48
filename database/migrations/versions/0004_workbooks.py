"""Delivery files that are workbooks: on which sheet a row stands. Nothing is changed or deleted."""

from alembic import op

from database.recordings import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE batch_sheets (
    recording BIGINT NOT NULL,
    after_row INTEGER NOT NULL,
    sheet TEXT NOT NULL,
    CONSTRAINT pk_batch_sheets PRIMARY KEY (recording, after_row),
    CONSTRAINT fk_batch_sheets_recording FOREIGN KEY(recording) REFERENCES batches (recording)
);
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for statement in append_only("batch_sheets"):
        op.execute(statement)
