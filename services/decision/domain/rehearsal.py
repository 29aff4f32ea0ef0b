"""Journey tests: a made-up person lives through days, and gets exactly what the test says.

Written beside the catalog they are about and run by `kairos test`, on the pure core alone. Every
message is accepted by its provider at once, unless the test says what became of it.
"""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from services.decision.domain import decisions, inputs
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import UTC_ZONE, find_zone, from_s, instant_s, parse_local_time
from services.decision.domain.documents import Channel, FieldName, LocalTime
from services.decision.domain.ids import derive_id
from services.decision.domain.journeys.steps.hand_over import TASK_ID
from services.decision.domain.model import MARKETING
from services.decision.domain.state import PersonState, new
from services.decision.domain.step import next_wakeup, step

PERSON = UUID("0195a0d4-1c00-7000-8000-000000000001")
DAYS_MAX = 3_650
WAKEUPS_MAX = 10_000


class At(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A day of the test, counted from 0, and a local time."""

    day: Annotated[int, Meta(ge=0, le=DAYS_MAX)] = 0
    at: LocalTime | None = None


class Happening(At, frozen=True, kw_only=True):
    """Something that happens: exactly one of event, traits, receipt, consent, enter, objection...

    `answers` makes the event an answer to the newest task handed over: it carries its `task_id`.
    `contact` is a marketing message that another system sent on this channel, on `topic`.
    """

    event: str | None = None
    properties: dict[FieldName, Any] = msgspec.field(default_factory=dict)
    answers: bool = False
    contact: Channel | None = None
    mute: Literal["set", "lifted"] | None = None
    traits: dict[FieldName, Any] | None = None
    receipt: (
        Literal["opened", "clicked", "replied", "bounced", "complained", "unsubscribed"] | None
    ) = None
    of: str | None = None
    consent: Literal["granted", "withdrawn"] | None = None
    channel: str = "*"
    topic: str = "*"
    pause_days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] | None = None
    objection: bool = False
    enter: str | None = None


class Expected(At, frozen=True, kw_only=True):
    """A message the person gets; without `at` at any time of that day."""

    message: str
    channel: str | None = None


class Task(At, frozen=True, kw_only=True):
    """A task a human gets; without `at` at any time of that day."""

    title: str
    queue: str | None = None


class Silent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message that was held back or refused at least once, because of this reason (a code)."""

    message: str
    because: str
    day: int | None = None


class JourneyTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One test: who, what happens, and what they get, in order and nothing else.

    `tasks` are those handed over to humans, likewise. `journeys` says, by key, where they end:
    completed, exited, never, or the key of a step.
    """

    test: str
    starts: str = "2026-03-02"
    at: LocalTime = "10:00"
    traits: dict[FieldName, Any] = msgspec.field(default_factory=dict)
    consents: tuple[str, ...] = ()
    happens: tuple[Happening, ...] = ()
    until_day: Annotated[int, Meta(ge=0, le=DAYS_MAX)] = 30
    gets: tuple[Expected, ...] = ()
    tasks: tuple[Task, ...] = ()
    not_because: tuple[Silent, ...] = ()
    journeys: dict[str, str] = msgspec.field(default_factory=dict)


class Outcome(msgspec.Struct, frozen=True):
    """What came of a test: nothing in `problems` means it passed."""

    test: str
    problems: tuple[str, ...]


def rehearse(catalog: Catalog, test: JourneyTest) -> Outcome:
    """Live through a test and say where it differs. Pure: the same arguments, the same outcome."""
    play = _Play(catalog, test)
    play.run()
    return Outcome(test.test, tuple(play.compare()))


class _Play:
    """A test under way."""

    def __init__(self, catalog: Catalog, test: JourneyTest) -> None:
        self._catalog = catalog
        self._test = test
        named = test.traits.get("timezone")
        self._zone = (
            (find_zone(named) if isinstance(named, str) else None)
            or find_zone(catalog.timezone)
            or UTC_ZONE
        )
        self._first = date.fromisoformat(test.starts)
        self._state: PersonState = new(PERSON)
        self._now = self._instant(At())
        self._said = 0
        self._decisions: list[decisions.Decision] = []
        self._moves: list[decisions.JourneyMoved] = []
        self._tasks: list[decisions.CallOrdered] = []

    def _instant(self, when: At) -> datetime:
        at: time = parse_local_time(when.at or self._test.at)
        return from_s(instant_s(self._first + timedelta(days=when.day), at, self._zone))

    def _day_of(self, at: datetime) -> int:
        return (at.astimezone(self._zone).date() - self._first).days

    def run(self) -> None:
        """Live through everything that happens, in order, and through the time between."""
        traits = {"email": "anna@example.com", "phone": "+491510000000", **self._test.traits}
        traits = {name: value for name, value in traits.items() if value is not None}
        self._identify(traits)
        for consent in self._test.consents:
            channel, _, topic = consent.partition("/")
            self._consent("granted", channel, topic or "*")
        for happening in sorted(self._test.happens, key=self._instant):
            self._pass(self._instant(happening))
            self._happen(happening)
        self._pass(self._instant(At(day=self._test.until_day, at="23:59")))

    def _pass(self, until: datetime) -> None:
        for _ in range(WAKEUPS_MAX):
            due = next_wakeup(self._state)
            if due is None or due > until:
                break
            self._now = max(due, self._now)
            self._step(inputs.WakeupInput(self._id("wakeup"), due))
        self._now = max(self._now, until)

    def _happen(self, what: Happening) -> None:
        if what.traits is not None:
            self._identify(what.traits)
        if what.event is not None:
            self._event(what.event, what.properties | self._answered(what))
        if what.receipt is not None:
            self._receipt(what)
        if what.consent is not None:
            self._consent(what.consent, what.channel, what.topic)
        if what.contact is not None:
            topic = "" if what.topic == "*" else what.topic
            self._step(inputs.ContactInput(self._id("contact"), self._now, what.contact,
                                           MARKETING, topic))  # fmt: skip
        if what.mute is not None:
            self._permission("mute", what.mute)
        if what.objection:
            self._permission("objection", "set")
        if what.pause_days is not None:
            until = self._now + timedelta(days=what.pause_days)
            self._permission("pause", "set", until=until)
        if what.enter is not None:
            self._step(inputs.EnterInput(self._id("enter"), what.enter, self._now, what.properties))

    def _identify(self, traits: dict[str, Any]) -> None:
        kind = inputs.EventKind.IDENTIFY
        self._step(inputs.EventInput(self._id("identify"), 0, kind, self._now, self._now,
                                     traits=traits))  # fmt: skip

    def _answered(self, what: Happening) -> dict[str, Any]:
        if not what.answers:
            return {}
        if not self._tasks:
            raise ValueError(f"happens: {what.event} answers a task, but there is none yet")
        return {TASK_ID: str(self._tasks[-1].id)}

    def _event(self, name: str, properties: dict[str, Any]) -> None:
        kind = inputs.EventKind.TRACK
        self._step(inputs.EventInput(self._id("event"), 0, kind, self._now, self._now, name,
                                     properties))  # fmt: skip

    def _consent(self, status: str, channel: str, topic: str) -> None:
        self._permission("consent", status, channel=channel, topic=topic, basis="opt_in")

    def _permission(self, part: str, status: str, **more: Any) -> None:
        self._step(
            inputs.PermissionInput(
                self._id("permission"),
                inputs.PermissionPart(part),
                inputs.PermissionStatus(status),
                self._now,
                **more,
            )
        )

    def _receipt(self, what: Happening) -> None:
        for order in reversed([d.order for d in self._decisions if d.order is not None]):
            if what.of in (None, order.template):
                self._step(
                    inputs.ReceiptInput(
                        self._id("receipt"), order.message_id,
                        inputs.ReceiptKind(str(what.receipt)), self._now, order.channel,
                        order.topic, hard_bounce=what.receipt == "bounced",
                    )
                )  # fmt: skip
                return
        raise ValueError(f"happens: {what.receipt} on day {what.day}, but no such message was sent")

    def _step(self, one: inputs.Input) -> None:
        result = step(self._state, [one], self._catalog, self._now)
        self._state = result.state
        self._decisions += result.decisions
        self._moves += [e for e in result.effects if isinstance(e, decisions.JourneyMoved)]
        self._tasks += [
            e
            for e in result.effects
            if isinstance(e, decisions.CallOrdered) and e.kind == "journey.task"
        ]
        for order in result.orders:
            accepted = inputs.ReceiptKind.ACCEPTED
            self._step(inputs.ReceiptInput(self._id("accepted"), order.message_id, accepted,
                                           self._now, order.channel, order.topic))  # fmt: skip

    def _id(self, what: str) -> UUID:
        self._said += 1
        base = UUID(int=int(self._now.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)
        return derive_id(base, what, self._said)

    # What came of it.

    def compare(self) -> list[str]:
        """Say where what happened differs from what the test says."""
        got = [(d.at, d.order) for d in self._decisions if d.order is not None]
        problems = []
        for i, expected in enumerate(self._test.gets):
            if i >= len(got):
                problems.append(f"gets[{i}]: {self._told(expected)} never came")
            elif wrong := self._differs(expected, *got[i]):
                problems.append(f"gets[{i}]: {self._told(expected)}, but {wrong}")
        problems += [
            f"not expected: {order.template} by {order.channel} on {self._when(at)}"
            for at, order in got[len(self._test.gets) :]
        ]
        problems += self._differing_tasks()
        problems += [p for i, s in enumerate(self._test.not_because) if (p := self._silent(i, s))]
        for key, ends in self._test.journeys.items():
            if (found := self._ends(key)) != ends:
                problems.append(f"journeys.{key}: expected {ends}, but {found}")
        return problems

    def _differs(
        self, expected: Expected, at: datetime, order: decisions.MessageOrder
    ) -> str | None:
        same = (
            order.template == expected.message
            and (expected.channel is None or order.channel == expected.channel)
            and self._day_of(at) == expected.day
            and (expected.at is None or at.astimezone(self._zone).strftime("%H:%M") == expected.at)
        )
        return None if same else f"{order.template} by {order.channel} on {self._when(at)}"

    def _differing_tasks(self) -> list[str]:
        """Say where the tasks handed over differ from those expected."""
        problems = []
        for i, expected in enumerate(self._test.tasks):
            if i >= len(self._tasks):
                problems.append(f"tasks[{i}]: {expected.title} on day {expected.day} never came")
            elif not self._is_same(expected, self._tasks[i]):
                problems.append(f"tasks[{i}]: {expected.title} on day {expected.day}, but "
                                f"{self._told_task(self._tasks[i])}")  # fmt: skip
        spare = self._tasks[len(self._test.tasks) :]
        return problems + [f"task not expected: {self._told_task(one)}" for one in spare]

    def _is_same(self, expected: Task, task: decisions.CallOrdered) -> bool:
        return (
            task.data["title"] == expected.title
            and expected.queue in (None, task.data["queue"])
            and self._day_of(task.at) == expected.day
            and expected.at in (None, f"{task.at.astimezone(self._zone):%H:%M}")
        )

    def _told_task(self, task: decisions.CallOrdered) -> str:
        return f"{task.data['title']} ({task.data['queue']}) on {self._when(task.at)}"

    def _silent(self, i: int, silent: Silent) -> str | None:
        reasons: dict[str, None] = {}
        for decision in self._decisions:
            if silent.day is not None and self._day_of(decision.at) != silent.day:
                continue
            for candidate in decision.candidates:
                if silent.message in (candidate.template, candidate.step):
                    reasons |= {str(v.reason): None for v in candidate.against if v.reason}
        if silent.because in reasons:
            return None
        told = ", ".join(reasons) or "nothing was against it"
        return f"not_because[{i}]: {silent.message}, expected {silent.because}, but {told}"

    def _ends(self, key: str) -> str:
        for position in self._state.positions:
            if position.journey == key:
                return position.step
        moves = [str(move.move) for move in self._moves if move.journey == key]
        return moves[-1] if moves else "never"

    def _told(self, expected: Expected) -> str:
        at = f" {expected.at}" if expected.at else ""
        return f"{expected.message} on day {expected.day}{at}"

    def _when(self, at: datetime) -> str:
        return f"day {self._day_of(at)} {at.astimezone(self._zone):%H:%M}"
