"""Messages, attempts, receipts, and the processes that send."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import create_bus_tables, isolate_workspaces

revision = "202611230900"
down_revision = None

SCHEMA = "delivery"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_bus_tables(SCHEMA)
    _messages()
    _attempts()
    _receipts()
    op.create_table(
        "senders",
        sa.Column("sender", sa.Uuid, primary_key=True),
        sa.Column("beat", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "messages", "attempts", "receipts")
    for table in ("messages", "attempts", "receipts"):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.{table} FROM {SCHEMA}_api")
    op.execute(f"REVOKE ALL ON {SCHEMA}.senders FROM {SCHEMA}_api")


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Uuid, primary_key=True),
        sa.Column("decision_id", sa.Uuid, nullable=False),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("catalog_revision", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("message_class", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("variables", sa.JSON, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("journey", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("reason_en", sa.Text, nullable=False),
        sa.Column("reason_de", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("maybe_sent", sa.Boolean, nullable=False),
        sa.Column("owner", sa.Uuid),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.Text),
        sa.Column("called_at", INSTANT),
        schema=SCHEMA,
        postgresql_with={
            "fillfactor": "60",
            "autovacuum_vacuum_scale_factor": "0.05",
            "autovacuum_vacuum_cost_delay": "0",
        },
    )
    op.create_index(
        "messages_due",
        "messages",
        ["lane", "next_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'planned' AND owner IS NULL"),
    )
    op.create_index(
        "messages_owned",
        "messages",
        ["owner"],
        schema=SCHEMA,
        postgresql_where=sa.text("owner IS NOT NULL"),
    )
    op.create_index("messages_id", "messages", ["message_id"], schema=SCHEMA)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Uuid, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("provider_message_id", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("called_at", INSTANT),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "attempts_provider_message",
        "attempts",
        ["provider", "provider_message_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("provider_message_id <> ''"),
    )


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("machine", sa.Boolean, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "receipts_of_message", "receipts", ["workspace", "message_id", "at"], schema=SCHEMA
    )
