"""Wishes to be erased, and their receipts."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251020"
down_revision = "202611250950"

SCHEMA = "gateway"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("persons", sa.ARRAY(sa.Uuid), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT),
        schema=SCHEMA,
    )
    op.create_index(
        "erasures_running",
        "erasures",
        ["requested_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    isolate_workspaces(SCHEMA, "erasures")
