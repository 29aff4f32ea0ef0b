"""The bus's tables in a service's schema, for its metadata and its migrations.

They belong to the machinery: services neither read nor write them. None has a workspace column
because none is read on behalf of a caller, except dead_letters (`kit.db.schema.isolate_workspaces`
fits it).
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

_BUSY = {
    "fillfactor": "70",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_threshold": "500",
    "autovacuum_vacuum_cost_delay": "0",
}
"""Rows live for milliseconds: vacuum early, and leave room to update in place."""


def bus_tables(metadata: MetaData, schema: str) -> list[Table]:
    """Declares the tables of the bus in `schema`; the list is in order of creation."""
    return [
        _outbox(metadata, schema),
        _relay_streams(metadata, schema),
        _consumer_floors(metadata, schema),
        _partition_leases(metadata, schema),
        _lease_members(metadata, schema),
        _dead_letters(metadata, schema),
        erased_table(metadata, schema),
    ]


def bus_statements(schema: str) -> list[str]:
    """What SQLAlchemy cannot say about these tables; run after creating them.

    Bodies are stored uncompressed: trying to compress 15 KB costs 0.3 ms, and they are gone in a
    moment.
    """
    return [
        f"ALTER TABLE {schema}.outbox ALTER COLUMN body SET STORAGE EXTERNAL",
        f"ALTER TABLE {schema}.dead_letters ALTER COLUMN body SET STORAGE EXTERNAL",
    ]


def _outbox(metadata: MetaData, schema: str) -> Table:
    """One row for what one commit says to one partition; deleted when all consumers have it and the
    feed too.
    """
    unpublished = text("published_seq IS NULL")
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True, cache=1), primary_key=True),
        Column("stream", Text, nullable=False),
        Column("lane", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("facts", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("traceparent", Text, nullable=False),
        # What is still to be put on the feed: JSON [[index, subject tail, fact id], ...]; null when
        # done.
        Column("feed", LargeBinary),
        Column("incarnation", Text),
        Column("published_seq", BigInteger),
        # How often it had to be published anew; part of the message id, which outlives a purge.
        Column("rounds", SmallInteger, nullable=False, server_default=text("0")),
        Index("outbox_unpublished", "stream", "lane", "position", postgresql_where=unpublished),
        Index(
            "outbox_published",
            "stream",
            "lane",
            "partition",
            "published_seq",
            postgresql_where=text("published_seq IS NOT NULL"),
        ),
        Index("outbox_unfed", "position", postgresql_where=text("feed IS NOT NULL")),
        schema=schema,
        postgresql_with=_BUSY,
    )


def _relay_streams(metadata: MetaData, schema: str) -> Table:
    """The highest sequence a stream ever acknowledged to us: a stream that is behind it has lost
    something.
    """
    return Table(
        "relay_streams",
        metadata,
        Column("stream", Text, primary_key=True),
        Column("incarnation", Text, nullable=False),
        Column("last_seq", BigInteger, nullable=False),
        schema=schema,
        postgresql_with=_BUSY,
    )


def _consumer_floors(metadata: MetaData, schema: str) -> Table:
    """Everything up to `seq` of this partition is committed here; `epoch` is who may move it."""
    return Table(
        "consumer_floors",
        metadata,
        Column("stream", Text, primary_key=True),
        Column("lane", Text, primary_key=True),
        Column("partition", SmallInteger, primary_key=True),
        Column("incarnation", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("epoch", BigInteger, nullable=False),
        schema=schema,
        postgresql_with=_BUSY,
    )


def _partition_leases(metadata: MetaData, schema: str) -> Table:
    """Which process has which partition of a role; `epoch` grows with every change of hands."""
    return Table(
        "partition_leases",
        metadata,
        Column("role", Text, primary_key=True),
        Column("partition", SmallInteger, primary_key=True),
        Column("holder", Text),
        Column("epoch", BigInteger, nullable=False),
        schema=schema,
    )


def _lease_members(metadata: MetaData, schema: str) -> Table:
    """The processes that share a role; one whose `beat` stands still is gone."""
    return Table(
        "lease_members",
        metadata,
        Column("role", Text, primary_key=True),
        Column("member", Text, primary_key=True),
        Column("beat", BigInteger, nullable=False),
        schema=schema,
        postgresql_with=_BUSY,
    )


def _dead_letters(metadata: MetaData, schema: str) -> Table:
    """Facts no handler could take, waiting for a person: state open, replayed or discarded.

    A settled one has no body any more; it stays so that the fact, delivered again, is known.
    """
    return Table(
        "dead_letters",
        metadata,
        # Derived from service, stream and body: the same fact delivered again is not listed again.
        Column("id", Uuid, primary_key=True),
        Column("workspace", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("lane", Text, nullable=False),
        Column("partition", SmallInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("index", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("error_type", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("settled_at", DateTime(timezone=True)),
        # When it failed last; null where that was the first time.
        Column("failed_again_at", DateTime(timezone=True)),
        Index(
            "dead_letters_open", "workspace", "recorded_at", postgresql_where=text("state = 'open'")
        ),
        schema=schema,
    )


def erased_table(metadata: MetaData, schema: str) -> Table:
    """Whose facts are passed over, because they were erased: ids that lead to nothing any more."""
    return Table(
        "erased",
        metadata,
        Column("workspace", Text, primary_key=True),
        Column("person", Uuid, primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        schema=schema,
    )
