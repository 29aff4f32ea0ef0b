"""Goals that were reached, and the credit messages get for it."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251000"
down_revision = "202611250930"

SCHEMA = "history"
INSTANT = sa.DateTime(timezone=True)
TABLES = ("due_people", "goal_heads", "goal_events", "credits")


def upgrade() -> None:
    revision_sent = sa.Column("catalog_revision", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("messages", revision_sent, schema=SCHEMA)
    _due()
    _reached()
    isolate_workspaces(SCHEMA, *TABLES)
    for table in TABLES:
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.{table} FROM {SCHEMA}_api")


def _due() -> None:
    op.create_table(
        "due_people",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        schema=SCHEMA,
    )
    op.create_table(
        "goal_heads",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        schema=SCHEMA,
    )


def _reached() -> None:
    op.create_table(
        "goal_events",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("goal", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("event", sa.Uuid, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("goal_events_person", "goal_events", ["workspace", "person"], schema=SCHEMA)
    texts = ("channel", "message_class", "template", "variant", "journey", "campaign")
    models = ("last", "first", "linear", "position", "decay")
    op.create_table(
        "credits",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("goal", sa.Text, primary_key=True),
        sa.Column("event", sa.Uuid, primary_key=True),
        sa.Column("message", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        *(sa.Column(name, sa.Double, nullable=False) for name in models),
        schema=SCHEMA,
    )
    op.create_index("credits_person", "credits", ["workspace", "person"], schema=SCHEMA)
    op.create_index("credits_sent", "credits", ["workspace", "sent_at"], schema=SCHEMA)
