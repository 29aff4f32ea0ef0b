"""Runs of campaigns and their recipients."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251040"
down_revision = "202611251030"

SCHEMA = "decision"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaign_runs",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("run", sa.Uuid, primary_key=True),
        sa.Column("missed", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("occurs_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("after", sa.Uuid),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.Column("audience", sa.BigInteger, nullable=False),
        sa.Column("launched_by", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        schema=SCHEMA,
    )
    op.create_index(
        "campaign_runs_due",
        "campaign_runs",
        ["due_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state IN ('scheduled', 'running')"),
    )
    op.create_table(
        "campaign_recipients",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("campaign", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("run", sa.Uuid, primary_key=True),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("message", sa.Uuid),
        sa.Column("at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "campaign_recipients_of_run",
        "campaign_recipients",
        ["workspace", "campaign", "run", "state"],
        schema=SCHEMA,
    )
    op.create_index(
        "campaign_recipients_message",
        "campaign_recipients",
        ["workspace", "message"],
        schema=SCHEMA,
        postgresql_where=sa.text("message IS NOT NULL"),
    )
    isolate_workspaces(SCHEMA, "campaign_runs", "campaign_recipients")
