"""Events, the people they belong to, and what is known about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

from kit.db.schema import create_bus_tables, isolate_workspaces

revision = "202611230900"
down_revision = None

SCHEMA = "ingest"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_bus_tables(SCHEMA)
    _profiles()
    _traits()
    _events()
    isolate_workspaces(
        SCHEMA, "profiles", "identities", "traits", "message_ids", "events", "merges"
    )
    for table in ("events", "merges"):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.{table} FROM {SCHEMA}_api")


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("merged_into", sa.Uuid),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "profiles_merged_into",
        "profiles",
        ["workspace", "merged_into"],
        schema=SCHEMA,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_table(
        "identities",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("profile", sa.Uuid, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("identities_profile", "identities", ["workspace", "profile"], schema=SCHEMA)
    op.create_table(
        "merges",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("loser", sa.Uuid, primary_key=True),
        sa.Column("winner", sa.Uuid, nullable=False),
        sa.Column("person_seq", sa.BigInteger, nullable=False),
        sa.Column("loser_last_seq", sa.BigInteger, nullable=False),
        sa.Column("merged_at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("event", sa.Uuid, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("merges_winner", "merges", ["workspace", "winner"], schema=SCHEMA)


def _traits() -> None:
    op.create_table(
        "traits",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("profile", sa.Uuid, primary_key=True),
        sa.Column("by_name", JSONB, nullable=False),
        sa.Column("email", sa.Text),
        schema=SCHEMA,
    )
    op.create_index(
        "traits_email",
        "traits",
        ["workspace", "email", "profile"],
        schema=SCHEMA,
        postgresql_where=sa.text("email IS NOT NULL"),
    )


def _events() -> None:
    op.create_table(
        "message_ids",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("received_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "message_ids_received_at",
        "message_ids",
        ["received_at"],
        schema=SCHEMA,
        postgresql_using="brin",
    )
    op.create_table(
        "events",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("profile", sa.Uuid, primary_key=True),
        sa.Column("person_seq", sa.BigInteger, primary_key=True),
        sa.Column("recorded_at", INSTANT, primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("anonymous_id", sa.Text, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("properties", JSON),
        sa.Column("traits", JSON),
        sa.Column("context", JSON),
        sa.Column("key_kind", sa.Text, nullable=False),
        sa.Column("history", sa.Boolean, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        schema=SCHEMA,
    )
