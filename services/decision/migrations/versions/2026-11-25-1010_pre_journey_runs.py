"""Where people stand in journeys, and calls that journeys ordered."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251010"
down_revision = "202611251000"

SCHEMA = "decision"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "journey_runs",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("journey", sa.Text, primary_key=True),
        sa.Column("run", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        schema=SCHEMA,
    )
    op.create_index(
        "journey_runs_at",
        "journey_runs",
        ["workspace", "journey", "version", "step"],
        schema=SCHEMA,
    )
    op.create_table(
        "journey_calls",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("journey", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("webhook", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.dialects.postgresql.JSONB, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "journey_calls_due",
        "journey_calls",
        ["due_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'pending'"),
    )
    isolate_workspaces(SCHEMA, "journey_runs", "journey_calls")
