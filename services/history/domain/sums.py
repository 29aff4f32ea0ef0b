"""The sums reports are made of, as changes: what a batch of facts adds to each.

Sums are kept in the commit that changes what they count, from the rows before and after it. So
they are exact at every moment, however often a fact comes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.history.domain.messages import COMPLAINTS, REACTIONS, RESPONSES, Change, Message

UNCAPPED = "transactional"
"""The class that is no pressure: people asked for it by what they did."""
WEEK, MONTH = "week", "month"


class DayKey(NamedTuple):
    """What the sums of messages are kept by."""

    workspace: str
    day: date
    channel: str
    message_class: str
    topic: str
    template: str
    variant: str
    journey: str
    campaign: str


class PeriodKey(NamedTuple):
    """One person's week or month, named by its first day in UTC (weeks begin on Monday)."""

    workspace: str
    person: UUID
    period: str
    first_day: date


class Pressure(NamedTuple):
    """What a person got in a period: messages, those they responded to, those that cost trust."""

    messages: int
    responses: int
    complaints: int


class PressureKey(NamedTuple):
    """The people who got so many messages in a period."""

    workspace: str
    period: str
    first_day: date
    messages: int


def message_sums(changes: Iterable[Change]) -> dict[DayKey, tuple[int, ...]]:
    """What to add: sent, each of REACTIONS, cost. In the order of the keys; nothing where nothing
    changed. A reaction counts on the day its message was sent.
    """
    sums: dict[DayKey, list[int]] = defaultdict(lambda: [0] * (len(REACTIONS) + 2))
    for change in changes:
        for sign, message in ((-1, change.before), (1, change.after)):
            if message is None or message.at is None:
                continue
            row = sums[_day_key(message, message.at)]
            row[0] += sign
            for place, kind in enumerate(REACTIONS, start=1):
                row[place] += sign * (kind in message.reactions)
            row[-1] += sign * message.cost_micros
    return {key: tuple(sums[key]) for key in sorted(sums) if any(sums[key])}


def person_sums(changes: Iterable[Change]) -> dict[PeriodKey, Pressure]:
    """What to add to people's weeks and months, in the order of the keys."""
    sums: dict[PeriodKey, list[int]] = defaultdict(lambda: [0, 0, 0])
    for change in changes:
        for sign, message in ((-1, change.before), (1, change.after)):
            if message is None or message.at is None or message.message_class == UNCAPPED:
                continue
            day = message.at.astimezone(UTC).date()
            for period in (WEEK, MONTH):
                key = PeriodKey(message.workspace, message.person, period, first_day(period, day))
                row = sums[key]
                row[0] += sign
                row[1] += sign * message.had(RESPONSES)
                row[2] += sign * message.had(COMPLAINTS)
    return {key: Pressure(*sums[key]) for key in sorted(sums) if any(sums[key])}


def pressure_sums(
    moved: Sequence[tuple[PeriodKey, Pressure | None, Pressure]],
) -> dict[PressureKey, tuple[int, int, int]]:
    """People, responders and leavers to add for each number of messages, as people move from one
    number to the next.
    """
    sums: dict[PressureKey, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, before, after in moved:
        for sign, pressure in ((-1, before), (1, after)):
            if pressure is None or pressure.messages == 0:
                continue
            at = PressureKey(key.workspace, key.period, key.first_day, pressure.messages)
            row = sums[at]
            row[0] += sign
            row[1] += sign * (pressure.responses > 0)
            row[2] += sign * (pressure.complaints > 0)
    return {key: (r[0], r[1], r[2]) for key, r in sorted(sums.items()) if any(r)}


def first_day(period: str, day: date) -> date:
    """The Monday, or the first, of the week or month a day is in."""
    if period == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1)


def _day_key(message: Message, at: datetime) -> DayKey:
    return DayKey(
        message.workspace,
        at.astimezone(UTC).date(),
        message.channel,
        message.message_class,
        message.topic,
        message.template,
        message.variant,
        message.journey,
        message.campaign,
    )
