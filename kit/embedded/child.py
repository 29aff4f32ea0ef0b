"""One supervised process: started, known to be ready, ended, and never outliving its supervisor."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import Signals

from kit.embedded import processes
from kit.embedded.errors import StartFailed
from kit.embedded.unprivileged import RunAs, launching

logger = logging.getLogger("kairos.supervisor")

LOG_BYTES_MAX = 16 * 1024 * 1024
"""A log above this is set aside as `<name>.log.1` before the next start."""
_TAIL_BYTES = 4096
_READY_POLL_S = 0.03
_PROBE_TIMEOUT_S = 5.0


async def _at_once() -> None:
    return


@dataclass(frozen=True)
class Program:
    """How one process is run. `ready` answers whether it serves; raising counts as not yet."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], Awaitable[None]] = _at_once
    run_as: RunAs | None = None
    stop_signal: Signals = signal.SIGTERM
    stop_grace_s: float = 15.0
    hard_signal: Signals = signal.SIGKILL
    """What ends it for certain: sent when the grace is over or when the supervisor dies."""
    ready_within_s: float = 60.0
    address: str = ""


class Child:
    """A program and its present process, with its log in `logs` and its pid in `run`.

    Must be started from a thread that lives as long as the supervisor: the kernel tells the child
    of the death of the thread that made it.
    """

    def __init__(self, program: Program, logs: Path, run: Path) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self.starts = 0
        self._run = run
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The present process, None if it ended or never started."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def spawn(self) -> None:
        """Starts the process; does not wait until it is ready."""
        program = self.program
        await program.before()
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        starting = asyncio.ensure_future(self._create())
        try:
            self._process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._process = await starting  # it exists by then, and whoever cancelled will stop it
            raise
        self.starts += 1
        processes.record(self._run, program.name, self._process.pid)

    async def _create(self) -> asyncio.subprocess.Process:
        program = self.program
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return await asyncio.create_subprocess_exec(
                *launching(program.argv, program.cwd, program.run_as, program.hard_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(program.env),
                start_new_session=True,
            )
        finally:
            os.close(log)

    async def exited(self) -> int:
        """Waits for the end of the process; its exit status, or minus the signal."""
        return await self._process.wait() if self._process else 0

    async def wait_ready(self) -> None:
        """Returns once the program serves; raises StartFailed if it ends or takes too long."""
        name, within_s = self.program.name, self.program.ready_within_s
        last: Exception | None = None
        try:
            async with asyncio.timeout(within_s):
                while self.pid is not None:
                    try:
                        if await asyncio.wait_for(self.program.ready(), _PROBE_TIMEOUT_S):
                            return
                    except Exception as error:  # noqa: BLE001 - its own "not yet"
                        last = error
                    await asyncio.sleep(_READY_POLL_S)
        except TimeoutError:
            why = f": {last!r}" if last else ""
            raise StartFailed(
                f"{name} is not ready after {within_s:g} s{why}\n{self.tail()}"
            ) from last
        raise StartFailed(f"{name} {self.how_it_ended()}\n{self.tail()}")

    async def stop(self) -> None:
        """Asks the process to end, insists after its grace, and sweeps what it left behind."""
        if self._process is None:
            return
        patience_s = self.program.stop_grace_s
        for number in (self.program.stop_signal, self.program.hard_signal, signal.SIGKILL):
            self.kill(number)
            try:
                await asyncio.wait_for(self.exited(), patience_s)
                break
            except TimeoutError:
                logger.warning("%s does not end within %g s", self.program.name, patience_s)
                patience_s = processes.KILL_PATIENCE_S
        self._sweep_group(self._process.pid)
        processes.forget(self._run, self.program.name)

    def kill(self, number: Signals) -> None:
        """Sends a signal to the present process; nothing happens if it has ended."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def impatient(self) -> None:
        """From now on stopping is immediate."""
        hard = self.program.hard_signal
        self.program = replace(self.program, stop_signal=hard, stop_grace_s=5.0)
        self.kill(hard)

    def how_it_ended(self) -> str:
        """For people: with which status or signal the last process ended."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "has not ended"
        return f"was ended by {Signals(-code).name}" if code < 0 else f"ended with status {code}"

    def tail(self) -> str:
        """The end of the log, indented, with the file's name."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
                lines = log.read().decode(errors="replace").splitlines()[-12:]
        except OSError:
            lines = []
        return "\n".join([*(f"    {line}" for line in lines), f"  (log: {self.log})"])

    @staticmethod
    def _sweep_group(group: int) -> None:
        """Ends what the process started in its own group and did not take along."""
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
