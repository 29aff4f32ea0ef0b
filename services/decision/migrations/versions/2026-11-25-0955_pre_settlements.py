"""How far each workspace's people have been counted into its segments."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611250955"
down_revision = "202611250940"

SCHEMA = "decision"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "settlements",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("settled_at_revision", sa.BigInteger, nullable=False),
        sa.Column("people", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("after", sa.Uuid),
        sa.Column("barrier", sa.BigInteger, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "settlements")
