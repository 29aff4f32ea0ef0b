"""Putting one message into a stream: its headers, and the server's word that it is on the disk.

Only the request form of publishing is used. nats-py's `publish_async` never resolves when the
server answers with an error (its issue 985).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nats.js.errors import APIError, NoStreamResponseError

from kit.bus.connection import NATS_ERRORS, Connection
from kit.errors import Unavailable

PUBLISH_TIMEOUT_S = 2.0
TRACES = "Kairos-Traces"
"""Traceparents of the commits an envelope carries, comma-joined; the receiver's span continues or
links them.
"""
TRACES_MAX = 32
MESSAGE_ID = "Nats-Msg-Id"


class NoStream(Unavailable):
    """No stream takes this subject now."""


@dataclass(frozen=True)
class Ack:
    """The message is on the disk as `seq`; a duplicate was there before."""

    seq: int
    duplicate: bool


async def publish(
    bus: Connection, stream: str, subject: str, body: bytes, headers: Mapping[str, str]
) -> Ack:
    """Stores one message; raises Unavailable where that is not certain, NoStream where none is
    there.
    """
    try:
        ack = await bus.client.jetstream().publish(
            subject, body, timeout=PUBLISH_TIMEOUT_S, stream=stream, headers=dict(headers)
        )
    except NoStreamResponseError as error:
        raise NoStream(f"No stream takes {subject}") from error
    except APIError as error:
        raise Unavailable(f"{stream} refuses: {error.description} ({error.err_code})") from error
    except NATS_ERRORS as error:
        raise Unavailable(f"{stream} did not answer ({type(error).__name__})") from error
    return Ack(ack.seq, bool(ack.duplicate))


def event_headers(message_id: str, kind: str, source: str, at: datetime) -> dict[str, str]:
    """CloudEvents 1.0 in binary mode (NATS protocol binding), and the id the server dedupes by."""
    return {
        MESSAGE_ID: message_id,
        "ce-specversion": "1.0",
        "ce-id": message_id,
        "ce-type": kind,
        "ce-source": source,
        "ce-time": at.isoformat(timespec="microseconds"),
        "content-type": "application/protobuf",
    }


def trace_headers(traces: Sequence[str]) -> dict[str, str]:
    """All distinct traces of an envelope; as `traceparent` too where there is just one."""
    distinct = list(dict.fromkeys(trace for trace in traces if trace))[:TRACES_MAX]
    if not distinct:
        return {}
    if len(distinct) == 1:
        return {"traceparent": distinct[0], TRACES: distinct[0]}
    return {TRACES: ",".join(distinct)}


def continuing(traces: Sequence[str]) -> tuple[str | None, list[str]]:
    """Parent and links of a span caused by these traces: one is a parent, several are links."""
    distinct = list(dict.fromkeys(trace for trace in traces if trace))
    return (distinct[0], []) if len(distinct) == 1 else (None, distinct[:TRACES_MAX])
