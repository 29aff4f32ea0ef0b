"""Exposures to the arms of experiments."""

import sqlalchemy as sa
from alembic import op

from kit.db.schema import isolate_workspaces

revision = "202611251030"
down_revision = "202611251000"

SCHEMA = "history"


def upgrade() -> None:
    op.create_table(
        "exposures",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("experiment", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("arm", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("exposures_person", "exposures", ["workspace", "person"], schema=SCHEMA)
    isolate_workspaces(SCHEMA, "exposures")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.exposures FROM {SCHEMA}_api")
