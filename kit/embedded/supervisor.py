"""A whole system on one machine: Postgres, NATS and the processes of a plan, kept running.

    system = System(data, plan)
    async with system:                              # everything serves
        system.kill("decision", signal.SIGKILL)     # and comes back
        await system.wait_ready("decision")

Promises: one supervisor per data directory; what a killed one left behind is ended first, and only
that; a process that ends is started again with back-off; `stop` ends the last tier first, then
NATS, then Postgres; no process survives the supervisor, not even its death by kill -9.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any, Self

from kit.clock import SystemClock
from kit.embedded import processes
from kit.embedded.child import Child, Program
from kit.embedded.errors import EmbeddedError, StartFailed
from kit.embedded.home import Home
from kit.embedded.lock import DataLock
from kit.embedded.nats import EmbeddedNats
from kit.embedded.postgres import EmbeddedPostgres

log = logging.getLogger("kairos.supervisor")

SELF = "supervisor"
"""The name of the supervisor's own pid file."""
BACK_OFF_FIRST_S, BACK_OFF_LONGEST_S = 0.1, 10.0
"""Short enough that a kill is hardly noticed, long enough that a broken process eats no core."""
STABLE_AFTER_S = 30.0
"""A process that lived this long begins again with the first back-off."""
FAILED_STARTS_MAX = 3
"""So often may a process end before it first serves; then the start of the system has failed."""
LEFTOVER_GRACE_S = 5.0


@dataclass(frozen=True)
class Backing:
    """Where a started system keeps its state: addresses with user and password."""

    data: Path
    postgres_dsn: str
    nats_url: str


Plan = Callable[[Backing], Awaitable[Sequence[Sequence[Program]]]]
"""Makes the database ready and tells which processes to run, in tiers; the last stops first."""


@dataclass(frozen=True)
class External:
    """Servers that somebody else runs; None has one embedded."""

    postgres_dsn: str | None = None
    nats_url: str | None = None


class System:
    """See the module. Start it from a thread that lives as long as the system does.

    `preflight` runs once the data directory is ours and nothing is left of a killed system; it may
    refuse the start.
    """

    def __init__(
        self,
        data: Path,
        plan: Plan,
        *,
        preflight: Callable[[], Awaitable[None]] | None = None,
        external: External | None = None,
        postgres_port: int | None = None,
        nats_port: int | None = None,
    ) -> None:
        self.home = Home(data)
        self.postgres = EmbeddedPostgres(self.home.data, postgres_port)
        self.nats = EmbeddedNats(self.home.data, nats_port)
        self._external = external or External()
        self._preflight = preflight
        self._plan = plan
        self._lock = DataLock(self.home.data)
        self._tiers: list[list[Child]] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._clock = SystemClock()

    @property
    def backing(self) -> Backing:
        """The addresses of the state, known once its servers have started."""
        return Backing(
            data=self.home.data,
            postgres_dsn=self._external.postgres_dsn or self.postgres.dsn,
            nats_url=self._external.nats_url or self.nats.url,
        )

    @property
    def children(self) -> list[Child]:
        """Every process that was started, the servers first."""
        servers = [child for child in (self.postgres.child, self.nats.child) if child]
        return [*servers, *(child for tier in self._tiers for child in tier)]

    def child(self, name: str) -> Child:
        """The process of this name; KeyError if there is none."""
        return {child.program.name: child for child in self.children}[name]

    def kill(self, name: str, number: Signals) -> None:
        """Sends one process a signal; if it ends, it is started again."""
        self.child(name).kill(number)

    async def wait_ready(self, name: str) -> None:
        """Returns when the process serves (again); raises TimeoutError after its time."""
        child = self.child(name)
        async with asyncio.timeout(child.program.ready_within_s):
            while True:
                try:
                    return await child.wait_ready()
                except StartFailed:  # between two lives
                    await asyncio.sleep(BACK_OFF_FIRST_S)

    async def start(self) -> None:
        """Returns when everything serves; on any failure nothing is left running."""
        self.home.make()
        self._lock.take()
        try:
            await self._end_leftovers()
            processes.record(self.home.run, SELF, os.getpid())
            if self._preflight:
                await self._preflight()
            await _together(self._start_servers())
            for tier in await self._plan(self.backing):
                self._tiers.append([self._child(program) for program in tier])
            await _together(self._start(child) for tier in self._tiers for child in tier)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends everything in order and gives the data directory back; safe to call twice."""
        self._stopping.set()
        kept = await asyncio.gather(*self._keepers, return_exceptions=True)
        for tier in reversed(self._tiers):
            await asyncio.gather(*(child.stop() for child in tier))
        await self.nats.stop()
        await self.postgres.stop()
        processes.forget(self.home.run, SELF)
        self._lock.release()
        for failure in filter(None, kept):
            raise failure

    def hurry(self) -> None:
        """Makes a running `stop` immediate: nothing is drained any more."""
        for child in self.children:
            child.impatient()

    def _child(self, program: Program) -> Child:
        return Child(program, self.home.logs, self.home.run)

    async def _end_leftovers(self) -> None:
        """Ends what a killed supervisor did not take along; the servers clear their own."""
        for name in processes.names(self.home.run):
            pid = processes.recorded(self.home.run, name)
            if pid is not None and name != SELF:
                log.warning("ending %s (pid %d), left behind by a killed supervisor", name, pid)
                server = name in ("postgres", "nats")
                number = signal.SIGQUIT if server else signal.SIGKILL
                await processes.end([pid], number, LEFTOVER_GRACE_S)
            processes.forget(self.home.run, name)

    def _start_servers(self) -> Iterable[Awaitable[None]]:
        if self._external.postgres_dsn is None:
            yield self._start_server(self.postgres)
        if self._external.nats_url is None:
            yield self._start_server(self.nats)

    async def _start_server(self, server: EmbeddedPostgres | EmbeddedNats) -> None:
        await server.start()
        if server.child:
            self._keepers.append(asyncio.create_task(self._keep(server.child)))

    async def _start(self, child: Child) -> None:
        for attempt in range(1, FAILED_STARTS_MAX + 1):
            await child.spawn()
            try:
                await child.wait_ready()
                break
            except StartFailed:
                if child.pid is not None or attempt == FAILED_STARTS_MAX:
                    raise
                await asyncio.sleep(BACK_OFF_FIRST_S)
        self._keepers.append(asyncio.create_task(self._keep(child)))

    async def _keep(self, child: Child) -> None:
        """Starts the process again each time it ends, until the system stops."""
        name, delay_s = child.program.name, BACK_OFF_FIRST_S
        began = self._clock.monotonic()
        while await self._unless_stopping(child.exited()):
            lived_s = self._clock.monotonic() - began
            delay_s = BACK_OFF_FIRST_S if lived_s > STABLE_AFTER_S else delay_s
            log.warning("%s %s; starting it again (log: %s)", name, child.how_it_ended(), child.log)
            if not await self._unless_stopping(asyncio.sleep(delay_s)):
                return
            delay_s = min(2 * delay_s, BACK_OFF_LONGEST_S)
            began = self._clock.monotonic()
            try:
                await child.spawn()
                if await self._unless_stopping(child.wait_ready()):
                    log.info("%s serves again", name)
            except (EmbeddedError, OSError) as error:
                log.error("%s", error)

    async def _unless_stopping(self, awaited: Awaitable[Any]) -> bool:
        """Waits for it and returns True, or returns False as soon as the system stops."""
        work = asyncio.ensure_future(awaited)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                return False
            await work
            return True
        finally:
            for task in (work, stopping):
                task.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.stop()


async def _together(coroutines: Iterable[Awaitable[None]]) -> None:
    """Runs all at once; the first failure cancels the others and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
