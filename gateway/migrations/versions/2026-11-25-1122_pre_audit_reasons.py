"""Why somebody did what the audit trail says."""

import sqlalchemy as sa
from alembic import op

revision = "202611251122"
down_revision = "202611251020"

SCHEMA = "gateway"


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("reason", sa.Text), schema=SCHEMA)
    op.execute(f"GRANT UPDATE (reason) ON {SCHEMA}.audit_entries TO {SCHEMA}_api")
