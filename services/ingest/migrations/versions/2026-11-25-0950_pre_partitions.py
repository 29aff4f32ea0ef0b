"""Events by month of recording, message ids by week: what is old is dropped as a whole.

Nothing has been released yet: the old tables go, with what little they hold brought along.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

from kit.db.schema import isolate_workspaces

revision = "202611250950"
down_revision = "202611250940"

SCHEMA = "ingest"
INSTANT = sa.DateTime(timezone=True)

# Two processes that need the same partition wait for each other at the lock; writers of other
# partitions are not held up. A partition is reached through its parent only, which isolates
# workspaces: by itself it shows nothing.
_MAKE = f"""
    LOCK TABLE %(parent)s IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE %%I (LIKE %(parent)s'
        ' INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING CONSTRAINTS)',
        part
    );
    EXECUTE format('ALTER TABLE %%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON %%I FROM {SCHEMA}_api, {SCHEMA}_worker', part);
"""
ENSURE_MONTH = f"""
CREATE FUNCTION {SCHEMA}.ensure_event_month(first date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
DECLARE
    part text := 'events_' || to_char(first, 'YYYY_MM');
BEGIN
    IF extract(day FROM first) <> 1 THEN
        RAISE EXCEPTION '% is not the first of a month', first;
    END IF;
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    {_MAKE % {"parent": "events"}}
    EXECUTE format(
        'ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part,
        to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00',
        to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00'
    );
    RETURN true;
END
$$
"""
ENSURE_WEEK = f"""
CREATE FUNCTION {SCHEMA}.ensure_message_week(wanted integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
DECLARE
    part text := 'message_ids_' || wanted;
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    {_MAKE % {"parent": "message_ids"}}
    EXECUTE format('ALTER TABLE message_ids ATTACH PARTITION %I FOR VALUES IN (%s)', part, wanted);
    RETURN true;
END
$$
"""
FORGET_WEEKS = f"""
CREATE FUNCTION {SCHEMA}.forget_message_weeks(before integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
DECLARE
    part text;
    gone integer := 0;
BEGIN
    FOR part IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'message_ids'::regclass
            AND substring(child.relname FROM '[0-9]+$')::integer < before
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END
$$
"""
FUNCTIONS = (
    "ensure_event_month(date)",
    "ensure_message_week(integer)",
    "forget_message_weeks(integer)",
)
_WEEK = "(floor(extract(epoch FROM received_at) / 604800))::integer"


def upgrade() -> None:
    for table in ("events", "message_ids"):
        op.execute(f"ALTER TABLE {SCHEMA}.{table} RENAME TO former_{table}")
        op.execute(f"ALTER INDEX {SCHEMA}.{table}_pkey RENAME TO former_{table}_pkey")
    _tables()
    isolate_workspaces(SCHEMA, "events", "message_ids")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.events FROM {SCHEMA}_api")
    for statement in (ENSURE_MONTH, ENSURE_WEEK, FORGET_WEEKS):
        op.execute(statement)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {SCHEMA}_worker")
    _bring_along()
    for table in ("events", "message_ids"):
        op.execute(f"DROP TABLE {SCHEMA}.former_{table}")


def _tables() -> None:
    op.create_table(
        "message_ids",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("week", sa.Integer, primary_key=True),
        schema=SCHEMA,
        postgresql_partition_by="LIST (week)",
    )
    op.create_table(
        "events",
        sa.Column("workspace", sa.Text, primary_key=True),
        sa.Column("profile", sa.Uuid, primary_key=True),
        sa.Column("person_seq", sa.BigInteger, primary_key=True),
        sa.Column("recorded_at", INSTANT, primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("anonymous_id", sa.Text, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("properties", JSON),
        sa.Column("traits", JSON),
        sa.Column("context", JSON),
        sa.Column("key_kind", sa.Text, nullable=False),
        sa.Column("history", sa.Boolean, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (recorded_at)",
    )


def _bring_along() -> None:
    op.execute(
        f"SELECT {SCHEMA}.ensure_event_month(month) FROM (SELECT DISTINCT"
        " date_trunc('month', recorded_at AT TIME ZONE 'UTC')::date AS month"
        f" FROM {SCHEMA}.former_events) AS months"
    )
    op.execute(f"INSERT INTO {SCHEMA}.events SELECT * FROM {SCHEMA}.former_events")
    op.execute(
        f"SELECT {SCHEMA}.ensure_message_week(week) FROM (SELECT DISTINCT {_WEEK} AS week"
        f" FROM {SCHEMA}.former_message_ids) AS weeks"
    )
    op.execute(
        f"INSERT INTO {SCHEMA}.message_ids SELECT workspace, message_id, {_WEEK}"
        f" FROM {SCHEMA}.former_message_ids"
    )
