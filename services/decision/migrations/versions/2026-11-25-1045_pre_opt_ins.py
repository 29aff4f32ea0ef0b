"""Double opt-ins, and suppressions found by person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.schema import isolate_workspaces

revision = "202611251045"
down_revision = "202611251040"

SCHEMA = "decision"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index(
        "permission_ledger_suppressions",
        "permission_ledger",
        ["workspace", "person", "channel"],
        schema=SCHEMA,
        postgresql_where=sa.text("part = 'suppression'"),
    )
    op.create_table(
        "opt_ins",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("evidence", JSONB, nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT),
        schema=SCHEMA,
    )
    op.create_index("opt_ins_of_person", "opt_ins", ["workspace", "person"], schema=SCHEMA)
    isolate_workspaces(SCHEMA, "opt_ins")
