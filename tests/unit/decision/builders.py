"""Small catalogs, people and inputs, as short as a test wants to read them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from services.decision.domain import state as states
from services.decision.domain.catalog import Catalog, parse_catalog
from services.decision.domain.decisions import Candidate, Decision, MessageOrder, Verdict
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import (
    EventInput,
    EventKind,
    Input,
    PermissionInput,
    PermissionPart,
    PermissionStatus,
    ReceiptInput,
    ReceiptKind,
    WakeupInput,
)
from services.decision.domain.model import NO_CONTROLS, Controls
from services.decision.domain.permit import Permit, permit
from services.decision.domain.state import PersonState
from services.decision.domain.step import StepResult, step

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PERSON = UUID("0195a0d4-1c00-7000-8000-000000000001")

Documents = list[dict[str, Any]]


def workspace(timezone: str = "UTC", **more: Any) -> dict[str, Any]:
    return {"kind": "workspace", "key": "shop", "timezone": timezone, **more}


def topic(key: str = "tips", **more: Any) -> dict[str, Any]:
    return {"kind": "topic", "key": key, **more}


def template(key: str, **more: Any) -> dict[str, Any]:
    return {"kind": "template", "key": key, "channel": "email", "topic": "tips", **more}


def message(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "message", "template": key, **more}


def wait(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "wait", **more}


def journey(key: str, *steps: dict[str, Any], on: str = "started", **more: Any) -> dict[str, Any]:
    return {"kind": "journey", "key": key, "entry": {"event": on}, "steps": list(steps), **more}


def policy(key: str, **rule: Any) -> dict[str, Any]:
    return {"kind": "policy", "key": key, "rule": rule}


def ask(key: str, event: str, **more: Any) -> dict[str, Any]:
    return {"kind": "ask", "key": key, "done_when": {"event": event}, **more}


def catalog(*documents: dict[str, Any], revision: int = 1) -> Catalog:
    """A catalog of `documents`; workspace, topic and one template per message step come along."""
    given = list(documents)
    have = {(one["kind"], one["key"]) for one in given}
    if not any(kind == "workspace" for kind, _ in have):
        given.append(workspace())
    if ("topic", "tips") not in have:
        given.append(topic())
    wanted = {
        one["template"]
        for document in documents
        for one in document.get("steps", ())
        if one.get("type") == "message"
    }
    given += [template(key) for key in sorted(wanted) if ("template", key) not in have]
    return parse_catalog(given, revision=revision)


class Person:
    """Someone whose state goes from step to step, with everything said about them on the way.

    They have an e-mail address and consent for all tips unless told otherwise.
    """

    def __init__(
        self,
        catalog_: Catalog,
        *,
        at: datetime = MONDAY,
        email: str | None = "anna@example.org",
        consent: bool = True,
        controls: Controls = NO_CONTROLS,
    ) -> None:
        self.catalog = catalog_
        self.now = at
        self.controls = controls
        self.state: PersonState = states.new(PERSON)
        self.decisions: list[Decision] = []
        self.effects: list[Any] = []
        self.last: StepResult
        self._seq: Iterator[int] = count(1)
        self._ids: Iterator[int] = count(1)
        if email:
            self.identify(email=email)
        if consent:
            self.permission(PermissionPart.CONSENT, PermissionStatus.GRANTED, topic="tips")

    # What can happen.

    def step(self, *inputs: Input, at: datetime | None = None) -> StepResult:
        """Apply inputs; the clock never goes back."""
        self.now = at or self.now
        self.last = step(self.state, inputs, self.catalog, self.now, self.controls)
        self.state = self.last.state
        self.decisions += self.last.decisions
        self.effects += self.last.effects
        return self.last

    def event(self, name: str, *, kind: EventKind = EventKind.TRACK, **more: Any) -> EventInput:
        """An event at `now`, numbered as ingest would."""
        seq = more.pop("seq", None) or next(self._seq)
        occurred_at = more.pop("occurred_at", self.now)
        return EventInput(self.new_id("event"), seq, kind, occurred_at, self.now, name, **more)

    def track(self, name: str, **properties: Any) -> StepResult:
        return self.step(self.event(name, properties=properties))

    def identify(self, *, trusted: bool = True, history: bool = False, **traits: Any) -> StepResult:
        kind = EventKind.IDENTIFY
        return self.step(self.event("", kind=kind, traits=traits, trusted=trusted, history=history))

    def permission(self, part: PermissionPart, status: PermissionStatus, **more: Any) -> StepResult:
        at = more.pop("at", self.now)
        return self.step(PermissionInput(self.new_id("permission"), part, status, at, **more))

    def receipt(self, order: MessageOrder, outcome: ReceiptKind, **more: Any) -> StepResult:
        return self.step(
            ReceiptInput(self.new_id("receipt"), order.message_id, outcome, self.now, **more)
        )

    def sleep(self, duration: timedelta) -> None:
        """Let time pass, waking whenever something is due, as the store would."""
        end = self.now + duration
        for _ in range(1_000):
            due = self.next_wakeup
            if due is None or due > end:
                break
            self.step(WakeupInput(self.new_id("wakeup"), due), at=max(due, self.now))
        self.now = end

    def permit(self, order: MessageOrder, at: datetime | None = None) -> Permit:
        return permit(self.state, order.message_id, self.catalog, at or self.now, self.controls)

    def new_id(self, what: str) -> UUID:
        """An id of its own for each input, near the time it is made at."""
        base = UUID(int=int(self.now.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)
        return derive_id(base, what, next(self._ids))

    # What followed.

    @property
    def next_wakeup(self) -> datetime | None:
        return self.last.next_wakeup

    @property
    def orders(self) -> list[MessageOrder]:
        return [one.order for one in self.decisions if one.order is not None]

    @property
    def sent(self) -> list[str]:
        """The templates of all messages ordered, in order."""
        return [order.template for order in self.orders]

    @property
    def reasons(self) -> list[str]:
        """The reason of every decision that was no message."""
        return [str(one.reason) for one in self.decisions if one.order is None]

    @property
    def moves(self) -> list[tuple[str, str]]:
        """Journey moves as (move, step)."""
        return [(str(one.move), one.step) for one in self.effects if hasattr(one, "move")]


def verdict(candidate: Candidate, rule: str) -> Verdict:
    """What one rule said."""
    [found] = [one for one in candidate.verdicts if one.rule == rule]
    return found


def texts(items: Sequence[object]) -> list[str]:
    return [str(item) for item in items]
