"""Whose facts are passed over, because they were erased."""

from kit.db.schema import create_erased_table

revision = "202611251110"
down_revision = "202611251100"

SCHEMA = "delivery"


def upgrade() -> None:
    create_erased_table(SCHEMA)
