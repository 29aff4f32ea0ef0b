"""When a dead letter failed last."""

from kit.db.schema import note_last_failure

revision = "202611251122"
down_revision = "202611251045"

SCHEMA = "ingest"


def upgrade() -> None:
    note_last_failure(SCHEMA)
