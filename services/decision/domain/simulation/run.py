"""The simulation at work: day by day, everybody lives through what is due for them.

Each person has a queue of what happens to them and a generator of their own, so the order in which
people are visited changes nothing. What is learnt becomes the next snapshot of the response model
at the end of each day, as it does every few seconds in the running system.
"""

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import UTC_ZONE, find_zone, from_s, local, to_s
from services.decision.domain.decisions import JourneyMoved, MessageOrder, Responded
from services.decision.domain.inputs import (
    EventInput,
    EventKind,
    Input,
    ReceiptInput,
    ReceiptKind,
    WakeupInput,
)
from services.decision.domain.model import MARKETING, NO_CONTROLS
from services.decision.domain.response_model import HOURS, Cell, Count, ResponseModel
from services.decision.domain.simulation.lots import Lots
from services.decision.domain.simulation.people import Recorded, Temper, made_up, recorded, temper
from services.decision.domain.simulation.report import Counting, Report, TemplateCount
from services.decision.domain.simulation.spec import EventSpec, Spec, heard_events, with_defaults
from services.decision.domain.state import DAY_S, PersonState
from services.decision.domain.step import next_wakeup, step

_MONTH_S = 30.0 * DAY_S
_WEEK_S = 7 * DAY_S
_NEVER_S = 1 << 62
_AWAKE = range(8, 22)
#: A click comes after three hours on average, what it leads to half an hour later.
_CLICK_S, _ANSWER_S = 3 * 3600.0, 1800.0


class Settings(NamedTuple):
    """How many people for how long; `learn` lets the response model learn on the way."""

    start: datetime
    days: int
    people: int = 1000
    seed: int = 1
    learn: bool = True


class _Trial:
    """A message whose answer is awaited."""

    __slots__ = ("cell", "counted", "due_s", "hour", "until_s")

    def __init__(self, cell: Cell, at_s: int, until_s: int) -> None:
        self.cell = cell
        self.until_s = until_s
        self.due_s = min(until_s, at_s + DAY_S)
        self.counted = False
        self.hour: int | None = None


class _Person:
    """One person on their way."""

    __slots__ = ("accepted", "due_s", "index", "lots", "queue", "recent", "said", "state", "temper")

    def __init__(self, index: int, state: PersonState, temper_: Temper, lots: Lots) -> None:
        self.index = index
        self.state = state
        self.temper = temper_
        self.lots = lots
        self.queue: list[tuple[int, int, Any]] = []
        self.recent: list[int] = []
        self.accepted: list[Input] = []
        self.said = 0
        self.due_s = _NEVER_S

    def plan(self, at_s: int, what: Any) -> None:
        """Let something happen at a time."""
        self.said += 1
        heapq.heappush(self.queue, (at_s, self.said, what))

    def new_id(self, at_s: int) -> UUID:
        """Return an id of its own for each input, ordered by time."""
        self.said += 1
        random = (self.state.person.int & 0xFFFFFFFF) << 24 | self.said & 0xFFFFFF
        return UUID(int=at_s * 1000 << 80 | 0x7 << 76 | 0b10 << 62 | random)


class Simulation:
    """Runs day by day; `report` tells what came of it so far.

    Pure: equal arguments, equal reports. With `people`, those live through the events that really
    happened to them instead of made-up ones.
    """

    def __init__(
        self,
        catalog: Catalog,
        spec: Spec,
        settings: Settings,
        people: Sequence[Recorded] | None = None,
    ) -> None:
        self._catalog = catalog
        self._settings = settings
        self._spec = with_defaults(spec, catalog) if people is None else spec
        self._heard = heard_events(catalog)
        self._start_s = to_s(settings.start)
        self.day = 0
        count = settings.people if people is None else len(people)
        self._counting = Counting(count, settings.days)
        self._model = ResponseModel()
        self._cells: dict[Cell, Count] = {}
        self._hours = [0] * HOURS
        self._trials: dict[UUID, _Trial] = {}
        self._counts: dict[UUID, TemplateCount] = {}
        self._followers = _followers(self._spec.events)
        self._goals = _goals(catalog)
        self._people = [
            self._person(index, people[index] if people else None) for index in range(count)
        ]

    @property
    def done(self) -> bool:
        """Whether all days are over."""
        return self.day >= self._settings.days

    @property
    def model(self) -> ResponseModel:
        """What has been learnt."""
        return self._model

    def report(self) -> Report:
        """Return the figures so far."""
        return self._counting.finished()

    def run_day(self) -> None:
        """Let everybody live through one day, then learn from it."""
        end_s = self._start_s + (self.day + 1) * DAY_S
        for person in self._people:
            while person.due_s < end_s:
                self._next(person)
        if self._settings.learn:
            self._learn(end_s)
        self.day += 1

    def _person(self, index: int, who: Recorded | None) -> _Person:
        lots = Lots(self._settings.seed * 1_000_003 + index * 0x9E3779B1)
        start, spec = self._settings.start, self._spec.people
        if who is None:
            person = _Person(index, made_up(index, start, spec, lots), temper(spec, lots), lots)
            for name, event in self._spec.events.items():
                if not event.after:
                    self._plan_event(person, self._start_s, name, event)
        else:
            state = recorded(index, start, who, spec, lots)
            person = _Person(index, state, temper(spec, lots), lots)
            for one in who.events:
                person.plan(to_s(one.occurred_at), one)
        self._wait(person)
        return person

    def _plan_event(self, person: _Person, after_s: int, name: str, event: EventSpec) -> None:
        rate = event.per_30_days * person.temper.pace
        if rate > 0:
            person.plan(after_s + person.lots.gap_s(_MONTH_S / rate), name)

    def _wait(self, person: _Person) -> None:
        due = next_wakeup(person.state)
        wakeup_s = _NEVER_S if due is None else to_s(due)
        queued_s = person.queue[0][0] if person.queue else _NEVER_S
        person.due_s = min(wakeup_s, queued_s)

    def _next(self, person: _Person) -> None:
        """Let the next thing happen."""
        at_s = person.due_s
        if person.queue and person.queue[0][0] <= at_s:
            what = heapq.heappop(person.queue)[2]
            given = self._given(person, at_s, what)
        else:
            given = WakeupInput(person.new_id(at_s), from_s(at_s))
        self._step(person, at_s, given)
        self._wait(person)

    def _given(self, person: _Person, at_s: int, what: Any) -> Input:
        if isinstance(what, str):
            event = self._spec.events[what]
            self._plan_event(person, at_s, what, event)
            if what not in person.state.counters:
                for name, follower in self._followers.get(what, ()):
                    self._plan_event(person, at_s, name, follower)
            return self._event(person, at_s, what)
        if isinstance(what, _Answer):
            return self._event(person, at_s, what.event)
        given: Input = what
        return given

    def _event(self, person: _Person, at_s: int, name: str) -> EventInput:
        event = self._spec.events.get(name)
        properties = {}
        if event is not None:
            lots = person.lots
            properties = {key: lots.one_of(each) for key, each in event.properties.items() if each}
        at = from_s(at_s)
        self._counting.report.events += 1
        return EventInput(person.new_id(at_s), 0, EventKind.TRACK, at, at, name, properties)

    def _step(self, person: _Person, at_s: int, given: Input) -> None:
        inputs = [*person.accepted, given]
        person.accepted = []
        result = step(person.state, inputs, self._catalog, from_s(at_s), NO_CONTROLS, self._model)
        person.state = result.state
        counting = self._counting
        counting.report.steps += 1
        if result.decisions:
            counting.decided(person.index, result.decisions)
            for decision in result.decisions:
                if decision.order is not None:
                    self._sent(person, at_s, decision.order, decision.bucket)
        for effect in result.effects:
            if isinstance(effect, JourneyMoved):
                counting.moved(effect)
            elif isinstance(effect, Responded):
                self._answered(effect, at_s)

    def _sent(self, person: _Person, at_s: int, order: MessageOrder, bucket: str) -> None:
        """Let a message be accepted, and draw how it is taken."""
        marketing = order.message_class == MARKETING
        day = min(self.day, self._settings.days - 1)
        count = self._counting.sent(person.index, order, day, marketing=marketing)
        person.accepted.append(_receipt(person, at_s, order, ReceiptKind.ACCEPTED))
        if not marketing:
            return
        self._counts[order.message_id] = count
        cell = Cell(order.channel, order.template, order.variant, bucket)
        until_s = at_s + self._catalog.response_window_s
        self._trials[order.message_id] = _Trial(cell, at_s, until_s)
        person.recent = [one for one in person.recent if one > at_s - _WEEK_S]
        spec, lots = self._spec.responses, person.lots
        pressure = len(person.recent)
        person.recent.append(at_s)
        chance = self._chance(person, at_s, order) * spec.fatigue**pressure
        self._regret(order, chance)
        if lots.happens(chance):
            clicked_s = at_s + lots.gap_s(_CLICK_S)
            person.plan(clicked_s, _receipt(person, clicked_s, order, ReceiptKind.CLICKED))
            count.clicked += 1
            wanted = self._goals.get(order.template)
            if wanted and lots.happens(spec.answer):
                person.plan(clicked_s + lots.gap_s(_ANSWER_S), _Answer(wanted))
        opted_out = None
        if lots.happens(spec.complain * (1 + pressure)):
            opted_out = ReceiptKind.COMPLAINED
            self._counting.report.complained += 1
        elif lots.happens(spec.unsubscribe * (1 + pressure)):
            opted_out = ReceiptKind.UNSUBSCRIBED
            self._counting.report.unsubscribed += 1
            count.unsubscribed += 1
        if opted_out is not None:
            later_s = at_s + lots.gap_s(_CLICK_S)
            person.plan(later_s, _receipt(person, later_s, order, opted_out))

    def _chance(self, person: _Person, at_s: int, order: MessageOrder) -> float:
        """Return how probable a click is, before fatigue."""
        spec, like = self._spec.responses, person.temper
        zone = find_zone(person.state.timezone) or UTC_ZONE
        awake = 1.0 if local(at_s, zone).hour in _AWAKE else 0.5
        chance = spec.click * like.response * like.channels.get(order.channel, 1.0) * awake
        for name in (order.channel, order.template, f"{order.template}/{order.variant}"):
            chance *= spec.factors.get(name, 1.0)
        return min(1.0, chance)

    def _regret(self, order: MessageOrder, chance: float) -> None:
        """Count what the best variant would have brought more, and an even split."""
        variants = self._catalog.templates[order.template].variants
        if len(variants) < 2:
            return
        factors = self._spec.responses.factors
        each = [factors.get(f"{order.template}/{variant}", 1.0) for variant in variants]
        own = factors.get(f"{order.template}/{order.variant}", 1.0)
        if own <= 0:
            return
        report = self._counting.report
        report.regret += chance * (max(each) / own - 1.0)
        report.regret_even += chance / own * (max(each) - sum(each) / len(each))

    def _answered(self, effect: Responded, at_s: int) -> None:
        trial = self._trials.get(effect.message_id)
        if trial is not None and trial.hour is None and at_s <= trial.until_s:
            trial.hour = effect.hour
            self._counts[effect.message_id].answered += 1

    def _learn(self, end_s: int) -> None:
        """Count messages a day old and responses since, and publish the next snapshot."""
        changed = False
        for message, one in list(self._trials.items()):
            is_new = not one.counted and one.due_s <= end_s
            one.counted |= is_new
            answered = one.counted and one.hour is not None
            if is_new or answered:
                changed = True
                trials, responses = self._cells.get(one.cell, (0, 0))
                self._cells[one.cell] = Count(trials + is_new, responses + answered)
            if answered and one.hour is not None:
                self._hours[one.hour] += 1
            if answered or (one.counted and one.until_s <= end_s):
                del self._trials[message]
        if changed:
            revision = self._model.revision + 1
            self._model = ResponseModel(revision, dict(self._cells), self._hours)


class _Answer(NamedTuple):
    """What a message asked for is done."""

    event: str


def _receipt(person: _Person, at_s: int, order: MessageOrder, kind: ReceiptKind) -> ReceiptInput:
    return ReceiptInput(
        person.new_id(at_s), order.message_id, kind, from_s(at_s), order.channel, order.topic
    )


def _followers(events: Mapping[str, EventSpec]) -> dict[str, list[tuple[str, EventSpec]]]:
    """Return, by event, what may happen once it has."""
    found: dict[str, list[tuple[str, EventSpec]]] = {}
    for name, event in events.items():
        if event.after:
            found.setdefault(event.after, []).append((name, event))
    return found


def _goals(catalog: Catalog) -> dict[str, str]:
    """Return, by template, the event that fulfils what it asks for, or its journey's goal."""
    found: dict[str, str] = {}
    for event, rewards in catalog.rewards.items():
        for _, templates in rewards:
            for template in sorted(templates):
                found.setdefault(template, event)
    return found
