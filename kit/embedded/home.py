"""The data directory of one system: its folders, remembered ports and the start of its parts."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from kit.embedded.child import Child, Program
from kit.embedded.errors import DataUnusable, StartFailed
from kit.embedded.ports import free_port, is_free

_ATTEMPTS = 3


class Home:
    """Paths below one data directory; nothing is written outside it."""

    def __init__(self, data: Path) -> None:
        self.data = data.absolute()
        self.logs = self.data / "logs"
        self.run = self.data / "run"

    def make(self) -> None:
        """Creates the folders everybody needs; raises DataUnusable where that is impossible."""
        if sys.platform != "linux":
            raise DataUnusable(
                "embedded Postgres and NATS are supervised with Linux means; elsewhere start the "
                "system with docker-compose"
            )
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            probe = self.run / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise DataUnusable(
                f"cannot write to {self.data}: {error.strerror}. Run as the user it belongs to, "
                "or keep the data elsewhere with --data DIR."
            ) from error

    def folder(self, name: str) -> Path:
        """A private folder of one part."""
        path = self.data / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def port(self, name: str) -> int:
        """The port this part had before if it is free, else another; kept for the next start."""
        ports = self._ports()
        port = ports.get(name, 0)
        if not port or not is_free(port):
            port = free_port()
            (self.run / "ports.json").write_text(json.dumps(ports | {name: port}))
        return port

    def _ports(self) -> dict[str, int]:
        try:
            ports: dict[str, int] = json.loads((self.run / "ports.json").read_text())
        except (OSError, ValueError):  # never written, or cut short by a crash
            return {}
        return ports

    async def start(self, program: Callable[[], Program]) -> Child:
        """Starts a part and waits until it serves; where its port was snatched, once more.

        `program` is asked again for each attempt and picks the port.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            child = Child(program(), self.logs, self.run)
            port = int(child.program.address.rpartition(":")[2])
            try:
                await child.spawn()
                await child.wait_ready()
            except StartFailed:
                await child.stop()
                if attempt == _ATTEMPTS or is_free(port):
                    raise
            except BaseException:
                await child.stop()
                raise
            else:
                return child
        raise AssertionError("unreachable: the last attempt returns or raises")
