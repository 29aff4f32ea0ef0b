"""Dead letters for whoever is on call: three questions, the same in every service that consumes.

Each is about one workspace, the caller's. JSON in and out.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.bus import deadletters
from kit.bus.deadletters import DeadLetter
from kit.bus.rpc import Endpoint, Request
from kit.bus.spec import EndpointSpec
from kit.bus.subscription import Subscription
from kit.clock import Clock, from_us, to_us
from kit.db.database import WORKSPACE, Database, Tx
from kit.errors import Malformed
from kit.telemetry import trace_id_of

LIMIT_MAX = 200
"""Of a page; a letter as told here has at most 1 KB."""


def list_spec(service: str) -> EndpointSpec:
    """The question for those that wait."""
    return EndpointSpec(service, "dead_letters", "read", timeout_s=2.0)


def replay_spec(service: str) -> EndpointSpec:
    """The question that hands one to its handler again."""
    return EndpointSpec(service, "replay_dead_letter", "plain", timeout_s=20.0)


def discard_spec(service: str) -> EndpointSpec:
    """The question that gives one up."""
    return EndpointSpec(service, "discard_dead_letter", "write", timeout_s=5.0)


def asked_page(before: tuple[datetime, UUID] | None, limit: int) -> bytes:
    """The body of the question for a page: older than this one, at most `limit`."""
    cursor = [to_us(before[0]), str(before[1])] if before else None
    return json.dumps({"before": cursor, "limit": limit}).encode()


def asked_one(letter: UUID) -> bytes:
    """The body of the questions about one."""
    return json.dumps({"id": str(letter)}).encode()


def endpoints(
    service: str, db: Database, clock: Clock, subscriptions: Sequence[Subscription]
) -> list[Endpoint]:
    """What a service that consumes answers."""
    handlers = {(each.stream.name, each.lane): each.handler for each in subscriptions}

    async def page(tx: Tx, request: Request) -> bytes:
        before, limit = _page(request)
        found = await deadletters.listing(tx, request.workspace, before=before, limit=limit)
        return json.dumps([_told(each) for each in found]).encode()

    async def replay(request: Request) -> bytes:
        if not WORKSPACE.fullmatch(request.workspace):
            raise Malformed("The question names no workspace")
        letter = _one(request)
        await db.retrying(
            lambda: deadletters.replay(db, request.workspace, letter, handlers, clock.now())
        )
        return b"{}"

    async def discard(tx: Tx, request: Request) -> bytes:
        await deadletters.discard(tx, request.workspace, _one(request), clock.now())
        return b"{}"

    return [
        Endpoint(list_spec(service), page, at_once_max=4),
        Endpoint(replay_spec(service), replay, at_once_max=4),
        Endpoint(discard_spec(service), discard, at_once_max=4),
    ]


def _page(request: Request) -> tuple[tuple[datetime, UUID] | None, int]:
    try:
        told = json.loads(request.body)
        limit, cursor = int(told["limit"]), told["before"]
        before = (from_us(int(cursor[0])), UUID(cursor[1])) if cursor else None
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise Malformed("The question for dead letters cannot be read") from error
    return before, max(1, min(limit, LIMIT_MAX))


def _one(request: Request) -> UUID:
    try:
        return UUID(json.loads(request.body)["id"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed("The question names no dead letter") from error


def _told(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "stream": letter.stream,
        "lane": letter.lane,
        "kind": letter.kind,
        "person": str(letter.person) if letter.person else None,
        "error_type": letter.error_type,
        "error": letter.error,
        "attempts": letter.attempts,
        "first_us": to_us(letter.recorded_at),
        "last_us": to_us(letter.last_at),
        "trace_id": trace_id_of(letter.traceparent),
    }
