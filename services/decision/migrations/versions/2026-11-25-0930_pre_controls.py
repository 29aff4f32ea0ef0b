"""Switches of a workspace, kept with each step, and what is to be reconsidered after a change."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611250930"
down_revision = "202611230900"

SCHEMA = "decision"


def upgrade() -> None:
    op.add_column(
        "catalog_heads",
        sa.Column("marketing_stopped", sa.Boolean, nullable=False, server_default=sa.false()),
        schema=SCHEMA,
    )
    op.add_column(
        "catalog_heads",
        sa.Column("paused_journeys", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        schema=SCHEMA,
    )
    op.add_column("steps", sa.Column("controls", sa.LargeBinary), schema=SCHEMA)
    op.create_table(
        "reconsiderations",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_person", sa.Uuid),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "reconsiderations")
