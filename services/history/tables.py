"""The tables of history: the truth of its schema. A test holds the migrations equal to this."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from kit.bus.tables import bus_tables

SCHEMA = "history"

MESSAGE_SUMS = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "complained",
    "unsubscribed",
    "machine",
    "cost_micros",
)
PRESSURE_SUMS = ("messages", "responses", "complaints")
"""Responses are openings, clicks and replies by people; complaints include unsubscribes."""
CREDITED_BY = ("channel", "message_class", "template", "variant", "journey", "campaign")
CREDIT_MODELS = ("last", "first", "linear", "position", "decay")

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
    Column("campaign", Text, nullable=False, server_default=""),
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

# What became of each message: one row from its sending to the last reaction. A receipt may come
# before its message; such a row has no `at` yet and is in no report.
messages = Table(
    "messages",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("message", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("at", DateTime(timezone=True)),
    Column("channel", Text, nullable=False),
    Column("message_class", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("journey", Text, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    # Under which the message was sent; says which goals it is measured by.
    Column("catalog_revision", BigInteger, nullable=False, server_default="0"),
    # The first of each kind. Openings and clicks by machines (prefetching, scanners) stand apart.
    Column("delivered_at", DateTime(timezone=True)),
    Column("opened_at", DateTime(timezone=True)),
    Column("clicked_at", DateTime(timezone=True)),
    Column("replied_at", DateTime(timezone=True)),
    Column("bounced_at", DateTime(timezone=True)),
    Column("complained_at", DateTime(timezone=True)),
    Column("unsubscribed_at", DateTime(timezone=True)),
    Column("machine_at", DateTime(timezone=True)),
    Index("messages_person", "workspace", "person", "at"),
    schema=SCHEMA,
    # Receipts update the row some times; room in the page keeps that off the indexes.
    postgresql_with={"fillfactor": "75"},
)

# Sums of `messages` by the day they were sent, kept in the commit that changes them. `source` keeps
# consumers that work side by side from waiting for each other's rows.
message_days = Table(
    "message_days",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("message_class", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("template", Text, primary_key=True),
    Column("variant", Text, primary_key=True),
    Column("journey", Text, primary_key=True),
    Column("campaign", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in MESSAGE_SUMS),
    schema=SCHEMA,
    postgresql_with={"fillfactor": "50"},
)

# How many timeline entries of each sort there are, by day.
outcome_days = Table(
    "outcome_days",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("journey", Text, primary_key=True),
    Column("campaign", Text, primary_key=True),
    Column("entries", BigInteger, nullable=False),
    schema=SCHEMA,
    postgresql_with={"fillfactor": "50"},
)

# How much marketing a person got in one week or month, and what they made of it.
person_pressure = Table(
    "person_pressure",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    # week or month, and its first day (weeks begin on Monday), in UTC.
    Column("period", Text, primary_key=True),
    Column("first_day", Date, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in PRESSURE_SUMS),
    schema=SCHEMA,
    postgresql_with={"fillfactor": "70"},
)

# How many people got so many messages in a period: the distribution of the table above.
pressure = Table(
    "pressure",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("first_day", Date, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("messages", Integer, primary_key=True),
    Column("people", BigInteger, nullable=False),
    Column("responders", BigInteger, nullable=False),
    Column("leavers", BigInteger, nullable=False),
    schema=SCHEMA,
    postgresql_with={"fillfactor": "50"},
)

# People whose credits are to be worked out again: something they got or did may matter to a goal.
due_people = Table(
    "due_people",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    schema=SCHEMA,
)

# The goals a workspace's past has been searched for; another value means: search again.
goal_heads = Table(
    "goal_heads",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    schema=SCHEMA,
)

# Each event that reached a goal of today's catalog, whoever is to thank for it.
goal_events = Table(
    "goal_events",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("event", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("value", Double, nullable=False),
    Index("goal_events_person", "workspace", "person"),
    schema=SCHEMA,
)

# Each message's share in each reached goal, by model, with what reports break it down by.
credits_ = Table(
    "credits",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("event", Uuid, primary_key=True),
    Column("message", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("value", Double, nullable=False),
    *(Column(name, Text, nullable=False) for name in CREDITED_BY),
    *(Column(name, Double, nullable=False) for name in CREDIT_MODELS),
    # The channels of all messages before the event; on the row of the last one only.
    Column("chain", Text, nullable=False, server_default=""),
    Index("credits_person", "workspace", "person"),
    Index("credits_sent", "workspace", "sent_at"),
    schema=SCHEMA,
)

# Who was exposed to which arm of an experiment, and when first.
exposures = Table(
    "exposures",
    metadata,
    Column("workspace", Text, primary_key=True),
    # template:<key> or journey:<key>.
    Column("experiment", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("arm", Text, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("exposures_person", "workspace", "person"),
    schema=SCHEMA,
)

bus_tables(metadata, SCHEMA)
