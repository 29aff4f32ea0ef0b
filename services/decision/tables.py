"""The tables of the decision service: the schema's truth, held against the migrations by a test."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kit.bus.tables import bus_tables

SCHEMA = "decision"
metadata = MetaData()
bus_tables(metadata, SCHEMA)

person_states = Table(
    "person_states",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    # Encoded by domain/state.py; at most 1.8 KB at the 95th percentile, so that it stays in line.
    Column("state", LargeBinary, nullable=False),
    # Set where the profile was merged: late inputs follow it.
    Column("merged_into", Uuid),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    schema=SCHEMA,
    postgresql_with={"fillfactor": "70"},
)

wakeups = Table(
    "wakeups",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    # The earliest instant at which something becomes due for this person.
    Column("due_at", DateTime(timezone=True), nullable=False),
    Index("wakeups_due", "due_at"),
    schema=SCHEMA,
    postgresql_with={"fillfactor": "70"},
)

steps = Table(
    "steps",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    # What the step rested on: with these three it can be run again, to the bit.
    Column("state_before", LargeBinary, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
    Column("catalog_revision", BigInteger, nullable=False),
    # The switches as they stood, encoded by domain/model.py; null where none was set.
    Column("controls", LargeBinary),
    # The snapshot of the response model; 0 before anything was learnt.
    Column("model_revision", BigInteger, nullable=False, server_default="0"),
    schema=SCHEMA,
)

decisions = Table(
    "decisions",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("step", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    # Encoded by domain/decisions.py.
    Column("decision", LargeBinary, nullable=False),
    Column("traceparent", Text, nullable=False),
    Index("decisions_of_person", "workspace", "person", "at"),
    schema=SCHEMA,
)

permission_ledger = Table(
    "permission_ledger",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("part", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("message", Uuid),
    Column("evidence", JSONB, nullable=False),
    Index(
        "permission_ledger_suppressions",
        "workspace",
        "person",
        "channel",
        postgresql_where=text("part = 'suppression'"),
    ),
    schema=SCHEMA,
)

# Double opt-ins that were asked for; the token itself is only in the message that carries it.
opt_ins = Table(
    "opt_ins",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    # Fingerprint of the one address it can prove.
    Column("address", LargeBinary, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    Index("opt_ins_of_person", "workspace", "person"),
    schema=SCHEMA,
)

segment_members = Table(
    "segment_members",
    metadata,
    Column("workspace", Text, primary_key=True),
    # Key of the segment: a broadcast and a list of members read one segment in order of persons.
    Column("segment", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("entered_at", DateTime(timezone=True), nullable=False),
    schema=SCHEMA,
)

catalog_needs = Table(
    "catalog_needs",
    metadata,
    Column("workspace", Text, primary_key=True),
    # trait, tally or segment; and which: a name, a number, or key and print of the rule.
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # The revisions at which the catalog needs it of a person: from `since` on, before `until`.
    Column("since", BigInteger, primary_key=True),
    Column("until", BigInteger),
    schema=SCHEMA,
)

# Counting everybody of a workspace into the segments of a new revision, in pages of people.
settlements = Table(
    "settlements",
    metadata,
    Column("workspace", Text, primary_key=True),
    # The catalog revision people are being counted in at, or were last.
    Column("revision", BigInteger, nullable=False),
    # The last revision at which everybody had been.
    Column("settled_at_revision", BigInteger, nullable=False),
    # People when it began, and how many are done.
    Column("people", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    # The last person done.
    Column("after", Uuid),
    # Nobody is read before all transactions below this number have ended.
    Column("barrier", BigInteger, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    schema=SCHEMA,
)

# Where people stand in journeys: what the states say, row by row, for those who ask "who is where".
journey_runs = Table(
    "journey_runs",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("journey", Text, primary_key=True),
    Column("run", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    # When they go on by themselves; null where they wait for something else.
    Column("due_at", DateTime(timezone=True)),
    Index("journey_runs_at", "workspace", "journey", "version", "step"),
    schema=SCHEMA,
)

# Sendings of campaigns, each with its cursor over the audience.
campaign_runs = Table(
    "campaign_runs",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("campaign", Text, primary_key=True),
    Column("run", Uuid, primary_key=True),
    # For those whom no run has reached.
    Column("missed", Boolean, nullable=False),
    # awaiting_approval, scheduled, running, paused, done or cancelled.
    Column("state", Text, nullable=False),
    Column("occurs_at", DateTime(timezone=True), nullable=False),
    # When the next page of people may be taken up.
    Column("due_at", DateTime(timezone=True), nullable=False),
    # Everybody up to this person has been taken up.
    Column("after", Uuid),
    Column("stage", Integer, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("audience", BigInteger, nullable=False),
    # Id of the key that launched it.
    Column("launched_by", Text, nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Index(
        "campaign_runs_due", "due_at", postgresql_where=text("state IN ('scheduled', 'running')")
    ),
    schema=SCHEMA,
)

# Nobody is a recipient of a run twice: the key says so.
campaign_recipients = Table(
    "campaign_recipients",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("campaign", Text, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("run", Uuid, primary_key=True),
    Column("variant", Text, nullable=False),
    # taken, held, silent, ordered, then what delivery says.
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("campaign_recipients_of_run", "workspace", "campaign", "run", "state"),
    Index(
        "campaign_recipients_message",
        "workspace",
        "message",
        postgresql_where=text("message IS NOT NULL"),
    ),
    schema=SCHEMA,
)

# Calls of other systems that journeys ordered.
journey_calls = Table(
    "journey_calls",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("journey", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("webhook", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False),
    # pending, done or failed.
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("journey_calls_due", "due_at", postgresql_where=text("state = 'pending'")),
    schema=SCHEMA,
)

catalog_heads = Table(
    "catalog_heads",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    # Switches that work at once and are no documents; read together with the revision.
    Column("marketing_stopped", Boolean, nullable=False, server_default=false()),
    Column("paused_journeys", ARRAY(Text), nullable=False, server_default="{}"),
    schema=SCHEMA,
)

# Workspaces in which what waits is to compete again, because a rule or a switch has changed.
reconsiderations = Table(
    "reconsiderations",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    # People up to this one have been seen; null at the beginning.
    Column("after_person", Uuid),
    schema=SCHEMA,
)

catalog_documents = Table(
    "catalog_documents",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    # The catalog revision in which this text appeared; the newest at or below a revision counts.
    Column("revision", BigInteger, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("deleted", Boolean, nullable=False),
    schema=SCHEMA,
)

trials = Table(
    "trials",
    metadata,
    Column("workspace", Text, primary_key=True),
    # One row per marketing message ordered: what was done, how probable it was, what came of it.
    Column("message", Uuid, primary_key=True),
    Column("decision", Uuid, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    # The end of the window in which a response counts, pinned when the message was ordered.
    Column("until", DateTime(timezone=True), nullable=False),
    Column("channel", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("model_revision", BigInteger, nullable=False),
    # What could have been done, encoded by domain/decisions.py; empty where there was no choice.
    Column("actions", LargeBinary, nullable=False),
    Column("responded_at", DateTime(timezone=True)),
    Column("response", Text),
    # Local hour of the week of the response.
    Column("hour", SmallInteger),
    # Whether the message is in the counts of the model, and whether its response is.
    Column("settled", Boolean, nullable=False),
    Column("credited", Boolean, nullable=False, server_default=false()),
    # When the message is counted, answered or not: a day after it was ordered, or its window's end.
    Column("due", DateTime(timezone=True), nullable=False, server_default=text("'-infinity'")),
    Index("trials_sent", "workspace", "sent_at"),
    Index("trials_due", "due", postgresql_where=text("NOT settled")),
    Index(
        "trials_uncredited",
        "responded_at",
        postgresql_where=text("settled AND NOT credited AND responded_at IS NOT NULL"),
    ),
    schema=SCHEMA,
)

model_revisions = Table(
    "model_revisions",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    # Responses by local hour of the week, all 168.
    Column("hours", ARRAY(Integer), nullable=False),
    schema=SCHEMA,
)

model_counts = Table(
    "model_counts",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("template", Text, primary_key=True),
    Column("variant", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    # The snapshot in which the counts became these; the newest at or below a revision counts.
    Column("revision", BigInteger, primary_key=True),
    Column("trials", BigInteger, nullable=False),
    Column("responses", BigInteger, nullable=False),
    Index("model_counts_revision", "workspace", "revision"),
    schema=SCHEMA,
)
