"""The chain of channels before a conversion, told by the last message."""

import sqlalchemy as sa
from alembic import op

revision = "202611251100"
down_revision = "202611251030"

SCHEMA = "history"


def upgrade() -> None:
    chain = sa.Column("chain", sa.Text, nullable=False, server_default="")
    op.add_column("credits", chain, schema=SCHEMA)
