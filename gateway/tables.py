"""The tables of the gateway: the schema's truth, held against the migrations by a test."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

SCHEMA = "gateway"
metadata = MetaData()

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    schema=SCHEMA,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("workspace", Text, ForeignKey(workspaces.c.workspace), primary_key=True),
    Column("id", Uuid, primary_key=True),
    # The key's first characters, by which people tell keys apart; never enough to use it.
    Column("prefix", Text, nullable=False),
    # write-server, write-browser, secret.
    Column("kind", Text, nullable=False),
    # admin, read; secret keys only.
    Column("scopes", ARRAY(Text), nullable=False),
    # Keys are random and long, so a plain hash is enough; the key itself is kept nowhere.
    Column("key_sha256", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    schema=SCHEMA,
)

idempotency_records = Table(
    "idempotency_records",
    metadata,
    Column("workspace", Text, primary_key=True),
    # What the client sent as Idempotency-Key.
    Column("key", Text, primary_key=True),
    # Hash of method, path, query and body: the same key with another request is refused.
    Column("request_sha256", LargeBinary, nullable=False),
    # The request that holds the record; another may take over from one that died.
    Column("holder", Uuid, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    # The answer; null while the request is under way.
    Column("status", Integer),
    Column("content_type", Text),
    Column("body", LargeBinary),
    Index("idempotency_records_begun", "begun_at"),
    schema=SCHEMA,
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("key_id", Uuid, nullable=False),
    # Method and route template: what was done, without the personal data in a path.
    Column("action", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    # HTTP status of the answer; null where the gateway died before it.
    Column("status", Integer),
    # In the words of who did it; null where the call takes none.
    Column("reason", Text),
    schema=SCHEMA,
)

pending_optouts = Table(
    "pending_optouts",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    # A serialised kairos.decision.v1.ChangePermissionRequest.
    Column("request", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("traceparent", Text, nullable=False),
    # Why decision will never take it; null while it is still being relayed.
    Column("refused", Text),
    schema=SCHEMA,
)

imports = Table(
    "imports",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    # The request that works on it; one that was taken for dead writes nothing any more.
    Column("holder", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    # How rows are read (JSON): an import goes on as it was begun.
    Column("options", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    # running, done, stopped.
    Column("state", Text, nullable=False),
    # Number of the last row that is settled; those up to it are passed over when it goes on.
    Column("rows", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    # Why it stopped.
    Column("detail", Text, nullable=False),
    Index("imports_newest", "workspace", "created_at", "id"),
    schema=SCHEMA,
)

import_refusals = Table(
    "import_refusals",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("import", Uuid, primary_key=True),
    Column("row", BigInteger, primary_key=True),
    Column("status", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    # Where in the item; what stood there is not kept.
    Column("pointer", Text, nullable=False),
    schema=SCHEMA,
)

erasures = Table(
    "erasures",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    # The profile and those merged into it: ids that lead to nothing once it is done.
    Column("persons", ARRAY(Uuid), nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    # Null while it is under way.
    Column("done_at", DateTime(timezone=True)),
    Index("erasures_running", "requested_at", postgresql_where=text("done_at IS NULL")),
    schema=SCHEMA,
)
