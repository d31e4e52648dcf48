"""Whose a rejected row is, where it tells; and files that were refused whole."""

from alembic import op

from database.recordings import append_only

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE refused_files (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    recording BIGINT NOT NULL,
    refused_at TIMESTAMP WITH TIME ZONE NOT NULL,
    refused_for TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    reason TEXT NOT NULL,
    providers TEXT[] NOT NULL,
    CONSTRAINT pk_refused_files PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    op.execute("ALTER TABLE batch_findings ADD COLUMN provider TEXT")
    op.execute(_TABLE)
    for statement in append_only("refused_files"):
        op.execute(statement)
