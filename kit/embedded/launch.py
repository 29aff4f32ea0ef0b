"""Become another program: the one step between the supervisor and every process it starts.

Runs as a script of its own (`python -I -S launch.py '<json of Launch>'`), so that nothing but the
standard library is loaded and no code runs between fork and exec inside the supervisor. It

1. as root with another user asked for, drops to that user, in one of four `Way`s;
2. enters the working directory as that user;
3. asks the kernel to signal this process when its parent dies (Linux clears that on a change of
   user, so it comes last), and leaves at once if the parent is gone already;
4. executes the program; pid and standard streams stay the same.

The ways exist because an unprivileged user may be unable to reach a path below someone's private
(0700) directory; `docs/adr/0004-embedded-postgres-as-root.md` tells why there are four.
"""

import ctypes
import enum
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

EXIT_CANNOT_LAUNCH = 125
"""Exit status where the program was never reached; the reason is on standard error."""

_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 4
_CLONE_NEWNS = 0x20000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_CAPABILITY_VERSION_3 = 0x20080522
_STAGE = "/tmp"  # noqa: S108 - covered by a private tmpfs, seen by this process tree alone


class Way(enum.StrEnum):
    """How an unprivileged process reaches its files."""

    PLAIN = "plain"
    """Every directory above them can be entered by anyone."""
    NAMESPACE = "namespace"
    """They are bound into a mount namespace of its own, below directories it may enter."""
    READ_SEARCH = "capability to read and enter"
    """It keeps CAP_DAC_READ_SEARCH."""
    OVERRIDE = "capability to override permissions"
    """It keeps CAP_DAC_OVERRIDE, which containers have where they lack the others, and which alone
    can execute what was installed under a private umask."""


KEPT = {Way.READ_SEARCH: 2, Way.OVERRIDE: 1}
"""The number of the one capability that survives."""


class Launch(NamedTuple):
    """What to become. `uid` None keeps the user; `binds` are (source, name) for Way.NAMESPACE."""

    argv: list[str]
    parent: int
    death_signal: int
    cwd: str
    uid: int | None = None
    gid: int | None = None
    way: str = Way.PLAIN
    binds: list[tuple[str, str]] = []  # noqa: RUF012 - never changed, and JSON has no tuples


def staged(name: str) -> str:
    """The path at which a bind called `name` is found inside the namespace."""
    return f"{_STAGE}/{name}"


def command(launch: Launch) -> list[str]:
    """The argument vector that runs this script for `launch`."""
    return [sys.executable, "-I", "-S", __file__, json.dumps(launch)]


def main(argument: str) -> None:
    """Does not return: becomes the program, or exits with EXIT_CANNOT_LAUNCH and a reason."""
    launch = Launch(*json.loads(argument))
    try:
        if launch.uid is not None:
            _become(launch, launch.uid, launch.uid if launch.gid is None else launch.gid)
        os.chdir(launch.cwd)
        _call("prctl", _PR_SET_PDEATHSIG, launch.death_signal, 0, 0, 0)
        if os.getppid() != launch.parent:
            raise ProcessLookupError("the supervisor is gone")
        os.execv(launch.argv[0], launch.argv)  # noqa: S606 - no shell, on purpose
    except OSError as error:
        sys.stderr.write(f"cannot launch {launch.argv[0]} ({launch.way}): {error}\n")
        sys.exit(EXIT_CANNOT_LAUNCH)


def _become(launch: Launch, uid: int, gid: int) -> None:
    kept = KEPT.get(Way(launch.way))
    if launch.way == Way.NAMESPACE:
        _stage(launch.binds)
    if kept is not None:
        # Capabilities outlive the change of user and count for access(2), which Postgres asks.
        _call("prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if kept is not None:
        _set_capabilities(1 << kept)
        _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, kept, 0, 0)


def _stage(binds: list[tuple[str, str]]) -> None:
    """Binds the sources below a tmpfs that only this process and its children see.

    The sources are held open before the tmpfs covers the stage: they may lie below it.
    """
    _call("unshare", _CLONE_NEWNS)
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE, None)
    held = [(os.open(source, os.O_PATH | os.O_DIRECTORY), name) for source, name in binds]
    _mount("tmpfs", _STAGE, "tmpfs", 0, "mode=0755,size=64k")
    for handle, name in held:
        Path(staged(name)).mkdir(parents=True)
        _mount(f"/proc/self/fd/{handle}", staged(name), None, _MS_BIND, None)
        os.close(handle)


def _set_capabilities(mask: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _call("capset", header, effective_permitted_inheritable)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _call("mount", texts[0], texts[1], texts[2], flags, texts[3])


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    wide = [ctypes.c_long(given) if isinstance(given, int) else given for given in arguments]
    if getattr(libc, name)(*wide) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


if __name__ == "__main__":
    main(sys.argv[1])
