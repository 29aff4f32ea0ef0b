"""What came of a simulation, counted as it goes."""

from collections.abc import Iterable

import msgspec

from services.decision.domain.decisions import (
    Candidate,
    Decision,
    JourneyMoved,
    MessageOrder,
    Move,
    Outcome,
    Ruling,
)
from services.decision.domain.reasons import Reason

_HOUR_S = 3600


class TemplateCount(msgspec.Struct):
    """What became of one variant of a template (without variants, of the template)."""

    sent: int = 0
    clicked: int = 0
    answered: int = 0
    unsubscribed: int = 0


class JourneyCount(msgspec.Struct):
    """What became of those who entered a journey; `exits` by reason."""

    entered: int = 0
    completed: int = 0
    goal_reached: int = 0
    exits: dict[str, int] = {}
    messages: int = 0

    @property
    def inside(self) -> int:
        """How many are still in it."""
        return self.entered - self.completed - self.goal_reached - sum(self.exits.values())


class Report(msgspec.Struct):
    """The figures.

    `reasons` has, by reason, how many times a message did not go out then, and `people_by_reason`
    how many people that happened to. `conflicts` counts by "loser < winner". `held_h` are hours
    quiet hours held a message, in total. `days` has the marketing messages of each day, `shares`
    the share of each variant per week.
    """

    people: int
    days_simulated: int
    events: int = 0
    steps: int = 0
    decisions: int = 0
    messages: int = 0
    marketing: int = 0
    by_channel: dict[str, int] = {}
    templates: dict[str, TemplateCount] = {}
    reasons: dict[str, int] = {}
    people_by_reason: dict[str, int] = {}
    conflicts: dict[str, int] = {}
    journeys: dict[str, JourneyCount] = {}
    per_person: dict[int, int] = {}
    days: list[int] = []
    weeks: list[dict[str, int]] = []
    quiet_holds: int = 0
    quiet_held_h: float = 0.0
    cap_holds: int = 0
    unsubscribed: int = 0
    complained: int = 0
    regret: float = 0.0
    regret_even: float = 0.0


_CAPS = {Reason.CAP_REACHED, Reason.PERIOD_FULL}


class Counting:
    """Counts decisions and moves into a report."""

    def __init__(self, people: int, days: int) -> None:
        self.report = Report(
            people, days, days=[0] * days, weeks=[{} for _ in range(-(-days // 7))]
        )
        self._by_person = [0] * people
        self._reasons_of: dict[str, set[int]] = {}

    def decided(self, person: int, decisions: Iterable[Decision]) -> None:
        """Count why messages did not go out, and who gave way to whom."""
        report = self.report
        for decision in decisions:
            report.decisions += 1
            if decision.outcome is Outcome.RELEASED:
                continue
            for candidate in decision.candidates:
                if candidate.against:
                    self._not_sent(person, decision, candidate)

    def _not_sent(self, person: int, decision: Decision, candidate: Candidate) -> None:
        report, seen = self.report, set()
        for verdict in candidate.against:
            reason = verdict.reason
            if reason is None or reason in seen:
                continue
            seen.add(reason)
            report.reasons[reason] = report.reasons.get(reason, 0) + 1
            self._reasons_of.setdefault(reason, set()).add(person)
            if verdict.ruling is Ruling.LOST and reason is Reason.LOST:
                pair = f"{candidate.template} < {verdict.facts.get('to', '')}"
                report.conflicts[pair] = report.conflicts.get(pair, 0) + 1
            elif reason is Reason.QUIET_HOURS and verdict.until is not None:
                report.quiet_holds += 1
                report.quiet_held_h += (verdict.until - decision.at).total_seconds() / _HOUR_S
            elif reason in _CAPS:
                report.cap_holds += 1

    def sent(self, person: int, order: MessageOrder, day: int, *, marketing: bool) -> TemplateCount:
        """Count a message; what becomes of it is counted in what is returned."""
        report = self.report
        report.messages += 1
        name = f"{order.template}/{order.variant}" if order.variant else order.template
        channels = report.by_channel
        channels[order.channel] = channels.get(order.channel, 0) + 1
        if marketing:
            report.marketing += 1
            self._by_person[person] += 1
            report.days[day] += 1
            week = report.weeks[day // 7]
            week[name] = week.get(name, 0) + 1
        if order.journey:
            self._journey(order.journey).messages += 1
        count = report.templates.get(name)
        if count is None:
            count = report.templates[name] = TemplateCount()
        count.sent += 1
        return count

    def moved(self, move: JourneyMoved) -> None:
        """Count who enters and leaves journeys."""
        journey = self._journey(move.journey)
        if move.move is Move.ENTERED:
            journey.entered += 1
        elif move.reason is Reason.GOAL_REACHED:
            journey.goal_reached += 1
        elif move.move is Move.COMPLETED:
            journey.completed += 1
        elif move.move is Move.EXITED:
            why = str(move.reason or "exit")
            journey.exits[why] = journey.exits.get(why, 0) + 1

    def _journey(self, key: str) -> JourneyCount:
        journey = self.report.journeys.get(key)
        if journey is None:
            journey = self.report.journeys[key] = JourneyCount()
        return journey

    def finished(self) -> Report:
        """Return the report, with what only the end tells."""
        report = self.report
        report.people_by_reason = {name: len(who) for name, who in self._reasons_of.items()}
        report.per_person = {}
        for count in self._by_person:
            report.per_person[count] = report.per_person.get(count, 0) + 1
        report.per_person = dict(sorted(report.per_person.items()))
        return report
