"""The tables of history: the truth of its schema. A test holds the migrations equal to this."""

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSON

from kit.bus.tables import bus_tables

SCHEMA = "history"

metadata = MetaData()

# One row for each thing that happened to a person. The key is also the order it is read in, so
# that the same fact coming again meets its row and "newest first" is one walk down one index.
# Partitioned by month of recording (`ensure_timeline_month`), which retention drops as a whole.
timeline = Table(
    "timeline",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    # When it happened, and when the source committed it: both belong to the fact and never change.
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("recorded_at", DateTime(timezone=True), primary_key=True),
    # Id of the fact.
    Column("id", Uuid, primary_key=True),
    # Stream it came on, and its number among this person's facts there (dense, from 1).
    Column("source", Text, nullable=False),
    Column("person_seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # The reason as machines read it.
    Column("code", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("journey", Text, nullable=False),
    Column("event", Uuid),
    Column("decision", Uuid),
    Column("message", Uuid),
    Column("data", JSON),
    Column("trace_id", Text, nullable=False),
    schema=SCHEMA,
    postgresql_partition_by="RANGE (recorded_at)",
)

merges = Table(
    "merges",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("loser", Uuid, primary_key=True),
    Column("winner", Uuid, nullable=False),
    # Highest number of the loser's facts on the stream of events.
    Column("loser_last_seq", BigInteger, nullable=False),
    Column("merged_at", DateTime(timezone=True), nullable=False),
    Index("merges_winner", "workspace", "winner"),
    schema=SCHEMA,
)

bus_tables(metadata, SCHEMA)
