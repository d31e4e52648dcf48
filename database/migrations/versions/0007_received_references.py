"""References that were received: what was delivered under them is told by `deliveries` and `credits` alone.

So nothing is lost with the columns that go: a hash of what was delivered, and the amount claimed.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE received_references DROP COLUMN facts, DROP COLUMN claimed_cents")
    op.execute("ALTER TABLE credits DROP COLUMN facts")
