"""What an answer looks like on the wire, for both sides.

An answer is one message, or several when it is large: each chunk says which one it is and how many
there are. An error carries the two headers of the NATS micro protocol (ADR-32) and an RFC 9457
document as its body.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from nats.aio.msg import Msg

from kit.bus.connection import Connection, NoResponders
from kit.errors import Broken, KairosError, Unavailable, from_problem

log = logging.getLogger("kairos.bus")

WORKSPACE = "Kairos-Workspace"
TIMEOUT_MS = "Kairos-Timeout-Ms"
TRACEPARENT = "traceparent"
ERROR = "Nats-Service-Error"
ERROR_CODE = "Nats-Service-Error-Code"
CHUNK = "Kairos-Chunk"
"""`<number from 0>/<how many>`."""

CHUNK_BYTES = 256 * 1024
WHOLE_BYTES_MAX = 512 * 1024
"""An answer up to this size is one message: half of the server's default payload limit."""


async def send_answer(bus: Connection, reply: str, body: bytes) -> None:
    """Sends an answer, in chunks where it is large."""
    if len(body) <= WHOLE_BYTES_MAX:
        await bus.publish(reply, body)
        return
    chunks = range(0, len(body), CHUNK_BYTES)
    for number, start in enumerate(chunks):
        await bus.publish(
            reply,
            body[start : start + CHUNK_BYTES],
            headers={CHUNK: f"{number}/{len(chunks)}"},
        )


async def send_error(bus: Connection, reply: str, error: Exception) -> None:
    """Sends an error; what is not ours becomes Broken and says nothing about the inside."""
    known = error if isinstance(error, KairosError) else Broken("The service failed; see its log")
    headers = {ERROR: known.title, ERROR_CODE: str(known.status)}
    await bus.publish(reply, json.dumps(known.problem()).encode(), headers=headers)


@dataclass
class Gathering:
    """Puts an answer together from its messages, in the order they arrive."""

    chunks: list[bytes] = field(default_factory=list)

    def add(self, message: Msg) -> bytes | None:
        """The whole answer once it is there, else None; raises the error the other side sent."""
        headers: Mapping[str, str] = message.headers or {}
        if headers.get("Status") == "503":
            raise NoResponders("No such service is running now")
        if ERROR_CODE in headers:
            raise from_problem(_problem(message.data))
        place = headers.get(CHUNK)
        if place is None:
            return message.data
        number, _, total = place.partition("/")
        if int(number) != len(self.chunks):
            raise Unavailable("A part of the answer was lost")
        self.chunks.append(message.data)
        return b"".join(self.chunks) if len(self.chunks) == int(total) else None


def _problem(body: bytes) -> dict[str, object]:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return {"type": "unavailable", "detail": "The other side failed without saying why"}
    return problem
