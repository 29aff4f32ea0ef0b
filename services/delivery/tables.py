"""The tables of the delivery service: the schema's truth, held against the migrations by a test."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

from kit.bus.tables import bus_tables

SCHEMA = "delivery"
metadata = MetaData()
bus_tables(metadata, SCHEMA)

_BUSY = {
    "fillfactor": "60",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_cost_delay": "0",
}
"""A message's row is written three times within a second, then never again."""

messages = Table(
    "messages",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("decision_id", Uuid, nullable=False),
    Column("person", Uuid, nullable=False),
    Column("lane", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("catalog_revision", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("message_class", Text, nullable=False),
    Column("locale", Text, nullable=False),
    # JSON as it came: never searched, and jsonb refuses some of what JSON allows (\u0000).
    Column("variables", JSON, nullable=False),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True), nullable=False),
    Column("journey", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    Column("reason_de", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("traceparent", Text, nullable=False),
    # planned, calling, accepted, rejected, unknown, expired, cancelled.
    Column("state", Text, nullable=False),
    # When it is tried next; null once it is final.
    Column("next_at", DateTime(timezone=True)),
    # Attempts that have ended.
    Column("attempts", Integer, nullable=False),
    # An earlier call may have been accepted.
    Column("maybe_sent", Boolean, nullable=False),
    # The sender that works on it; null where nobody does.
    Column("owner", Uuid),
    # Grows with every change of owner; a write by an earlier owner finds another number.
    Column("epoch", BigInteger, nullable=False),
    # Provider and start of the call under way; null where there is none.
    Column("provider", Text),
    Column("called_at", DateTime(timezone=True)),
    # The account called last, and whether it takes a repeat for the same message; empty before.
    Column("account", Text, nullable=False, server_default=text("''")),
    Column("keyed", Boolean, nullable=False, server_default=text("false")),
    # Which wording of the template; whether opens may be measured.
    Column("variant", Text, nullable=False, server_default=text("''")),
    Column("measure", Boolean, nullable=False, server_default=text("false")),
    Index(
        "messages_due",
        "lane",
        "next_at",
        postgresql_where=text("state = 'planned' AND owner IS NULL"),
    ),
    Index("messages_owned", "owner", postgresql_where=text("owner IS NOT NULL")),
    # Who answers an SMS names a number only.
    Index(
        "messages_sms",
        "endpoint",
        "ordered_at",
        postgresql_where=text("channel = 'sms'"),
    ),
    # Receipts name the message only.
    Index("messages_id", "message_id"),
    schema=SCHEMA,
    postgresql_with=_BUSY,
)

attempts = Table(
    "attempts",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    # accepted, rejected, unknown, expired, cancelled, retrying.
    Column("outcome", Text, nullable=False),
    # Empty where no provider was called.
    Column("provider", Text, nullable=False),
    Column("provider_message_id", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("called_at", DateTime(timezone=True)),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("subject", Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Index(
        "attempts_provider_message",
        "provider",
        "provider_message_id",
        postgresql_where=text("provider_message_id <> ''"),
    ),
    schema=SCHEMA,
)

receipts = Table(
    "receipts",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    # The provider's id of the event: the same event twice is one receipt.
    Column("event_id", Text, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    # delivered, opened, clicked, replied, bounced, complained, unsubscribed.
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("machine", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Index("receipts_of_message", "workspace", "message_id", "at"),
    schema=SCHEMA,
)

senders = Table(
    "senders",
    metadata,
    # One row for each running process; one whose beat stands still is gone.
    Column("sender", Uuid, primary_key=True),
    Column("beat", BigInteger, nullable=False),
    schema=SCHEMA,
)

rates = Table(
    "rates",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    # GCRA: when the next call would come if calls came evenly, microseconds since 1970.
    Column("tat_us", BigInteger, nullable=False),
    schema=SCHEMA,
    postgresql_with=_BUSY,
)

secrets = Table(
    "secrets",
    metadata,
    Column("workspace", Text, primary_key=True),
    # What provider documents refer to it by.
    Column("ref", Text, primary_key=True),
    # Which of the keys it is encrypted with, and AES-256-GCM: nonce, ciphertext, tag.
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    schema=SCHEMA,
)

link_targets = Table(
    "link_targets",
    metadata,
    Column("workspace", Text, primary_key=True),
    # Follows from the address, so that it is stored once however many messages lead there.
    Column("target", Uuid, primary_key=True),
    Column("url", Text, nullable=False),
    # When it was stored. Never deleted: a link lives as long as the message that holds it.
    Column("stored_at", DateTime(timezone=True), nullable=False),
    schema=SCHEMA,
)

short_links = Table(
    "short_links",
    metadata,
    Column("workspace", Text, primary_key=True),
    # 59 bits of a keyed hash of message and target.
    Column("code", Text, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("target", Uuid, nullable=False),
    # A short link says its code only.
    Index("short_links_code", "code", unique=True),
    schema=SCHEMA,
)

inbox_items = Table(
    "inbox_items",
    metadata,
    Column("workspace", Text, primary_key=True),
    # The message.
    Column("item", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    # Grows with each item of a person: written under the person's lock.
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("placement", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True)),
    Column("clicked_at", DateTime(timezone=True)),
    Column("dismissed_at", DateTime(timezone=True)),
    Index("inbox_of_person", "workspace", "person", "position"),
    schema=SCHEMA,
)
