"""What several files of this room need to convert."""

import json
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


def as_json(value: Any) -> bytes:
    """A value as JSON."""
    return _encoder.encode(value)


def number(enum: Any, prefix: str, value: str) -> Any:
    """The number of an enum's member."""
    return enum.Value(f"{prefix}_{value.upper()}")


def as_object(data: bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    if not data:
        return {}
    value = json.loads(data)
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """A text; an empty one for anything else."""
    return value if isinstance(value, str) else ""
