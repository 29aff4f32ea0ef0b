"""Ports on loopback: choosing free ones, and saying who holds a taken one."""

import random
import socket
from pathlib import Path

from kit.embedded.errors import PortTaken
from kit.embedded.processes import name_of

LOOPBACK = "127.0.0.1"
_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range the kernel picks outgoing ports from (32768 and up by default): a server that
restarts finds its port free, and a client that retries a dead port cannot connect to itself."""


def free_port(count: int = 1) -> int:
    """The first of `count` consecutive ports nobody listens on; probable, not reserved."""
    for _ in range(1000):
        first = random.randrange(_LOWEST, _HIGHEST - count)  # noqa: S311 - no secret
        if all(is_free(first + step) for step in range(count)):
            return first
    raise PortTaken(f"no {count} free ports between {_LOWEST} and {_HIGHEST} on {LOOPBACK}")


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))  # fails where somebody listens, not where one did
        except OSError:
            return False
        return True


def require_free(port: int, what: str, change: str) -> None:
    """Raises PortTaken unless the port is free. `change` says how to choose another."""
    if is_free(port):
        return
    pid = holder(port)
    by = "another process" if pid is None else f"pid {pid} ({name_of(pid)})"
    raise PortTaken(f"port {port} ({what}) is taken by {by}; {change}")


def holder(port: int) -> int | None:
    """The process that listens on this port, where this user may know."""
    sockets = _listening(port)
    if not sockets:
        return None
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _holds(int(entry.name), sockets):
            return int(entry.name)
    return None


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _holds(pid: int, sockets: set[str]) -> bool:
    try:
        handles = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # another user's process
        return False
    for handle in handles:
        try:
            if str(handle.readlink()) in sockets:
                return True
        except OSError:  # closed meanwhile
            continue
    return False
