"""Workspaces, keys, idempotency records, audit trail and opt-outs on their way."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611230900"
down_revision = None

SCHEMA = "gateway"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _keys()
    _records()
    isolate_workspaces(
        SCHEMA,
        "workspaces",
        "api_keys",
        "idempotency_records",
        "audit_entries",
        "pending_optouts",
    )
    op.execute(f"REVOKE UPDATE, DELETE ON {SCHEMA}.audit_entries FROM {SCHEMA}_api")
    op.execute(f"GRANT UPDATE (status) ON {SCHEMA}.audit_entries TO {SCHEMA}_api")


def _keys() -> None:
    op.create_table(
        "workspaces",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("created_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "api_keys",
        sa.Column(
            "workspace",
            sa.Text,
            sa.ForeignKey(f"{SCHEMA}.workspaces.workspace"),
            primary_key=True,
        ),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("key_sha256", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        schema=SCHEMA,
    )


def _records() -> None:
    op.create_table(
        "idempotency_records",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_sha256", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.Uuid, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("content_type", sa.Text),
        sa.Column("body", sa.LargeBinary),
        schema=SCHEMA,
    )
    op.create_index("idempotency_records_begun", "idempotency_records", ["begun_at"], schema=SCHEMA)
    op.create_table(
        "audit_entries",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        schema=SCHEMA,
    )
    op.create_table(
        "pending_optouts",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("refused", sa.Text),
        schema=SCHEMA,
    )
