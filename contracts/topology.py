"""The map: subject → message → stream → owner → consumers → retention, and every question a service
answers.

Streams are created and updated from here when a service starts; the AsyncAPI document is generated
from here.
"""

from kit.bus.spec import EndpointSpec, StreamSpec

HOUR_S = 3600
MIB = 1024 * 1024

EVENTS = StreamSpec(
    name="EVENTS",
    domain="events",
    owner="ingest",
    consumers=("decision", "history"),
    max_age_s=6 * HOUR_S,
    max_bytes=1024 * MIB,
)
DECISIONS = StreamSpec(
    name="DECISIONS",
    domain="decisions",
    owner="decision",
    consumers=("delivery", "history"),
    max_age_s=6 * HOUR_S,
    max_bytes=1024 * MIB,
)
DELIVERIES = StreamSpec(
    name="DELIVERIES",
    domain="deliveries",
    owner="delivery",
    consumers=("decision", "history"),
    max_age_s=6 * HOUR_S,
    max_bytes=1024 * MIB,
)
STREAMS = (EVENTS, DECISIONS, DELIVERIES)

FEED_SUBJECT = "kairos.feed.v1"
"""Prefix of the public feed: `kairos.feed.v1.<workspace>.<domain>.<what>`, one Fact per message."""

FACTS: dict[str, tuple[StreamSpec, str, str]] = {
    "event_accepted": (EVENTS, "events", "event_accepted"),
    "profile_merged": (EVENTS, "profiles", "merged"),
    "permission_reported": (EVENTS, "permission", "reported"),
    "contact_reported": (EVENTS, "contacts", "reported"),
    "decision_made": (DECISIONS, "decisions", "made"),
    "message_ordered": (DECISIONS, "decisions", "message_ordered"),
    "journey_moved": (DECISIONS, "journeys", "moved"),
    "permission_changed": (DECISIONS, "permission", "changed"),
    "segment_moved": (DECISIONS, "segments", "moved"),
    "trait_set": (DECISIONS, "profiles", "trait_set"),
    "event_emitted": (DECISIONS, "events", "emitted"),
    "call_ordered": (DECISIONS, "journeys", "call_ordered"),
    "attempt_finished": (DELIVERIES, "deliveries", "attempt_finished"),
    "receipt_taken": (DELIVERIES, "deliveries", "receipt_taken"),
}
"""Body of a Fact → the stream it travels on, and domain and default `<what>` of its feed subject.
"""

NOT_ON_THE_FEED = frozenset(
    {
        "event_accepted",
        "permission_reported",
        "contact_reported",
        "message_ordered",
        "attempt_finished",
    }
)
"""Raw events (a workspace may switch them on later), what others report (free-form, like events),
orders (they carry an address) and attempts (they carry the template's variables).
"""


def feed_subject(workspace: str, body: str, what: str | None = None) -> str | None:
    """The tail of a fact's feed subject; None where it is not published by default."""
    if body in NOT_ON_THE_FEED:
        return None
    _, domain, default = FACTS[body]
    return f"{workspace}.{domain}.{what or default}"


ACCEPT = EndpointSpec("ingest", "accept", "plain", timeout_s=5.0)
ACCEPT_MANY = EndpointSpec("ingest", "accept_many", "plain", timeout_s=5.0)
PROFILE = EndpointSpec("ingest", "profile", "read", timeout_s=2.0)
PROFILES = EndpointSpec("ingest", "profiles", "read", timeout_s=2.0)
MERGE = EndpointSpec("ingest", "merge", "plain", timeout_s=5.0)
PAST = EndpointSpec("ingest", "past", "read", timeout_s=5.0)
QUARANTINE = EndpointSpec("ingest", "quarantine", "read", timeout_s=2.0)
REPLAY_QUARANTINE = EndpointSpec("ingest", "replay_quarantine", "plain", timeout_s=10.0)

APPLY = EndpointSpec("decision", "apply", "write", timeout_s=10.0)
CATALOG = EndpointSpec("decision", "catalog", "read", timeout_s=2.0)
CHANGE_PERMISSION = EndpointSpec("decision", "change_permission", "write", timeout_s=2.0)
PERMISSION = EndpointSpec("decision", "permission", "read", timeout_s=2.0)
BEGIN_OPT_IN = EndpointSpec("decision", "begin_opt_in", "write", timeout_s=2.0)
OPT_IN = EndpointSpec("decision", "opt_in", "read", timeout_s=2.0)
CONFIRM_OPT_IN = EndpointSpec("decision", "confirm_opt_in", "write", timeout_s=2.0)
SUPPRESSIONS = EndpointSpec("decision", "suppressions", "read", timeout_s=2.0)
PERMIT = EndpointSpec("decision", "permit", "plain", timeout_s=0.9)
DECISION = EndpointSpec("decision", "decision", "read", timeout_s=2.0)
SEND = EndpointSpec("decision", "send", "write", timeout_s=2.0)
NEXT = EndpointSpec("decision", "next", "write", timeout_s=2.0)
PREVIEW = EndpointSpec("decision", "preview", "read", timeout_s=5.0)
REPLAY = EndpointSpec("decision", "replay", "read", timeout_s=10.0)
EVALUATE = EndpointSpec("decision", "evaluate", "read", timeout_s=10.0)
CONTROLS = EndpointSpec("decision", "controls", "write", timeout_s=2.0)
SEGMENT = EndpointSpec("decision", "segment", "read", timeout_s=2.0)
MEMBERS = EndpointSpec("decision", "members", "read", timeout_s=2.0)
SEGMENT_PREVIEW = EndpointSpec("decision", "segment_preview", "plain", timeout_s=10.0)
SCHEMA = EndpointSpec("decision", "schema", "plain", timeout_s=2.0)
SEGMENTS_OF = EndpointSpec("decision", "segments_of", "read", timeout_s=2.0)
ENTER = EndpointSpec("decision", "enter", "write", timeout_s=2.0)
JOURNEY = EndpointSpec("decision", "journey", "write", timeout_s=5.0)
RUNS = EndpointSpec("decision", "runs", "read", timeout_s=2.0)
CAMPAIGN = EndpointSpec("decision", "campaign", "write", timeout_s=5.0)
CHECK_CAMPAIGN = EndpointSpec("decision", "check_campaign", "read", timeout_s=5.0)
JOURNEYS = EndpointSpec("decision", "journeys", "read", timeout_s=2.0)

DRAIN_OPTOUTS = EndpointSpec("gateway", "drain_optouts", "plain", timeout_s=5.0)
"""Answered once decision has been told every opt-out the gateway kept; fails where it cannot."""
OPTOUTS_KEPT = "kairos.svc.gateway.v1.optouts_kept"
"""Said by a gateway that keeps an opt-out, before it answers: no permit until all are drained."""

TAKE_RECEIPTS = EndpointSpec("delivery", "take_receipts", "plain", timeout_s=5.0)
MESSAGE = EndpointSpec("delivery", "message", "read", timeout_s=2.0)
CHECK_TEMPLATES = EndpointSpec("delivery", "check_templates", "plain", timeout_s=10.0)
RENDER_TEMPLATE = EndpointSpec("delivery", "render_template", "plain", timeout_s=5.0)
REACT = EndpointSpec("delivery", "react", "plain", timeout_s=2.0)
INBOX = EndpointSpec("delivery", "inbox", "read", timeout_s=2.0)
INBOX_ACT = EndpointSpec("delivery", "inbox_act", "plain", timeout_s=2.0)
KEEP_SECRET = EndpointSpec("delivery", "keep_secret", "write", timeout_s=2.0)
SECRETS = EndpointSpec("delivery", "secrets", "read", timeout_s=2.0)
DROP_SECRET = EndpointSpec("delivery", "drop_secret", "write", timeout_s=2.0)

TIMELINE = EndpointSpec("history", "timeline", "read", timeout_s=2.0)
OUTCOMES = EndpointSpec("history", "outcomes", "read", timeout_s=5.0)
REPORT = EndpointSpec("history", "report", "read", timeout_s=10.0)
EXPERIMENT = EndpointSpec("history", "experiment", "read", timeout_s=10.0)

ENDPOINTS = (
    ACCEPT,
    ACCEPT_MANY,
    PROFILE,
    PROFILES,
    MERGE,
    PAST,
    QUARANTINE,
    REPLAY_QUARANTINE,
    APPLY,
    CATALOG,
    CHANGE_PERMISSION,
    PERMISSION,
    BEGIN_OPT_IN,
    OPT_IN,
    CONFIRM_OPT_IN,
    SUPPRESSIONS,
    PERMIT,
    DECISION,
    SEND,
    NEXT,
    PREVIEW,
    REPLAY,
    EVALUATE,
    CONTROLS,
    SEGMENT,
    MEMBERS,
    SEGMENT_PREVIEW,
    SCHEMA,
    SEGMENTS_OF,
    ENTER,
    JOURNEY,
    RUNS,
    CAMPAIGN,
    CHECK_CAMPAIGN,
    JOURNEYS,
    DRAIN_OPTOUTS,
    TAKE_RECEIPTS,
    MESSAGE,
    CHECK_TEMPLATES,
    RENDER_TEMPLATE,
    REACT,
    INBOX,
    INBOX_ACT,
    KEEP_SECRET,
    SECRETS,
    DROP_SECRET,
    TIMELINE,
    OUTCOMES,
    REPORT,
    EXPERIMENT,
)
