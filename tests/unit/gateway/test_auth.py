"""Keys: where they stand in a request, what they may do, how long an answer is remembered."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import pytest

from gateway.auth import Key, Keys, key_hash, secret_key, tracking_key
from kit.clock import SystemClock
from kit.db.database import Database
from kit.errors import Forbidden, Malformed, Unauthenticated

ID = UUID(int=7)
ADMIN = {"workspace": "fitshop", "id": ID, "kind": "secret", "scopes": ["admin"]}
READER = ADMIN | {"scopes": ["read"]}
WRITE = ADMIN | {"kind": "write-server", "scopes": []}


class Clock(SystemClock):
    """Moves when told."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


class Rows:
    """A database that knows keys by hash and counts the look-ups."""

    def __init__(self, **keys: Mapping[str, Any]) -> None:
        self.rows = {key_hash(text): row for text, row in keys.items()}
        self.asked = 0

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator["Rows"]:
        yield self

    async def fetchrow(self, sql: str, key_sha256: bytes) -> Mapping[str, Any] | None:
        self.asked += 1
        return self.rows.get(key_sha256)


def keys(rows: Rows, clock: Clock | None = None) -> Keys:
    return Keys(cast("Database", rows), clock or Clock(), cache_s=5.0)


def basic(user: str) -> str:
    return f"Basic {b64encode(f'{user}:'.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "body"),
    [
        pytest.param(basic("w1"), b"[1", id="basic, whose body nobody reads here"),
        pytest.param("bearer s1", b"", id="bearer, in any case"),
        pytest.param(None, b'{"batch":[{"a":1}],"writeKey":"w1"}', id="in the body"),
    ],
)
async def test_tracking_key_is_found_wherever_segment_puts_it(
    authorization: str | None, body: bytes
) -> None:
    found = await tracking_key(keys(Rows(w1=WRITE, s1=ADMIN)), authorization, body)

    assert found.workspace == "fitshop"


@pytest.mark.parametrize(
    ("authorization", "body", "error"),
    [
        (None, b"{", Malformed),
        (None, b"[]", Malformed),
        (None, b"\xff", Malformed),
        (None, b"{}", Unauthenticated),
        (None, b'{"writeKey":5}', Unauthenticated),
        (None, b'{"writeKey":"nobody"}', Unauthenticated),
        (basic("nobody"), b"{}", Unauthenticated),
        (basic(""), b"{}", Unauthenticated),
        ("Basic !!!", b"{}", Unauthenticated),
        ("Digest x", b"{}", Unauthenticated),
        ("Bearer", b"{}", Unauthenticated),
        ("Bearer r1", b"{}", Forbidden),
    ],
)
async def test_bad_tracking_credentials_are_refused(
    authorization: str | None, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await tracking_key(keys(Rows(w1=WRITE, r1=READER)), authorization, body)


@pytest.mark.parametrize(
    ("authorization", "scope", "error"),
    [
        (None, "read", Unauthenticated),
        (basic("s1"), "read", Unauthenticated),
        ("Bearer nobody", "read", Unauthenticated),
        ("Bearer w1", "read", Forbidden),
        ("Bearer r1", "admin", Forbidden),
    ],
)
async def test_secret_routes_take_only_secret_keys_within_their_scope(
    authorization: str | None, scope: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await secret_key(keys(Rows(w1=WRITE, r1=READER, s1=ADMIN)), authorization, scope)


async def test_admin_scope_includes_reading() -> None:
    found = await secret_key(keys(Rows(s1=ADMIN)), "Bearer s1", "read")

    assert found == Key("fitshop", ID, "secret", frozenset({"admin"}))


async def test_key_is_looked_up_again_after_five_seconds() -> None:
    """So a revoked key is refused within that time."""
    rows, clock = Rows(s1=ADMIN), Clock()
    known = keys(rows, clock)
    await known.find("s1")
    rows.rows.clear()
    clock.at += 4.9
    await known.find("s1")
    assert rows.asked == 1

    clock.at += 0.1
    with pytest.raises(Unauthenticated):
        await known.find("s1")


async def test_waiting_requests_share_one_look_up() -> None:
    rows = Rows(s1=ADMIN)
    known = keys(rows)
    await asyncio.gather(*(known.find("s1") for _ in range(32)))

    assert rows.asked == 1


async def test_unknown_key_is_remembered_too() -> None:
    """Guessing costs the database one query per guess and five seconds, not one per request."""
    rows = Rows()
    known = keys(rows)
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await known.find("guess")

    assert rows.asked == 1
