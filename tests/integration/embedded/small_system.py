"""A whole system in small: Postgres, NATS and two processes that only stay alive.

As a script, `python small_system.py DATA`, it is a supervisor of its own that a test can kill.
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kit.embedded import processes
from kit.embedded.child import Program
from kit.embedded.supervisor import Backing, System

STAY = """
import os, signal, sys, time
def leave(*_):
    with open(os.environ["ENDED"], "a") as log:
        log.write(os.environ["NAME"] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
open(os.environ["READY"], "w").close()
while True:
    time.sleep(60)
"""


def program(backing: Backing, name: str, code: str = STAY, *, grace_s: float = 5.0) -> Program:
    """A process that is ready once it has written a file, and says in `ended` that it drained."""
    ready = backing.data / f"{name}.ready"

    async def is_ready() -> bool:
        return ready.exists()

    async def before() -> None:
        ready.unlink(missing_ok=True)

    return Program(
        name=name,
        argv=(sys.executable, "-c", code),
        cwd=backing.data,
        env={
            "NAME": name,
            "READY": str(ready),
            "ENDED": str(backing.data / "ended"),
            "PATH": os.environ["PATH"],
        },
        ready=is_ready,
        before=before,
        stop_grace_s=grace_s,
        ready_within_s=10.0,
    )


async def two_tiers(backing: Backing) -> Sequence[Sequence[Program]]:
    """`inner` serves `outer`, so `outer` must stop first."""
    return [[program(backing, "inner")], [program(backing, "outer")]]


def living(data: Path) -> dict[int, str]:
    """Every process that works in `data` or names it in its command or environment."""
    folders = [path.stat() for path in (data, *data.glob("*/")) if path.is_dir()]
    return {
        int(entry.name): processes.name_of(int(entry.name))
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _belongs(entry, data, folders)
    }


@contextlib.contextmanager
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with any system."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def proc(pid: int | None, file: str) -> str:
    """What the kernel says about a process."""
    return Path(f"/proc/{pid}/{file}").read_text()


def _belongs(entry: Path, data: Path, folders: Sequence[os.stat_result]) -> bool:
    try:
        if processes.started(int(entry.name)) is None:
            return False
        told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        works_in = (entry / "cwd").stat()  # by inode: its path differs in another mount namespace
    except OSError:  # gone meanwhile, or another user's
        return False
    return str(data).encode() in told or any(os.path.samestat(works_in, at) for at in folders)


async def main(data: Path) -> None:
    """Runs until SIGTERM; prints `ready` when everything serves."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with System(data, two_tiers) as system:
        (data / "addresses").write_text(
            f"{system.backing.postgres_dsn}\n{system.backing.nats_url}\n"
        )
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(Path(sys.argv[1])))
