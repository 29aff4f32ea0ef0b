"""What a step gives out: decisions with every verdict, message orders and effects, as values."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain.inputs import PermissionPart, PermissionStatus
from services.decision.domain.reasons import Reason

Fact = str | int | float


class Ruling(StrEnum):
    """What one rule says about one candidate."""

    PASSED = "passed"
    REFUSED = "refused"
    HELD = "held"
    LOST = "lost"
    GHOST = "ghost"


class Outcome(StrEnum):
    """What a decision came to."""

    MESSAGE = "message"
    SILENCE = "silence"
    HELD = "held"
    RELEASED = "released"
    GHOST = "ghost"


class Move(StrEnum):
    """What happened to a person in a journey."""

    ENTERED = "entered"
    ADVANCED = "advanced"
    EXITED = "exited"
    COMPLETED = "completed"


class SegmentMove(StrEnum):
    """What happened between a person and a segment."""

    ENTERED = "entered"
    LEFT = "left"


class Verdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One rule's word on one candidate. `rule` is the rule's name, with `:key` of its policy.

    `until` (held only) is the earliest moment the rule could pass, None when only a change can
    free the candidate. `facts` hold the numbers of the sentence. `action` is what the rule says
    of a held candidate (hold, skip, exit), empty where the step decides; `hold_s_max` is how long
    it may be held, counted from when it was first wanted, 0 for as long as it is valid.
    """

    rule: str
    ruling: Ruling
    reason: Reason | None = None
    until: datetime | None = None
    facts: dict[str, Fact] = {}
    action: str = ""
    hold_s_max: int = 0


class Score(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a candidate is worth, and the factors it comes from (scores.py)."""

    total: float
    response_rate: float
    context: float
    value: float
    urgency: float
    fatigue: float


class Action(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that could be done for the chosen message, and how probable that was.

    `share` is in millionths; those of one decision sum to a million.
    """

    template: str
    variant: str
    channel: str
    share: int


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that could have gone out, and what every rule said; the chosen one passed all."""

    id: UUID
    template: str
    channel: str
    topic: str
    message_class: str
    priority: int
    valid_until: datetime
    verdicts: tuple[Verdict, ...]
    journey: str = ""
    version: int = 0
    step: str = ""
    tags: tuple[str, ...] = ()
    ask: str = ""
    basis: str = ""
    score: Score | None = None

    @property
    def against(self) -> tuple[Verdict, ...]:
        """What stood in its way; nothing for the chosen one."""
        return tuple(one for one in self.verdicts if one.ruling is not Ruling.PASSED)


class MessageOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Delivery shall send this; it holds all that rendering and sending need.

    `template_revision` is the catalog revision whose text is meant. `variables` is what the
    template sees: `profile` (traits) and `event` (properties of the entering event). `basis` is
    the legal basis; `measure` says whether opens may be tracked.
    """

    message_id: UUID
    decision_id: UUID
    template: str
    template_revision: int
    channel: str
    endpoint: str
    topic: str
    message_class: str
    locale: str
    timezone: str
    variables: dict[str, Any]
    ordered_at: datetime
    valid_until: datetime
    reason_en: str
    reason_de: str
    basis: str
    journey: str = ""
    version: int = 0
    step: str = ""
    ask: str = ""
    tags: tuple[str, ...] = ()
    measure: bool = False
    variant: str = ""


class Trigger(msgspec.Struct, frozen=True, array_like=True):
    """What made the core decide: kind (event, wakeup, receipt, permission, permit, merge)."""

    kind: str
    input_id: UUID
    name: str = ""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One arbitration moment of one person; silence is one too.

    `seq` numbers everything decision says about this person, densely, from 1. `reason` is the code
    behind silence, None when a message goes out; `chosen` is then the
    message's id. `actions` are what could be done for the message that won, drawn by
    `seed` with the probabilities of the model snapshot `model_revision` among people of `bucket`;
    `action_probability` is that of the one taken. Equal pre-state, inputs, catalog, model,
    controls and time give an equal decision, to the bit.
    """

    id: UUID
    person: UUID
    seq: int
    at: datetime
    outcome: Outcome
    trigger: Trigger
    candidates: tuple[Candidate, ...]
    catalog_revision: int
    seed: int
    reason_en: str
    reason_de: str
    reason: Reason | None = None
    chosen: UUID | None = None
    order: MessageOrder | None = None
    action_probability: float = 1.0
    model_revision: int = 0
    bucket: str = ""
    actions: tuple[Action, ...] = ()


class JourneyMoved(msgspec.Struct, frozen=True, tag="journey", omit_defaults=True):
    """A person entered, moved in or left a journey. `run` is this one passage through it."""

    id: UUID
    seq: int
    at: datetime
    run: UUID
    journey: str
    version: int
    move: Move
    step: str = ""
    reason: Reason | None = None
    due_at: datetime | None = None
    note: str = ""


class TraitSet(msgspec.Struct, frozen=True, tag="trait", omit_defaults=True):
    """A journey set a trait of the person; None removed it."""

    id: UUID
    seq: int
    at: datetime
    journey: str
    step: str
    trait: str
    value: str | int | float | bool | list[str] | None = None


class EventEmitted(msgspec.Struct, frozen=True, tag="event", omit_defaults=True):
    """A journey let an event happen."""

    id: UUID
    seq: int
    at: datetime
    journey: str
    step: str
    name: str
    properties: dict[str, Any] = {}


class CallOrdered(msgspec.Struct, frozen=True, tag="call", omit_defaults=True):
    """Another system shall be told: a signed call of the catalog's `webhook`, with `data`."""

    id: UUID
    seq: int
    at: datetime
    journey: str
    step: str
    webhook: str
    kind: str
    data: dict[str, Any] = {}


class PermissionChanged(msgspec.Struct, frozen=True, tag="permission", omit_defaults=True):
    """One entry of the append-only permission ledger; only real changes make one."""

    id: UUID
    seq: int
    at: datetime
    part: PermissionPart
    status: PermissionStatus
    purpose: str = ""
    channel: str = "*"
    topic: str = "*"
    basis: str = ""
    evidence: str = ""
    reason: str = ""
    until: datetime | None = None
    message_id: UUID | None = None


class AskChanged(msgspec.Struct, frozen=True, tag="ask", omit_defaults=True):
    """An ask was put to the person (open) or is done (answered). Stays inside: it has no `seq`."""

    at: datetime
    ask: str
    status: str
    message_id: UUID | None = None


class Responded(msgspec.Struct, frozen=True, tag="responded", omit_defaults=True):
    """The first response to a message; stays inside. `hour` is the local hour of the week."""

    at: datetime
    message_id: UUID
    kind: str
    hour: int


class Released(msgspec.Struct, frozen=True, tag="released"):
    """A chosen message did not go out after all; nothing can be learnt from it. Stays inside."""

    message_id: UUID


class SegmentMoved(msgspec.Struct, frozen=True, tag="segment", omit_defaults=True):
    """A person came into a segment or left it, at `at`, to the second where time alone did it.

    `silent` where a definition, a merge, imported history or a low-signal event made it true:
    nothing begins because of it.
    """

    id: UUID
    seq: int
    at: datetime
    segment: str
    move: SegmentMove
    silent: bool = False


Effect = (
    JourneyMoved
    | PermissionChanged
    | AskChanged
    | SegmentMoved
    | TraitSet
    | EventEmitted
    | CallOrdered
    | Responded
    | Released
)


class StepNote(msgspec.Struct, frozen=True, array_like=True):
    """What became of one input: applied, duplicate, history, or unchanged."""

    input_id: UUID
    result: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Decision)


def encode(decision: Decision) -> bytes:
    """Return `decision` as bytes that `decode` reads back equal."""
    return _encoder.encode(decision)


def decode(data: bytes) -> Decision:
    """Return the decision `encode` wrote."""
    return _decoder.decode(data)


_actions = msgspec.msgpack.Decoder(tuple[Action, ...])


def encode_actions(actions: tuple[Action, ...]) -> bytes:
    """Return `actions` as bytes that `decode_actions` reads back equal."""
    return _encoder.encode(actions)


def decode_actions(data: bytes) -> tuple[Action, ...]:
    """Return the actions `encode_actions` wrote; none for no bytes."""
    return _actions.decode(data) if data else ()
