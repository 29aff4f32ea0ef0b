"""Servers that somebody else runs: reachable, or a sentence that says which setting is wrong."""

from urllib.parse import urlsplit

import asyncpg
from nats.errors import Error as NatsError

from kit.embedded.errors import EmbeddedError
from kit.embedded.nats import assert_sync_always, connect_once

_CONNECT_TIMEOUT_S = 5


async def check_postgres(dsn: str) -> None:
    """Raises EmbeddedError unless a PostgreSQL answers there and lets us make roles."""
    try:
        connection = await asyncpg.connect(dsn, timeout=_CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        raise EmbeddedError(_refused("KAIROS_POSTGRES_DSN", dsn, error)) from error
    try:
        able = await connection.fetchval(
            "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    if not able:
        raise EmbeddedError("KAIROS_POSTGRES_DSN: this role cannot create roles; use an admin's")


async def check_nats(url: str) -> None:
    """Raises EmbeddedError unless a NATS server answers there and does not lose what it took."""
    try:
        client = await connect_once(url)
    except (OSError, TimeoutError, ValueError, NatsError) as error:
        raise EmbeddedError(_refused("KAIROS_NATS_URL", url, error)) from error
    try:
        await assert_sync_always(client)
    finally:
        await client.close()


def _refused(variable: str, url: str, error: Exception) -> str:
    try:
        parts = urlsplit(url)
        where = f"{parts.hostname or ''}:{parts.port or ''}"
    except ValueError:
        where = "an address that cannot be read"
    what = str(error) or type(error).__name__
    return f"{variable} ({where}) cannot be used: {what}. Unset it to use the embedded server."
