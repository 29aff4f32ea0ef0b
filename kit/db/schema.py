"""Building blocks for migrations: the bus's tables and row-level security, in one line each."""

from alembic import op
from sqlalchemy import MetaData

from kit.bus.tables import bus_statements, bus_tables, erased_table


def create_bus_tables(schema: str) -> None:
    """The tables of the bus in this schema, first version.

    Answering a request may emit facts, so the api role may add to the outbox; the rest is the
    worker's.
    """
    metadata = MetaData()
    tables = bus_tables(metadata, schema)
    metadata.create_all(op.get_bind(), tables=tables)
    for statement in bus_statements(schema):
        op.execute(statement)
    for table in tables:
        op.execute(f"REVOKE ALL ON {schema}.{table.name} FROM {schema}_api")
    op.execute(f"GRANT INSERT ON {schema}.outbox TO {schema}_api")
    op.execute(f"GRANT SELECT, UPDATE ON {schema}.dead_letters TO {schema}_api")
    isolate_workspaces(schema, "dead_letters")


def create_erased_table(schema: str) -> None:
    """The table `erased`, also in a schema whose first migration made none yet."""
    metadata = MetaData()
    table = erased_table(metadata, schema)
    table.create(op.get_bind(), checkfirst=True)
    op.execute(f"REVOKE ALL ON {schema}.erased FROM {schema}_api")
    isolate_workspaces(schema, "erased")


def note_last_failure(schema: str) -> None:
    """When a dead letter failed last, also in a schema whose first migration did not ask."""
    op.execute(
        f"ALTER TABLE {schema}.dead_letters ADD COLUMN IF NOT EXISTS failed_again_at timestamptz"
    )


def isolate_workspaces(schema: str, *tables: str) -> None:
    """Row-level security, forced: the api role sees one workspace, the worker role all.

    The api role without a workspace set sees nothing: `current_setting(..., true)` is null, and
    null is not true.
    """
    for table in tables:
        name = f"{schema}.{table}"
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        own = "workspace = current_setting('kairos.workspace', true)"
        op.execute(
            f"CREATE POLICY workspace ON {name} TO {schema}_api USING ({own}) WITH CHECK ({own})"
        )
        op.execute(
            f"CREATE POLICY batches ON {name} TO {schema}_worker USING (true) WITH CHECK (true)"
        )
