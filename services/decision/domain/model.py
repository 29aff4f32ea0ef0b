"""The catalog as it runs: documents resolved against each other and compiled, all frozen."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from services.decision.domain.holdout import Holdout
from services.decision.domain.journeys.dates import TraitDate
from services.decision.domain.reasons import Reason
from services.decision.domain.state import PersonState

TRANSACTIONAL = "transactional"
SERVICE = "service"
MARKETING = "marketing"

#: Order of classes in arbitration: what a contract needs, what was asked for, all else.
CLASS_RANK = {TRANSACTIONAL: 0, SERVICE: 1, MARKETING: 2}

#: A compiled condition: (state, now in seconds, properties of the event at hand) -> bool.
Test = Callable[[PersonState, int, Mapping[str, Any]], bool]


class Trigger(msgspec.Struct, frozen=True):
    """An event with what must be true of it; `match` as in documents."""

    event: str
    where: Test | None = None
    match: tuple[str, ...] = ()

    def fits(
        self,
        state: PersonState,
        now_s: int,
        properties: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> bool:
        """Return whether an event with `properties` is meant, for a run with `context`."""
        for name in self.match:
            if name not in context or properties.get(name) != context[name]:
                return False
        return self.where is None or self.where(state, now_s, properties)


class ExistingCustomers(msgspec.Struct, frozen=True):
    """The sale and the notice on which the existing-customer exception of a topic rests."""

    bought: Test
    notice: str

    def include(self, state: PersonState, now_s: int) -> bool:
        """Return whether both are on record."""
        return state.traits.get(self.notice) is True and self.bought(state, now_s, {})


class Template(msgspec.Struct, frozen=True):
    """What the decision needs of a template.

    It must pass every one of `checks` (asked of a candidate's case) and `policies` (asked of the
    moment, and shared by all templates they concern alike), in this order. `look_aheads` are the
    caps that keep places free for what is more important. `value` is what a response is worth.
    """

    key: str
    revision: int
    channel: str
    topic: str
    message_class: str
    role: str
    ask: str
    ask_holds_s: int
    tags: tuple[str, ...]
    profile_variables: tuple[str, ...]
    event_variables: tuple[str, ...]
    cool_down_s: int
    checks: tuple[Callable[[Any], Any], ...]
    policies: tuple[Callable[[Any], Any], ...]
    builds_on: str = ""
    recap: str = ""
    look_aheads: tuple[Any, ...] = ()
    value: float = 1.0
    variants: tuple[str, ...] = ()
    placement: str = ""


class Entry(msgspec.Struct, frozen=True):
    """What lets people enter a journey: an event, a segment entered or left, a date, the API."""

    trigger: Trigger | None
    imported: bool
    segment: str
    on_entered: bool
    date: TraitDate | None
    by_api: bool


class Journey(msgspec.Struct, frozen=True):
    """One version of a journey. `endings` are exit rules and goal by event name.

    `context` names the properties of the entering event that its steps and templates use;
    `followed` the message steps whose outcome a later step asks for.
    """

    key: str
    version: int
    entry: Entry
    reentry: str
    audience: Test | None
    endings: dict[str, tuple[tuple[Reason, Trigger], ...]]
    first: str
    steps: dict[str, Any]
    context: tuple[str, ...]
    status: str = "live"
    per: str = ""
    cool_down_s: int = 0
    followed: frozenset[str] = frozenset()
    holdout: Holdout | None = None


#: What stands for the journey of a message that was asked for directly.
DIRECT = Journey("", 0, Entry(None, False, "", False, None, True), "every", None, {}, "", {}, ())


class Ask(msgspec.Struct, frozen=True):
    """What messages ask for, and the event that answers it, for `holds_s` (0: for ever)."""

    key: str
    trigger: Trigger
    holds_s: int


class Controls(msgspec.Struct, frozen=True):
    """Switches that work at once and are no documents: all marketing stopped, journeys paused."""

    marketing_stopped: bool = False
    paused_journeys: tuple[str, ...] = ()


NO_CONTROLS = Controls()

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Controls)


def encode_controls(controls: Controls) -> bytes | None:
    """Return the switches as `decode_controls` reads them; None where none is set."""
    return None if controls == NO_CONTROLS else _encoder.encode(controls)


def decode_controls(data: bytes | None) -> Controls:
    """Return the switches `encode_controls` wrote."""
    return _decoder.decode(data) if data else NO_CONTROLS
