"""Who is in which segment."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611250940"
down_revision = "202611250930"

SCHEMA = "decision"


def upgrade() -> None:
    op.create_table(
        "segment_members",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("segment", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "segment_members")
