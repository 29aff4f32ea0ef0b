"""Messages with their reactions, sums by day, and the pressure on people."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611250930"
down_revision = "202611230900"

SCHEMA = "history"
INSTANT = sa.DateTime(timezone=True)
REACTIONS = (
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "complained",
    "unsubscribed",
    "machine",
)
TABLES = ("messages", "message_days", "outcome_days", "person_pressure", "pressure")


def upgrade() -> None:
    campaign = sa.Column("campaign", sa.Text, nullable=False, server_default="")
    op.add_column("timeline", campaign, schema=SCHEMA)
    _messages()
    _days()
    _pressure()
    isolate_workspaces(SCHEMA, *TABLES)
    for table in TABLES:
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.{table} FROM {SCHEMA}_api")


def _messages() -> None:
    texts = ("channel", "message_class", "topic", "template", "variant", "journey", "campaign")
    op.create_table(
        "messages",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("message", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("cost_micros", sa.BigInteger, nullable=False),
        *(sa.Column(f"{name}_at", INSTANT) for name in REACTIONS),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "75"},
    )
    op.create_index("messages_person", "messages", ["workspace", "person", "at"], schema=SCHEMA)


def _days() -> None:
    _table(
        "message_days",
        ("day", "source", "channel", "message_class", "topic", "template", "variant", "journey"),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("sent", *REACTIONS, "cost_micros")
        ),
    )
    _table(
        "outcome_days",
        ("day", "source", "kind", "name", "channel", "code", "journey"),
        sa.Column("entries", sa.BigInteger, nullable=False),
    )


def _table(name: str, keys: tuple[str, ...], *sums: sa.Column[int]) -> None:
    columns = [
        sa.Column(key, sa.Date if key == "day" else sa.Text, primary_key=True)
        for key in ("workspace", *keys, "campaign")
    ]
    op.create_table(name, *columns, *sums, schema=SCHEMA, postgresql_with={"fillfactor": "50"})


def _pressure() -> None:
    op.create_table(
        "person_pressure",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("first_day", sa.Date, primary_key=True),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("messages", "responses", "complaints")
        ),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "pressure",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("first_day", sa.Date, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("messages", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("people", "responders", "leavers")
        ),
        schema=SCHEMA,
        postgresql_with={"fillfactor": "50"},
    )
