"""Person states, wake-ups, decisions, permission ledger and catalog."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.schema import create_bus_tables, isolate_workspaces

revision = "202611230900"
down_revision = None

SCHEMA = "decision"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_bus_tables(SCHEMA)
    _persons()
    _decisions()
    _permission()
    _catalog()
    isolate_workspaces(
        SCHEMA,
        "person_states",
        "wakeups",
        "steps",
        "decisions",
        "permission_ledger",
        "catalog_heads",
        "catalog_documents",
    )
    op.execute(f"REVOKE UPDATE, DELETE ON {SCHEMA}.permission_ledger FROM {SCHEMA}_api")


def _persons() -> None:
    op.create_table(
        "person_states",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("merged_into", sa.Uuid),
        sa.Column("changed_at", INSTANT, nullable=False),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "wakeups",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("due_at", INSTANT, nullable=False),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("wakeups_due", "wakeups", ["due_at"], schema=SCHEMA)


def _decisions() -> None:
    op.create_table(
        "steps",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state_before", sa.LargeBinary, nullable=False),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
        sa.Column("catalog_revision", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "decisions",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("step", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("decision", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "decisions_of_person", "decisions", ["workspace", "person", "at"], schema=SCHEMA
    )


def _permission() -> None:
    op.create_table(
        "permission_ledger",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("message", sa.Uuid),
        sa.Column("evidence", JSONB, nullable=False),
        schema=SCHEMA,
    )


def _catalog() -> None:
    op.create_table(
        "catalog_heads",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("applied_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "catalog_documents",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        schema=SCHEMA,
    )
