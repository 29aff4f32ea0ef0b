"""Running Postgres as somebody else when we are root: as whom, and how it reaches its files.

Postgres refuses to run as root. No user is created and no permission outside the cluster's own
directory is changed; `docs/adr/0004-embedded-postgres-as-root.md` tells what is done instead.
"""

import asyncio
import os
import pwd
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.embedded import launch
from kit.embedded.errors import PostgresUnusable

_NOBODY = ("nobody", "daemon")
"""Accounts of every Linux that own nothing; initdb wants its user to have a name."""
_ONCE_TIMEOUT_S = 120.0
"""For initdb on a slow disk; whether a way works shows in 0.05 s."""


@dataclass(frozen=True)
class RunAs:
    """Another user, and the way it reaches its files; only root can ask for one."""

    uid: int
    gid: int
    way: launch.Way = launch.Way.PLAIN
    binds: tuple[tuple[str, str], ...] = ()


def launching(
    argv: Sequence[str], cwd: Path, run_as: RunAs | None, death_signal: signal.Signals
) -> list[str]:
    """The command that becomes `argv` as that user. Paths are the ones that user sees."""
    return launch.command(
        launch.Launch(
            argv=list(argv),
            parent=os.getpid(),
            death_signal=int(death_signal),
            cwd=str(cwd),
            uid=run_as.uid if run_as else None,
            gid=run_as.gid if run_as else None,
            way=run_as.way if run_as else launch.Way.PLAIN,
            binds=list(run_as.binds) if run_as else [],
        )
    )


async def run_once(
    argv: Sequence[str],
    cwd: Path,
    run_as: RunAs | None,
    *,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> str | None:
    """Runs a program to its end; None if it succeeded, else all that it said."""
    process = await asyncio.create_subprocess_exec(
        *launching(argv, cwd, run_as, signal.SIGKILL),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(env or {}),
        pass_fds=tuple(pass_fds),
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), timeout=_ONCE_TIMEOUT_S)
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    return None if process.returncode == 0 else said.decode(errors="replace").strip()


async def choose(
    folder: Path,
    needs: Sequence[Path],
    probe: Sequence[str],
    ways: Sequence[launch.Way] = tuple(launch.Way),
) -> RunAs | None:
    """As whom to run Postgres on `folder`; None is the present user.

    As root: the owner of the folder, or nobody, who then gets the folder and nothing else. Each
    way is tried for real, with `probe` run from inside the folder, the least privileged one first.
    `needs` are the folders of the installation. Raises PostgresUnusable if none works.
    """
    if os.geteuid() != 0:
        return None
    reasons = []
    try:
        uid, gid = _owner(folder)
    except OSError as error:
        failed = f"cannot give {folder} to an unprivileged user: {error}"
        raise PostgresUnusable(_advice([failed])) from error
    for way in ways:
        binds = ((str(folder), "data"), *((str(path), f"wheel/{path.name}") for path in needs))
        run_as = RunAs(uid, gid, way, binds if way is launch.Way.NAMESPACE else ())
        program = [str(seen_at(run_as, Path(probe[0]))), *probe[1:]]
        reason = await run_once(program, seen_at(run_as, folder), run_as)
        if reason is None:
            return run_as
        reasons.append(reason)
    raise PostgresUnusable(_advice(reasons))


def seen_at(run_as: RunAs | None, path: Path) -> Path:
    """Where the process that runs so finds `path`."""
    for source, name in run_as.binds if run_as else ():
        if path.is_relative_to(source):
            return Path(launch.staged(name)) / path.relative_to(source)
    return path


def _owner(folder: Path) -> tuple[int, int]:
    """Who the folder belongs to; one that belongs to root is given to nobody, with all in it."""
    status = folder.stat()
    if status.st_uid != 0:
        return status.st_uid, status.st_gid
    account = _account()
    for place, _, files in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in files)):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return account.pw_uid, account.pw_gid


def _account() -> pwd.struct_passwd:
    for name in _NOBODY:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnusable(_advice([f"this system has none of the users {', '.join(_NOBODY)}"]))


def _advice(reasons: Sequence[str]) -> str:
    return "\n  ".join(
        (
            "as root, the embedded Postgres must run as another user, and no way to do so works:",
            *reasons,
            "Run as a normal user, keep checkout and data where others may enter (no private home",
            "directory), or set KAIROS_POSTGRES_DSN to a PostgreSQL 18 of your own.",
        )
    )
