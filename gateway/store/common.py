"""What the gateway's queries share."""

from typing import Any

Row = Any
"""A row as asyncpg gives it: members by name."""
