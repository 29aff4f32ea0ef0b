"""Waits: so long, then for a day of the week, then for a time of day; or for a date of the person.

Days are of the person's calendar and keep the time of day over changes of clocks (domain/civil.py).
"""

from datetime import time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from services.decision.domain.civil import Duration, add, instant_s, local, next_local_time
from services.decision.domain.documents import DurationText, LocalTime
from services.decision.domain.journeys.dates import DateDocument, TraitDate
from services.decision.domain.journeys.steps.base import Go, Next, Stay, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WaitDocument(StepDocument, frozen=True, kw_only=True, tag="wait"):
    """Waits a while, then, if given, for one of these weekdays, then for a time of day.

    `until_date` waits for a date of the person instead; where that is missing or past, nobody
    waits; where it changes meanwhile, the wait changes with it.
    """

    duration: DurationText | None = None
    until_weekday: tuple[Weekday, ...] = ()
    until_local_time: LocalTime | None = None
    until_date: DateDocument | None = None
    next: str = ""


class WaitStep(Step, frozen=True):
    """Waits for a duration, then for a weekday (0: Monday), then for a time of day."""

    duration: Duration
    weekdays: frozenset[int]
    until: time | None
    date: TraitDate | None
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        due_s = self.due_s(turn, turn.now_s)
        return Go(self.next, position) if due_s is None else Stay(position, due_s)

    def on_time(self, turn: "Turn", position: Position) -> Next:
        return Go(self.next, position)

    def due_s(self, turn: "Turn", from_s: int) -> int | None:
        """Return when the wait that begins at `from_s` ends; None where nobody waits."""
        zone = turn.zone
        if self.date is not None:
            return self.date.next_s(turn.state.traits.get(self.date.trait), from_s, zone)
        due_s = add(from_s, self.duration, zone)
        if self.until is not None:
            due_s = next_local_time(due_s, self.until, zone)
        return self._on_weekday(due_s, zone) if self.weekdays else due_s

    def _on_weekday(self, due_s: int, zone: ZoneInfo) -> int:
        """Return the same time of day on the first of our weekdays, today if it is one."""
        shown = local(due_s, zone)
        if shown.weekday() in self.weekdays:
            return due_s
        days = min((weekday - shown.weekday()) % 7 for weekday in self.weekdays)
        at = self.until or shown.time()
        return max(due_s, instant_s(shown.date() + timedelta(days=days), at, zone))


def compile_step(document: WaitDocument, spot: "Spot") -> WaitStep:
    plain = (document.duration, document.until_local_time, document.until_weekday or None)
    if document.until_date is None and plain == (None, None, None):
        spot.problem(
            "", "`duration`, `until_weekday`, `until_local_time` or `until_date`", "none of them"
        )
    if document.until_date is not None and plain != (None, None, None):
        spot.problem("until_date", "nothing beside `until_date`", "another wait")
    duration, until = Duration(), None
    if document.duration is not None:
        duration = spot.duration(document.duration, "duration")
    if document.until_local_time is not None:
        until = spot.local_time(document.until_local_time, "until_local_time")
    return WaitStep(
        document.key,
        duration,
        frozenset(WEEKDAYS.index(day) for day in document.until_weekday),
        until,
        spot.date(document.until_date, "until_date") if document.until_date else None,
        spot.target(document.next, "next"),
    )
