"""What services tell of their dead letters ⇄ what the gateway works with."""

import json
from datetime import datetime
from uuid import UUID

from contracts.gen.kairos.bus.v1 import fact_pb2
from gateway.shapes.deadletters import DeadLetter, Service
from kit.bus import deadletters_desk
from kit.clock import from_us, to_us
from kit.errors import Invalid

_KINDS = {number: field.name for number, field in fact_pb2.Fact.DESCRIPTOR.fields_by_number.items()}


def page_request(cursor: str, limit: int) -> bytes:
    """Asks for those older than the cursor; raises Invalid for one that is none of ours."""
    return deadletters_desk.asked_page(_before(cursor) if cursor else None, limit)


def letters(service: Service, reply: bytes) -> list[DeadLetter]:
    return [
        DeadLetter(
            id=told["id"],
            service=service,
            stream=told["stream"],
            lane=told["lane"],
            kind=_KINDS.get(told["kind"]),
            profile=told["person"],
            error_type=told["error_type"],
            error=told["error"],
            attempts=told["attempts"],
            first_seen_at=from_us(told["first_us"]),
            last_seen_at=from_us(told["last_us"]),
            trace_id=told["trace_id"] or None,
        )
        for told in json.loads(reply)
    ]


def cursor_after(letter: DeadLetter) -> str:
    return f"{to_us(letter.first_seen_at)}.{letter.id}"


def _before(cursor: str) -> tuple[datetime, UUID]:
    at_us, _, letter = cursor.partition(".")
    try:
        return from_us(int(at_us)), UUID(letter)
    except (ValueError, OverflowError):
        raise Invalid("Take the cursor from next_cursor, unchanged") from None
