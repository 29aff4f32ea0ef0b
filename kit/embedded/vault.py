"""Random secrets of one data directory: made once, kept 0600 below DATA/secrets, read for ever."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def token() -> str:
    """A random text of 192 bits that needs no quoting in URLs, files or shells."""
    return secrets.token_urlsafe(24)


class Vault:
    """The secrets below `data`; safe to open any number of times."""

    def __init__(self, data: Path) -> None:
        self._home = data / "secrets"

    def kept(self, name: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
        """The values under `name`, made and kept by the first call; new keys are filled in."""
        path = self._home / f"{name}.json"
        values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        missing = {key: value for key, value in make().items() if key not in values}
        if missing:
            values |= missing
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, json.dumps(values, indent=2) + "\n")
        return values


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once and for good, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
