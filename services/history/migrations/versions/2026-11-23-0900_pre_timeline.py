"""The timeline, by month of recording, and who was merged into whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

from kit.db.schema import create_bus_tables, isolate_workspaces

revision = "202611230900"
down_revision = None

SCHEMA = "history"
INSTANT = sa.DateTime(timezone=True)

ENSURE_MONTH = f"""
CREATE FUNCTION {SCHEMA}.ensure_timeline_month(first date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
DECLARE
    part text := 'timeline_' || to_char(first, 'YYYY_MM');
BEGIN
    IF extract(day FROM first) <> 1 THEN
        RAISE EXCEPTION '% is not the first of a month', first;
    END IF;
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- What attaching needs anyway, taken first: two processes wait here instead of colliding.
    -- Readers and writers of other months are not held up.
    LOCK TABLE timeline IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE timeline INCLUDING DEFAULTS INCLUDING STORAGE)', part);
    -- Reached through the timeline only, which isolates workspaces: by itself it shows nothing.
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON %I FROM {SCHEMA}_api, {SCHEMA}_worker', part);
    EXECUTE format(
        'ALTER TABLE timeline ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part,
        to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00',
        to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00'
    );
    RETURN true;
END
$$
"""


def upgrade() -> None:
    create_bus_tables(SCHEMA)
    _timeline()
    _merges()
    isolate_workspaces(SCHEMA, "timeline", "merges")
    for table in ("timeline", "merges"):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.{table} FROM {SCHEMA}_api")
    op.execute(ENSURE_MONTH)
    function = f"FUNCTION {SCHEMA}.ensure_timeline_month(date)"
    op.execute(f"REVOKE ALL ON {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON {function} TO {SCHEMA}_worker")


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("recorded_at", INSTANT, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("person_seq", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("journey", sa.Text, nullable=False),
        sa.Column("event", sa.Uuid),
        sa.Column("decision", sa.Uuid),
        sa.Column("message", sa.Uuid),
        sa.Column("data", JSON),
        sa.Column("trace_id", sa.Text, nullable=False),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (recorded_at)",
    )


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("loser", sa.Uuid, primary_key=True),
        sa.Column("winner", sa.Uuid, nullable=False),
        sa.Column("loser_last_seq", sa.BigInteger, nullable=False),
        sa.Column("merged_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("merges_winner", "merges", ["workspace", "winner"], schema=SCHEMA)
