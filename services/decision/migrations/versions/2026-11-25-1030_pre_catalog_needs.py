"""Since which revision the catalog needs which traits, tallies and memberships of a person."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251030"
down_revision = "202611251010"

SCHEMA = "decision"


def upgrade() -> None:
    op.create_table(
        "catalog_needs",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("since", sa.BigInteger, primary_key=True),
        sa.Column("until", sa.BigInteger),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "catalog_needs")
