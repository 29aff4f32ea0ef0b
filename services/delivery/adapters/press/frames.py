"""What travels through the pipes between delivery and its press: length, then MessagePack.

Down: a `Batch`. Up: one `Answer` for each job, in order; or `Died`, said by the parent of the
process that was at work, after which nothing of the batch is answered any more.
"""

import struct
from typing import Any

import msgspec

from services.delivery.domain.mail import Content
from services.delivery.domain.template import Copy

HEAD = struct.Struct(">I")
FRAME_BYTES_MAX = 64 * 1024 * 1024


class Source(msgspec.Struct, frozen=True, array_like=True):
    """A template under the number that jobs name it by."""

    number: int
    document: bytes
    blocks: list[bytes]


class Job(msgspec.Struct, frozen=True, array_like=True):
    """One text to be written, or with `look` only to be parsed and described.

    Args:
        given: what the template sees besides the variables.
    """

    template: int
    locale: str
    variant: str
    variables: str
    given: dict[str, Any]
    look: bool = False


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Jobs, and the templates among theirs that are new since the last `forget` or death."""

    sources: list[Source]
    jobs: list[Job]
    forget: bool = False


class Look(msgspec.Struct, frozen=True, array_like=True, tag="look"):
    """What a wording was found to be: its parts as parsed, and the paths of variables it uses,
    such as `profile.first_name`.
    """

    copy: Copy
    variables: list[str]


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """A text that was written."""

    content: Content


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """A job that cannot be done, and why; nothing of the person is in it. `stopped` where time or
    memory ran out.
    """

    why: str
    stopped: bool = False


class Died(msgspec.Struct, frozen=True, array_like=True, tag="died"):
    """The process at work ended by this signal, or with this status where the signal is 0."""

    signal: int
    status: int


Answer = Done | Look | Refused | Died

batch_decoder = msgspec.msgpack.Decoder(Batch)
answer_decoder = msgspec.msgpack.Decoder(Answer)
_encoder = msgspec.msgpack.Encoder()


def frame(told: Batch | Answer) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(told)
    return HEAD.pack(len(body)) + body
