"""People are looked up by telephone number too."""

import sqlalchemy as sa
from alembic import op

revision = "202611250940"
down_revision = "202611230900"

SCHEMA = "ingest"


def upgrade() -> None:
    op.add_column("traits", sa.Column("phone", sa.Text), schema=SCHEMA)
    op.create_index(
        "traits_phone",
        "traits",
        ["workspace", "phone", "profile"],
        schema=SCHEMA,
        postgresql_where=sa.text("phone IS NOT NULL"),
    )
