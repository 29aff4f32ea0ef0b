"""One supervisor per data directory: a lock the kernel gives back when its holder dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from kit.embedded.errors import AlreadyRunning


class DataLock:
    """Holds DATA/lock while open; children do not inherit it, so it never outlives the holder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._handle: int | None = None

    def take(self) -> None:
        """Raises AlreadyRunning if another process holds it."""
        handle = os.open(self._data / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(handle, 32).decode(errors="replace").strip()
            os.close(handle)
            holder = f"pid {text}" if text.isdigit() else "another process"
            raise AlreadyRunning(
                f"Kairos already runs on {self._data} ({holder}). Stop it with `kairos down --data "
                f"{self._data}`, or run another beside it with `kairos up --data DIR --port N`."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Gives the lock back; safe to call twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.release()
