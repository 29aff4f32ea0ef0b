"""Who works on which partition: leases without clocks.

Every process of a role bumps its `beat` twice a second. One whose beat stands still for TTL_S by
the watcher's own monotonic clock counts as gone and its partitions are taken over, each with a
higher epoch. Nobody compares clocks, and nobody trusts a lease alone: what a holder writes is
fenced by the epoch (`kit.bus.floors`), so a process that was frozen and wakes up as a zombie cannot
commit.

Partitions are shared evenly: of P partitions and n live processes each keeps P // n, the first P %
n of them one more. Only what is over somebody's share moves.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from kit.bus.passing import AWAY
from kit.clock import Clock
from kit.db.database import Database, Tx

log = logging.getLogger("kairos.bus")

BEAT_S = 0.5
TTL_S = 2.5
"""A killed process is replaced within TTL_S + 2 beats = 3.5 s; a pause of the process below TTL_S
costs nothing.
"""

_JOIN = """
INSERT INTO partition_leases (role, partition, holder, epoch)
SELECT $1, partition, NULL, 0 FROM generate_series(0, $2::int - 1) AS partition
ON CONFLICT DO NOTHING
"""
_BEAT = """
INSERT INTO lease_members (role, member, beat)
SELECT $1, $2, 1 FROM set_config('synchronous_commit', 'off', true)
ON CONFLICT (role, member) DO UPDATE SET beat = lease_members.beat + 1
"""
"""Not waiting for the disk is safe: a floor raised under a lease is synced, and the lease before
it.
"""
_MEMBERS = "SELECT member, beat FROM lease_members WHERE role = $1"
_LEASES = "SELECT partition, holder, epoch FROM partition_leases WHERE role = $1 ORDER BY partition"
_CLAIM = """
UPDATE partition_leases AS leases SET holder = $2, epoch = leases.epoch + 1
FROM unnest($3::int[], $4::bigint[]) AS seen (partition, epoch)
WHERE leases.role = $1 AND leases.partition = seen.partition AND leases.epoch = seen.epoch
RETURNING leases.partition, leases.epoch
"""
_RELEASE = """
UPDATE partition_leases SET holder = NULL
WHERE role = $1 AND holder = $2 AND partition = ANY($3::int[])
"""
_BURY = "DELETE FROM lease_members WHERE role = $1 AND member = ANY($2::text[])"


@dataclass(frozen=True)
class Lease:
    """One row as last read."""

    partition: int
    holder: str | None
    epoch: int


class Leases:
    """This process's share of a role's partitions. `owned` maps partition -> epoch."""

    def __init__(self, db: Database, role: str, partitions: int, clock: Clock) -> None:
        self.member = uuid4().hex
        self.owned: Mapping[int, int] = {}
        self._db = db
        self._role = role
        self._partitions = partitions
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Calls `listener` whenever `owned` has changed."""
        self._listeners.append(listener)

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps and takes leases until `stop`, then gives all of them back at once."""
        joined = False
        while not stop.is_set():
            try:
                if not joined:
                    await self._join()
                    joined = True
                await self.tick()
            except AWAY as error:
                log.warning("leases of %s not renewed: %s", self._role, error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_S)
        await self.leave()

    async def tick(self) -> None:
        """One beat: show life, look who else lives, take or give back what the share asks for."""
        async with self._db.worker() as tx:
            await tx.execute(_BEAT, self._role, self.member)
            live = await self._live(tx)
            leases = [Lease(*row) for row in await tx.fetch(_LEASES, self._role)]
            owned = {each.partition: each.epoch for each in leases if each.holder == self.member}
            share = fair_share(self.member, live, self._partitions)
            if len(owned) > share:
                owned = await self._give_back(tx, owned, share)
            elif len(owned) < share:
                free = [each for each in leases if each.holder not in live]
                owned |= await self._take(tx, free[: share - len(owned)])
        self._now_owns(owned)

    async def leave(self) -> None:
        """Gives everything back, so that others need not wait for the beat to stand still."""
        owned, self.owned = self.owned, {}
        try:
            async with self._db.worker() as tx:
                await tx.execute(_RELEASE, self._role, self.member, list(owned))
                await tx.execute(_BURY, self._role, [self.member])
        except AWAY as error:
            log.warning("leases of %s not given back: %s", self._role, error)

    async def _join(self) -> None:
        async with self._db.worker() as tx:
            await tx.execute(_JOIN, self._role, self._partitions)

    async def _live(self, tx: Tx) -> list[str]:
        """Members whose beat moves, sorted; those that are gone are removed."""
        now = self._clock.monotonic()
        seen: dict[str, tuple[int, float]] = {}
        for member, beat in await tx.fetch(_MEMBERS, self._role):
            before = self._seen.get(member)
            seen[member] = before if before and before[0] == beat else (beat, now)
        gone = [member for member, (_, at) in seen.items() if now - at > TTL_S]
        if gone:
            log.info("taking over from %d processes of %s", len(gone), self._role)
            await tx.execute(_BURY, self._role, gone)
        self._seen = {member: seen[member] for member in seen if member not in gone}
        return sorted({*self._seen, self.member})

    async def _take(self, tx: Tx, free: Sequence[Lease]) -> dict[int, int]:
        partitions = [each.partition for each in free]
        epochs = [each.epoch for each in free]
        rows = await tx.fetch(_CLAIM, self._role, self.member, partitions, epochs)
        return {row["partition"]: row["epoch"] for row in rows}

    async def _give_back(self, tx: Tx, owned: Mapping[int, int], share: int) -> dict[int, int]:
        surplus = sorted(owned)[share:]
        await tx.execute(_RELEASE, self._role, self.member, surplus)
        return {partition: epoch for partition, epoch in owned.items() if partition not in surplus}

    def _now_owns(self, owned: Mapping[int, int]) -> None:
        if owned != self.owned:
            log.info("%s: %d of %d partitions", self._role, len(owned), self._partitions)
            self.owned = dict(owned)
            for listener in self._listeners:
                listener()


def fair_share(member: str, live: Sequence[str], partitions: int) -> int:
    """How many partitions a member keeps; the shares of the living add up to all partitions."""
    rank = sorted(live).index(member)
    each, left = divmod(partitions, len(live))
    return each + (1 if rank < left else 0)
