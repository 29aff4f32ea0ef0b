"""Trials of messages, and the snapshots of the response model learnt from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from kit.db.schema import isolate_workspaces

revision = "202611251000"
down_revision = "202611250955"

SCHEMA = "decision"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "steps",
        sa.Column("model_revision", sa.BigInteger, nullable=False, server_default="0"),
        schema=SCHEMA,
    )
    _trials()
    _model()
    isolate_workspaces(SCHEMA, "trials", "model_revisions", "model_counts")


def _trials() -> None:
    op.create_table(
        "trials",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("message", sa.Uuid, primary_key=True),
        sa.Column("decision", sa.Uuid, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("bucket", sa.Text, nullable=False),
        sa.Column("model_revision", sa.BigInteger, nullable=False),
        sa.Column("actions", sa.LargeBinary, nullable=False),
        sa.Column("responded_at", INSTANT),
        sa.Column("response", sa.Text),
        sa.Column("hour", sa.SmallInteger),
        sa.Column("settled", sa.Boolean, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("trials_sent", "trials", ["workspace", "sent_at"], schema=SCHEMA)
    op.create_index(
        "trials_open",
        "trials",
        ["until"],
        schema=SCHEMA,
        postgresql_where=sa.text("NOT settled"),
    )
    op.create_index(
        "trials_answered",
        "trials",
        ["responded_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("NOT settled AND responded_at IS NOT NULL"),
    )


def _model() -> None:
    op.create_table(
        "model_revisions",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("hours", ARRAY(sa.Integer), nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "model_counts",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("template", sa.Text, primary_key=True),
        sa.Column("variant", sa.Text, primary_key=True),
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True),
        sa.Column("trials", sa.BigInteger, nullable=False),
        sa.Column("responses", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "model_counts_revision", "model_counts", ["workspace", "revision"], schema=SCHEMA
    )
