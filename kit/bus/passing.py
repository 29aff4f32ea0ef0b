"""Which errors pass: the same work may succeed a little later, and nobody is to blame for it."""

import asyncpg

from kit.db.database import RETRYABLE
from kit.errors import Overloaded, Unavailable

_BROKEN_OFF = asyncpg.InternalClientError
"""How asyncpg puts it when a connection is lost in the middle of something."""

AWAY = (Unavailable, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, _BROKEN_OFF)
"""What the bus's own statements may meet: their text is fixed, so what fails is the server."""

_PASSING_CLASSES = ("08", "40", "53", "57", "58")
"""SQLSTATE classes: connection, rollback, resources (disk full), operator (shutdown), system."""
_PASSING_STATES = ("55006", "55P03")
"""In use, lock not available."""
_PASSING = (Unavailable, Overloaded, TimeoutError, _BROKEN_OFF, *RETRYABLE)


def passes(error: Exception) -> bool:
    """Whether an error raised while handling facts says "not now" rather than "never"."""
    if isinstance(error, _PASSING):
        return True
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
