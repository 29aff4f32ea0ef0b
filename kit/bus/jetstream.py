"""JetStream's API as plain requests: the parts we use, with the fields nats-py leaves out.

The time a stream was created is kept as the server's own text (nanoseconds): it names the stream's
incarnation.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kit.bus.connection import Connection
from kit.errors import Unavailable

API_TIMEOUT_S = 2.0

STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014


class ApiError(Unavailable):
    """JetStream answered with an error; `code` is its err_code. Retried: streams come back."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"JetStream: {text} ({code})")
        self.code = code


@dataclass(frozen=True)
class StreamState:
    """A stream as it is now; another `incarnation` is another stream under the same name."""

    incarnation: str
    first_seq: int
    last_seq: int
    messages: int
    config: Mapping[str, Any]


def is_newer(incarnation: str, than: str) -> bool:
    """Whether a stream was made after another one of its name; anything is newer than ''."""
    return _created_ns(incarnation) > _created_ns(than)


def _created_ns(incarnation: str) -> int:
    """Nanoseconds since 1970 of the server's text, which leaves out trailing zeros."""
    if not incarnation:
        return -1
    whole, _, fraction = incarnation.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])


async def ask(bus: Connection, verb: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One request to `$JS.API.<verb>`; raises ApiError for an error, Unavailable for silence."""
    payload = json.dumps(body).encode() if body is not None else b""
    reply = await bus.request(f"$JS.API.{verb}", payload, timeout_s=API_TIMEOUT_S)
    answer: dict[str, Any] = json.loads(reply.data)
    if error := answer.get("error"):
        raise ApiError(int(error.get("err_code", 0)), str(error.get("description", "")))
    return answer


async def stream_state(bus: Connection, name: str) -> StreamState | None:
    """The stream as it is now; None where there is none."""
    try:
        answer = await ask(bus, f"STREAM.INFO.{name}")
    except ApiError as error:
        if error.code == STREAM_NOT_FOUND:
            return None
        raise
    state = answer["state"]
    return StreamState(
        incarnation=answer["created"],
        first_seq=state["first_seq"],
        last_seq=state["last_seq"],
        messages=state["messages"],
        config=answer["config"],
    )
