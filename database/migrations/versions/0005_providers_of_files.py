"""Delivery files: which providers their rows name. Of files that came before it is not known."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE batches ADD COLUMN providers TEXT[]")
