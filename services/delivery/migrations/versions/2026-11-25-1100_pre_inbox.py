"""Messages in apps."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251100"
down_revision = "202611251050"

SCHEMA = "delivery"


def upgrade() -> None:
    op.create_table(
        "inbox_items",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("item", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("placement", "title", "text", "url", "action", "image")
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("clicked_at", sa.DateTime(timezone=True)),
        sa.Column("dismissed_at", sa.DateTime(timezone=True)),
        schema=SCHEMA,
    )
    op.create_index(
        "inbox_of_person", "inbox_items", ["workspace", "person", "position"], schema=SCHEMA
    )
    isolate_workspaces(SCHEMA, "inbox_items")
