"""Where links lead; wording and measurement of a message."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251020"
down_revision = "202611250940"

SCHEMA = "delivery"


def upgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("variant", sa.Text, nullable=False, server_default=sa.text("''")),
        schema=SCHEMA,
    )
    op.add_column(
        "messages",
        sa.Column("measure", sa.Boolean, nullable=False, server_default=sa.text("false")),
        schema=SCHEMA,
    )
    op.create_table(
        "link_targets",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("target", sa.Uuid, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "short_links",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("target", sa.Uuid, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("short_links_code", "short_links", ["code"], unique=True, schema=SCHEMA)
    isolate_workspaces(SCHEMA, "link_targets", "short_links")
