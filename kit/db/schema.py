"""Building blocks for migrations: row-level security in one line."""

from alembic import op


def isolate_workspaces(schema: str, *tables: str) -> None:
    """Row-level security, forced: the api role sees one workspace, the worker role all.

    The api role without a workspace set sees nothing: `current_setting(..., true)` is null, and null is not true.
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
