"""Which errors pass: the same work may succeed a little later, and nobody is to blame for it."""

import asyncpg

from kit.db.database import RETRYABLE
from kit.errors import Overloaded, Unavailable

AWAY = (Unavailable, TimeoutError, asyncpg.PostgresError)
"""What the bus's own statements may meet; their text is fixed, so whatever fails is the server's
state.
"""

_PASSING_CLASSES = ("08", "40", "53", "57", "58")
"""SQLSTATE classes: connection, rollback, resources (disk full), operator (shutdown, cancel),
system.
"""
_PASSING_STATES = ("55006", "55P03")
"""In use, lock not available."""


def passes(error: Exception) -> bool:
    """Whether an error raised while handling facts says "not now" rather than "never"."""
    if isinstance(error, (Unavailable, Overloaded, TimeoutError, *RETRYABLE)):
        return True
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
