"""What credits claim is taken off the claimed totals of a file, also of files read before.

Of rows that were rejected or known the amounts are not kept: in these two totals credits of earlier files stay added.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TOTALS = """
ALTER TABLE batches DISABLE TRIGGER USER;
WITH accepted AS (
    SELECT batch AS recording, sum(sign * claimed_cents) / 100.0 AS eur FROM deliveries
    WHERE entry = 'row' AND batch = recording GROUP BY batch
), waiting AS (
    SELECT f.recording, -sum(c.claimed_cents) / 100.0 AS eur
    FROM batch_findings f JOIN credits c ON c.batch = f.recording AND c.row_number = f.row_number
    WHERE f.code IN ('D33', 'D34') GROUP BY f.recording
), totals AS (
    SELECT b.recording, round(coalesce(a.eur, 0), 2) AS accepted, round(coalesce(w.eur, 0), 2) AS waiting
    FROM batches b LEFT JOIN accepted a USING (recording) LEFT JOIN waiting w USING (recording)
)
UPDATE batches b SET
    claimed_read_eur = t.accepted + t.waiting + b.claimed_rejected_eur + b.claimed_known_eur,
    claimed_accepted_eur = t.accepted,
    claimed_waiting_eur = t.waiting
FROM totals t
WHERE t.recording = b.recording AND (b.claimed_accepted_eur, b.claimed_waiting_eur) <> (t.accepted, t.waiting);
ALTER TABLE batches ENABLE TRIGGER USER;
"""


def upgrade() -> None:
    op.execute(_TOTALS)
