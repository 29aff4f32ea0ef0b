"""The reports: what may be asked, and what the numbers of a row say."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from services.history.domain.statistics.normal import quantile

MESSAGES, PRESSURE, ENTRIES = "messages", "pressure", "entries"
SAMPLE_SIZE = "sample-size"
GOALS, REPEATS, COHORTS = "goals", "repeats", "cohorts"
CONVERSIONS, RETURNS, CHAINS = "conversions", "returns", "chains"

DIMENSIONS: dict[str, tuple[str, ...]] = {
    MESSAGES: (
        "day", "week", "month", "channel", "class", "topic", "template", "variant", "journey",
        "campaign",
    ),
    ENTRIES: ("day", "week", "month", "kind", "name", "channel", "reason", "journey", "campaign"),
    CONVERSIONS: (
        "day", "week", "month", "goal", "channel", "class", "template", "variant", "journey",
        "campaign",
    ),
    RETURNS: (
        "day", "week", "month", "channel", "class", "template", "variant", "journey", "campaign",
    ),
    CHAINS: (),
    GOALS: ("day", "week", "month", "goal"),
    REPEATS: (),
    COHORTS: (),
    SAMPLE_SIZE: (),
    PRESSURE: (),
}  # fmt: skip
"""What the rows of a report may be broken down by."""

COMPLAINT_RATE_WARN, COMPLAINT_RATE_STOP = 0.001, 0.003
"""Gmail's and Yahoo's bulk sender rules: keep spam complaints below 0.1 %, never reach 0.3 %."""
UNSUBSCRIBE_RATE_WARN, UNSUBSCRIBE_RATE_STOP = 0.005, 0.01
BOUNCE_RATE_WARN, BOUNCE_RATE_STOP = 0.02, 0.05
JUDGED_FROM = 100
"""Messages below which a rate is no reason for alarm."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which report, over which days [since, until), broken down by what."""

    workspace: str
    report: str
    since: date
    until: date
    by: tuple[str, ...] = ()
    options: Mapping[str, str] = {}


Row = tuple[str | int | float | None, ...]


class Table(msgspec.Struct, frozen=True):
    """A report: the names of its columns, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class MessageSums(msgspec.Struct, frozen=True, array_like=True):
    """Sums over messages, in the order the store keeps them."""

    sent: int
    delivered: int
    opened: int
    clicked: int
    replied: int
    bounced: int
    complained: int
    unsubscribed: int
    machine: int
    cost_micros: int


MESSAGE_COLUMNS = (
    *MessageSums.__struct_fields__[:-1],
    "cost",
    "open_rate",
    "click_rate",
    "bounce_rate",
    "unsubscribe_rate",
    "complaint_rate",
    "warning",
)


def message_table(by: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """The report of messages: sums, rates per message sent, and an early warning.

    Openings and clicks are people's; what machines did is the column `machine`, and in no rate.
    """
    width = len(by)
    told = []
    for row in rows:
        sums = MessageSums(*row[width:])
        rates = [
            _share_of(count, sums.sent)
            for count in (
                sums.opened,
                sums.clicked,
                sums.bounced,
                sums.unsubscribed,
                sums.complained,
            )
        ]
        counts = [getattr(sums, name) for name in MessageSums.__struct_fields__[:-1]]
        told.append((*row[:width], *counts, sums.cost_micros / 1_000_000, *rates, warning(sums)))
    return Table((*by, *MESSAGE_COLUMNS), tuple(told))


def warning(sums: MessageSums) -> str:
    """`stop`, `warn` or nothing: complaints, unsubscribes and bounces against their thresholds."""
    if sums.sent < JUDGED_FROM:
        return ""
    judged = (
        (sums.complained / sums.sent, COMPLAINT_RATE_WARN, COMPLAINT_RATE_STOP),
        (sums.unsubscribed / sums.sent, UNSUBSCRIBE_RATE_WARN, UNSUBSCRIBE_RATE_STOP),
        (sums.bounced / sums.sent, BOUNCE_RATE_WARN, BOUNCE_RATE_STOP),
    )
    if any(rate >= stop for rate, _, stop in judged):
        return "stop"
    return "warn" if any(rate >= warn for rate, warn, _ in judged) else ""


CONVERSION_COLUMNS = ("conversions", "value", "people")
RETURN_COLUMNS = ("sent", "cost", *CONVERSION_COLUMNS, "conversion_rate", "roi")


def conversion_table(by: Sequence[str], rows: Iterable[Row]) -> Table:
    """Conversions and their value as a model shares them out. Whatever the model, and however they
    are broken down, they add up to the events that followed a message.
    """
    return Table((*by, *CONVERSION_COLUMNS), tuple(_rounded(row) for row in rows))


def return_table(
    by: Sequence[str], messages: Iterable[Sequence[Any]], conversions: Iterable[Row]
) -> Table:
    """What messages cost against what they brought: roi = (value - cost) / cost."""
    width = len(by)
    brought = {row[:width]: _rounded(row)[width:] for row in conversions}
    told: list[Row] = []
    for row in messages:
        sums = MessageSums(*row[width:])
        cost = sums.cost_micros / 1_000_000
        count, value, people = brought.get(tuple(row[:width]), (0, 0.0, 0))
        rate = _share_of(count, sums.sent)
        roi = round((float(value or 0) - cost) / cost, 6) if cost else None
        told.append((*row[:width], sums.sent, cost, count, value, people, rate, roi))
    return Table((*by, *RETURN_COLUMNS), tuple(told))


def _rounded(row: Row) -> Row:
    """Shares of thirds and tenths add up with some dust; a millionth is enough."""
    return tuple(round(value, 6) if isinstance(value, float) else value for value in row)


def _share_of(part: str | float | None, whole: int) -> float | None:
    return round(float(part or 0) / whole, 6) if whole else None


PRESSURE_COLUMNS = (
    "messages",
    "people",
    "share",
    "responders",
    "response_rate",
    "leavers",
    "leave_rate",
    "leave_rate_low",
    "leave_rate_high",
)


def pressure_table(rows: Sequence[Sequence[int]]) -> Table:
    """People by how many messages they got in a period, and what those did.

    A leaver unsubscribed or complained. Rates have Wilson's interval at 95 %.
    """
    everyone = sum(row[1] for row in rows)
    told = []
    for messages, people, responders, leavers in rows:
        low, high = wilson(leavers, people)
        told.append(
            (
                messages,
                people,
                _share_of(people, everyone),
                responders,
                _share_of(responders, people),
                leavers,
                _share_of(leavers, people),
                low,
                high,
            )
        )
    return Table(PRESSURE_COLUMNS, tuple(told))


class ProposedCap(msgspec.Struct, frozen=True):
    """Most messages a person should get in a period, and how sure that is.

    `low` is what the data prove harmless, `high` what they do not prove harmful; None where they
    say nothing against any number.
    """

    low: int
    estimate: int | None
    high: int | None


def proposed_cap(rows: Sequence[Sequence[int]], threshold: float) -> ProposedCap:
    """The largest number up to which at most `threshold` of the people leave.

    People with at least n messages are one group for each n, so that thin ends do not decide.
    """
    groups = _at_least(rows)
    low, estimate, high = 0, None, None
    proven = True
    for messages, people, leavers in groups:
        under, over = wilson(leavers, people)
        if proven and over <= threshold:
            low = messages
        else:
            proven = False
        if estimate is None and leavers / people > threshold:
            estimate = messages - 1
        if high is None and under > threshold:
            high = messages - 1
    return ProposedCap(low, estimate, high)


def _at_least(rows: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    groups: list[tuple[int, int, int]] = []
    people = leavers = 0
    for messages, count, _, left in sorted(rows, key=tuple, reverse=True):
        people, leavers = people + count, leavers + left
        if people > 0:
            groups.append((messages, people, leavers))
    return groups[::-1]


def wilson(hits: int, total: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """The interval of a share (Wilson 1927); (0, 1) where nobody was asked."""
    if total <= 0:
        return 0.0, 1.0
    z = quantile(1 - alpha / 2)
    share = hits / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


COHORT_WEEKS = 12
COHORT_COLUMNS = ("week", "people", *(f"week_{number}" for number in range(1, COHORT_WEEKS + 1)))


def cohort_table(rows: Iterable[tuple[date, int, int]]) -> Table:
    """Retention by weekly cohort: of the people who first reached a goal in a week, how many
    reached it again so many weeks later.

    Takes (first week, weeks later, people); weeks begin on Monday, UTC.
    """
    cohorts: dict[date, list[int]] = {}
    for week, later, people in rows:
        if later <= COHORT_WEEKS:
            cohorts.setdefault(week, [0] * (COHORT_WEEKS + 1))[later] = people
    return Table(
        COHORT_COLUMNS,
        tuple((week.isoformat(), *counts) for week, counts in sorted(cohorts.items())),
    )
