"""What an unsubscribe link says: a small array, readable by whoever holds the signature's secret.

The token is `kit.tokens.sign("unsubscribe", payload, secret)`; the payload is a MessagePack array
of five: workspace (text), person (16 bytes), message id (16 bytes), channel (text), topic (text).
It only grows at its end. No address and no name are in it.
"""

from uuid import UUID

import msgspec

PURPOSE = "unsubscribe"


class UnsubscribeLink(msgspec.Struct, frozen=True, array_like=True):
    """Who ends what, and through which message."""

    workspace: str
    person: UUID
    message_id: UUID
    channel: str
    topic: str


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(UnsubscribeLink)


def encode(link: UnsubscribeLink) -> bytes:
    """The payload to be signed."""
    return _encoder.encode(link)


def decode(payload: bytes) -> UnsubscribeLink:
    """The link a verified payload says; ValueError where it is not one."""
    return _decoder.decode(payload)
