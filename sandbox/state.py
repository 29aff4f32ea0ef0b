"""Small things that outlive the process: one JSON file each, replaced whole."""

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Kept:
    """A value in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, default: T) -> T:
        """The value as last written, of the type of `default`; `default` where there is none."""
        if not self._path.exists():
            return default
        return msgspec.json.decode(self._path.read_bytes(), type=type(default))

    def write(self, value: object) -> None:
        """Replaces the value; a reader sees the old one or the new one, never half."""
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(value))
        fresh.replace(self._path)
