"""What breaks the tracking plan, and the plan itself for the time decision is away."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251030"
down_revision = "202611250950"

SCHEMA = "ingest"


def upgrade() -> None:
    op.create_table(
        "quarantine",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("anonymous_id", sa.Text, nullable=False),
        sa.Column("pointer", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("item", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("quarantine_event", "quarantine", ["workspace", "event", "id"], schema=SCHEMA)
    op.create_table(
        "plans",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("documents", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "quarantine", "plans")
    for table in ("quarantine", "plans"):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.{table} FROM {SCHEMA}_api")
