"""Provider accounts: which one was called, how fast it may be called, its secrets."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611250940"
down_revision = "202611230900"

SCHEMA = "delivery"


def upgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("account", sa.Text, nullable=False, server_default=sa.text("''")),
        schema=SCHEMA,
    )
    op.add_column(
        "messages",
        sa.Column("keyed", sa.Boolean, nullable=False, server_default=sa.text("false")),
        schema=SCHEMA,
    )
    op.create_table(
        "rates",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("tat_us", sa.BigInteger, nullable=False),
        schema=SCHEMA,
        postgresql_with={
            "fillfactor": "60",
            "autovacuum_vacuum_scale_factor": "0.05",
            "autovacuum_vacuum_cost_delay": "0",
        },
    )
    op.create_table(
        "secrets",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "rates", "secrets")
