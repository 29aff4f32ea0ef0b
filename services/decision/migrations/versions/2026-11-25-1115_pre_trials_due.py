"""Messages are counted a day after their order, answered or not; late responses are credited."""

import sqlalchemy as sa
from alembic import op

revision = "202611251115"
down_revision = "202611251100"

SCHEMA = "decision"


def upgrade() -> None:
    op.add_column(
        "trials",
        sa.Column("credited", sa.Boolean, nullable=False, server_default=sa.false()),
        schema=SCHEMA,
    )
    op.add_column(
        "trials",
        sa.Column(
            "due",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("'-infinity'"),
        ),
        schema=SCHEMA,
    )
    op.drop_index("trials_open", "trials", schema=SCHEMA)
    op.drop_index("trials_answered", "trials", schema=SCHEMA)
    op.create_index(
        "trials_due", "trials", ["due"], schema=SCHEMA, postgresql_where=sa.text("NOT settled")
    )
    op.create_index(
        "trials_uncredited",
        "trials",
        ["responded_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("settled AND NOT credited AND responded_at IS NOT NULL"),
    )
