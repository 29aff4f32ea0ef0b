"""The tables of ingest: the truth of its schema. A test holds the migrations equal to this."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from kit.bus.tables import bus_tables

SCHEMA = "ingest"
OWN_TABLES = (
    "profiles",
    "identities",
    "traits",
    "message_ids",
    "events",
    "merges",
    "quarantine",
    "plans",
    "erased_ids",
)

metadata = MetaData()

profiles = Table(
    "profiles",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    # The first user id; empty while the person is anonymous. Two profiles that have one never
    # merge.
    Column("user_id", Text, nullable=False),
    # Highest number given in this person's sequence of facts: dense, from 1.
    Column("last_seq", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    # Set on a tombstone. Names a living profile: where that is merged too, its tombstones follow.
    Column("merged_into", Uuid),
    Index(
        "profiles_merged_into",
        "workspace",
        "merged_into",
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
    schema=SCHEMA,
    # Every event updates its person's row; room in the page keeps the update off the index.
    postgresql_with={"fillfactor": "70"},
)

identities = Table(
    "identities",
    metadata,
    Column("workspace", Text, primary_key=True),
    # user, anonymous, external:<system>, and email and phone where the workspace says so.
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("profile", Uuid, nullable=False),
    Index("identities_profile", "workspace", "profile"),
    schema=SCHEMA,
)

traits = Table(
    "traits",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("profile", Uuid, primary_key=True),
    # {name: [value, microseconds since 1970 of the event that said it]}; a removed trait has the
    # value null.
    Column("by_name", JSONB, nullable=False),
    # The traits email and phone as they are looked up by: lower case, E.164.
    Column("email", Text),
    Column("phone", Text),
    Index(
        "traits_email",
        "workspace",
        "email",
        "profile",
        postgresql_where=text("email IS NOT NULL"),
    ),
    Index(
        "traits_phone",
        "workspace",
        "phone",
        "profile",
        postgresql_where=text("phone IS NOT NULL"),
    ),
    schema=SCHEMA,
)

# Apart from the events, because ids are forgotten: partitioned by week (`ensure_message_week`), the
# current one and the one before are kept.
message_ids = Table(
    "message_ids",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("week", Integer, primary_key=True),
    schema=SCHEMA,
    postgresql_partition_by="LIST (week)",
)

# Partitioned by month of recording (`ensure_event_month`).
events = Table(
    "events",
    metadata,
    Column("workspace", Text, primary_key=True),
    # The profile the event was accepted for; a merge does not change it.
    Column("profile", Uuid, primary_key=True),
    Column("person_seq", BigInteger, primary_key=True),
    # In the key because the table is partitioned by it.
    Column("recorded_at", DateTime(timezone=True), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("anonymous_id", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("properties", JSON),
    Column("traits", JSON),
    Column("context", JSON),
    Column("key_kind", Text, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("traceparent", Text, nullable=False),
    schema=SCHEMA,
    postgresql_partition_by="RANGE (recorded_at)",
)

# What breaks the tracking plan, until it is taken in. Message ids are claimed all the same.
quarantine = Table(
    "quarantine",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    # Name of the event: `$page` and `$screen` for these.
    Column("event", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("anonymous_id", Text, nullable=False),
    # Where in the event (JSON pointer), and how.
    Column("pointer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # The item as it was read, MessagePack.
    Column("item", LargeBinary, nullable=False),
    Index("quarantine_event", "workspace", "event", "id"),
    schema=SCHEMA,
)

# The tracking plan as decision last told it: in force while decision is away.
plans = Table(
    "plans",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    # Catalog documents of the kinds workspace and event, JSON.
    Column("documents", LargeBinary, nullable=False),
    schema=SCHEMA,
)

merges = Table(
    "merges",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("loser", Uuid, primary_key=True),
    Column("winner", Uuid, nullable=False),
    # The merge's own number in the winner's sequence.
    Column("person_seq", BigInteger, nullable=False),
    Column("loser_last_seq", BigInteger, nullable=False),
    Column("merged_at", DateTime(timezone=True), nullable=False),
    # Id of the fact, and of the event that brought the two together (its own where asked for).
    Column("id", Uuid, nullable=False),
    Column("event", Uuid, nullable=False),
    Index("merges_winner", "workspace", "winner"),
    schema=SCHEMA,
)

# Keyed hashes of the ids of people who were erased; nothing else is left of them.
erased_ids = Table(
    "erased_ids",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    schema=SCHEMA,
)

bus_tables(metadata, SCHEMA)
