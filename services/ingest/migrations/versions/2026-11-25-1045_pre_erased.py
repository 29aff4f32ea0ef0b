"""Whose facts are passed over, because they were erased; keyed hashes of their ids."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import create_erased_table, isolate_workspaces

revision = "202611251045"
down_revision = "202611251030"

SCHEMA = "ingest"


def upgrade() -> None:
    create_erased_table(SCHEMA)
    op.create_table(
        "erased_ids",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        schema=SCHEMA,
    )
    isolate_workspaces(SCHEMA, "erased_ids")
