"""How absent and nested values are read from protobuf."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.shapes.common import Sentence
from kit.clock import from_us


def json_of(data: bytes) -> Any:
    return msgspec.json.decode(data) if data else None


def without_absent(told: Any) -> Any:
    """Leaves out members that are null or empty text."""
    if isinstance(told, dict):
        parts = {name: without_absent(part) for name, part in told.items()}
        return {name: part for name, part in parts.items() if part is not None and part != ""}
    return [without_absent(part) for part in told] if isinstance(told, list) else told


def id_of(data: bytes) -> UUID | None:
    return UUID(bytes=data) if data else None


def at_of(microseconds: int) -> datetime | None:
    return from_us(microseconds) if microseconds else None


def name_of(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def sentence_of(en: str, de: str) -> Sentence:
    return Sentence(en=en or None, de=de or None)
