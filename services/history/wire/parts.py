"""What reading any message has in common."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from google.protobuf.message import DecodeError, Message

from kit.errors import Malformed

encode = msgspec.json.Encoder().encode


class Names(dict[int, str]):
    """Numbers of a protobuf enum → its names as the domain writes them. Enums grow: a number that a
    newer sender knows is told as a number.
    """

    def __missing__(self, number: int) -> str:
        return f"no. {number}"


def names(enum: Any, prefix: str) -> Names:
    return Names((number, name.removeprefix(prefix).lower()) for name, number in enum.items())


def optional_id(value: bytes) -> UUID | None:
    return UUID(bytes=value) if value else None


def raw(document: bytes) -> msgspec.Raw | None:
    return msgspec.Raw(document) if document else None


def given(**members: Any) -> dict[str, Any]:
    """The members that say something."""
    return {name: value for name, value in members.items() if value not in (None, "", [], 0)}


Body = TypeVar("Body", bound=Message)


def parse(message: Body, body: bytes) -> Body:
    """Fills the message; raises Malformed where the bytes are none."""
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Malformed(f"Not a {type(message).__name__}") from error
    return message
