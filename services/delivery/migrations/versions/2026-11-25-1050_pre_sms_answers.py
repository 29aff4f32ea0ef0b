"""Answers to SMS are found by number."""

import sqlalchemy as sa
from alembic import op

revision = "202611251050"
down_revision = "202611251020"

SCHEMA = "delivery"


def upgrade() -> None:
    op.create_index(
        "messages_sms",
        "messages",
        ["endpoint", "ordered_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("channel = 'sms'"),
    )
