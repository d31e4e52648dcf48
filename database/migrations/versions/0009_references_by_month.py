"""References that were received, by service month: a month that is new is filled first, and gets its key at once."""

from alembic import op
from sqlalchemy import text

from database.recordings import append_only

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLE = """
ALTER TABLE received_references RENAME TO received_before;
ALTER TABLE received_before RENAME CONSTRAINT pk_received_references TO pk_received_before;
CREATE TABLE received_references (
    municipality_id INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    law TEXT NOT NULL,
    reference TEXT NOT NULL,
    service_month DATE NOT NULL,
    previous_reference TEXT,
    batch BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    CONSTRAINT pk_received_references PRIMARY KEY (municipality_id, provider_id, law, reference, service_month)
) PARTITION BY RANGE (service_month);
"""

# One after the other, and each with its key when it is full.
_MONTH = """
CREATE TABLE {name} (LIKE received_references);
INSERT INTO {name}
    SELECT municipality_id, provider_id, law, reference, service_month, previous_reference, batch, row_number
    FROM received_before WHERE service_month = '{month}'
    ORDER BY municipality_id, provider_id, law, reference;
ALTER TABLE received_references ATTACH PARTITION {name}
    FOR VALUES FROM ('{month}') TO ('{month}'::date + interval '1 month');
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(_TABLE)
    for statement in append_only("received_references"):
        op.execute(statement)
    months = op.get_bind().execute(text("SELECT DISTINCT service_month FROM received_before ORDER BY 1")).scalars()
    for month in months.all():
        op.execute(_MONTH.format(name=f"received_references_{month:%Y_%m}", month=month))
    op.execute("DROP TABLE received_before")
