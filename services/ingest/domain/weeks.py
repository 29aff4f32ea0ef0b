"""How long message ids are remembered: the current week and the one before, so 7 to 14 days.

Weeks are counted from 1970-01-01T00:00Z. Ids of one week are one partition, so that forgetting is
dropping a table, and the index that new ids go into stays as small as a week.
"""

from datetime import UTC, datetime, timedelta

WEEK = timedelta(days=7)
TURN = timedelta(minutes=1)
"""Around the turn of a week two processes may count different weeks: their clocks differ by less
than this. Then claims go one at a time, and each sees all before it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def week_of(at: datetime) -> int:
    """The week an instant lies in."""
    return (at - _EPOCH) // WEEK


def is_turning(at: datetime) -> bool:
    """Whether another process may count another week now."""
    return week_of(at - TURN) != week_of(at + TURN)
