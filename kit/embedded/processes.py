"""Which processes are ours: pid files that outlive a crash without ever naming a stranger.

A pid alone proves nothing after a crash, because the kernel hands it out again. Beside `<name>.pid`
(the bare number, for people and scripts) stands `<name>.started`: the boot and the tick at which
that process began. Only a process that still matches both is signalled.
"""

import asyncio
import os
import signal
from pathlib import Path

from kit.embedded.errors import StartFailed

KILL_PATIENCE_S = 10.0
"""How long the kernel may take to end a process that was killed: it may be busy with a disk."""
_POLL_S = 0.02


def started(pid: int) -> str | None:
    """What tells this process from a later one of the same pid; None if it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if state in "ZX" else f"{boot} {fields[18]}"


def name_of(pid: int) -> str:
    """The short name of a process, or an empty text where it is gone or hidden."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def record(run: Path, name: str, pid: int) -> None:
    """Keeps the pid under `name` until `forget`."""
    (run / f"{name}.started").write_text(started(pid) or "", encoding="utf-8")
    (run / f"{name}.pid").write_text(f"{pid}\n", encoding="utf-8")


def forget(run: Path, name: str) -> None:
    """Removes what `record` wrote."""
    for kind in ("pid", "started"):
        (run / f"{name}.{kind}").unlink(missing_ok=True)


def recorded(run: Path, name: str) -> int | None:
    """The pid kept under `name` if that very process still lives."""
    try:
        pid = int((run / f"{name}.pid").read_text(encoding="utf-8"))
        begun = (run / f"{name}.started").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return pid if begun and started(pid) == begun else None


def names(run: Path) -> list[str]:
    """Every name that has a pid file."""
    return sorted(path.stem for path in run.glob("*.pid"))


def working_in(directory: Path, name: str) -> list[int]:
    """Processes called `name` whose working directory is `directory`, by whatever path they see it.

    A server that died by kill -9 leaves children which no pid file names; where they work does.
    """
    try:
        wanted = directory.stat()
    except FileNotFoundError:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or name_of(int(entry.name)) != name:
            continue
        try:
            at = (entry / "cwd").stat()
        except OSError:  # gone meanwhile, or another user's: not one we started
            continue
        if os.path.samestat(at, wanted):
            found.append(int(entry.name))
    return found


async def end(pids: list[int], first: signal.Signals, grace_s: float) -> None:
    """Signals these processes and waits until they are gone; SIGKILL after `grace_s`."""
    begun = {pid: mark for pid in pids if (mark := started(pid)) is not None}
    for number, patience_s in ((first, grace_s), (signal.SIGKILL, KILL_PATIENCE_S)):
        for pid in _alive(begun):
            _signal(pid, number)
        try:
            async with asyncio.timeout(patience_s):
                while begun := _alive(begun):
                    await asyncio.sleep(_POLL_S)
                return
        except TimeoutError:
            continue
    raise StartFailed(f"processes {sorted(begun)} do not end, not even by SIGKILL")


def _alive(begun: dict[int, str]) -> dict[int, str]:
    return {pid: mark for pid, mark in begun.items() if started(pid) == mark}


def _signal(pid: int, number: signal.Signals) -> None:
    """Signals the group the process leads, or else the process alone."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
