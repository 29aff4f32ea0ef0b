"""Who sends, and what happens to the messages of a process that died.

Each process is a row with a beat it bumps. One whose beat stands still for `ttl_s` of another's
monotonic clock is struck off, and its messages are taken over: claimed ones become due, those in
`calling` may have gone out and are `unknown`. No clocks are compared. `ttl_s` is longer than any
permit is good, so a process that was only stopped wakes up to permits that have run out, and its
writes find other epochs.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Unavailable
from kit.ids import new_id
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result, conclude
from services.delivery.handlers.outcomes import record
from services.delivery.handlers.waiting import first_of, is_set
from services.delivery.ports import Outbound, Senders, Written

log = logging.getLogger("kairos.delivery")

TAKEN_AT_ONCE_MAX = 500


@dataclass(frozen=True)
class Pulse:
    """How often a process says it is alive, and after how long a silent one is dead."""

    beat_s: float
    ttl_s: float


class Liveness:
    """Keeps this process known and cleans up after others.

    Args:
        on_planned: called when messages became due.
    """

    def __init__(
        self,
        db: Database,
        senders: Senders,
        outbound: Outbound,
        clock: Clock,
        *,
        pulse: Pulse,
        chance: Callable[[], float],
        on_planned: Callable[[], None],
    ) -> None:
        self._db = db
        self._senders = senders
        self._outbound = outbound
        self._clock = clock
        self._pulse = pulse
        self._chance = chance
        self._on_planned = on_planned
        self._sender: UUID | None = None
        self._seen: dict[UUID, tuple[int, float]] = {}
        self._next_sweep_s = 0.0

    @property
    def sender(self) -> UUID | None:
        """The name under which this process may claim messages; None before it is known."""
        return self._sender

    async def run(self, stop: asyncio.Event) -> None:
        """Beats and cleans up until `stop`."""
        while not stop.is_set():
            try:
                struck_off = await self._db.retrying(self._beat)
                if struck_off or self._clock.monotonic() >= self._next_sweep_s:
                    await self._take_over()
                    self._next_sweep_s = self._clock.monotonic() + self._pulse.ttl_s
            except Unavailable as error:
                log.warning("no beat: %s", error)
            await first_of(is_set(stop), timeout_s=self._pulse.beat_s)

    async def leave(self) -> None:
        """Goes without leaving anything to clean up; call when nothing is claimed any more."""
        sender, self._sender = self._sender, None
        if sender is None:
            return
        try:
            async with self._db.worker() as tx:
                await self._senders.dismiss(tx, sender)
        except Unavailable as error:
            log.warning("left without a word: %s", error)

    async def _beat(self) -> bool:
        """Says that this process is alive, enlisting it when it is new or was taken for dead.

        Strikes off those that stand still; whether there were any.
        """
        async with self._db.worker() as tx:
            sender = self._sender
            if sender is None or not await self._senders.beat(tx, sender):
                sender = new_id(self._clock)
                await self._senders.enlist(tx, sender)
            stale = self._stale(await self._senders.beats(tx), sender)
            for each, beat in stale:
                log.warning("sender %s is gone", each)
                await self._senders.strike_off(tx, each, beat)
        if self._sender not in (None, sender):
            log.warning("this process was taken for dead; its messages are with others now")
        self._sender = sender
        return bool(stale)

    async def _take_over(self) -> None:
        """Takes up what processes that are gone have left, also those that left by themselves."""
        freed = await self._db.retrying(self._free)
        while await self._db.retrying(self._conclude_calls) == TAKEN_AT_ONCE_MAX:
            freed = True
        if freed:
            self._on_planned()

    def _stale(self, beats: Mapping[UUID, int], own: UUID) -> list[tuple[UUID, int]]:
        """Processes other than this one whose beat has not changed for the time to live."""
        now = self._clock.monotonic()
        for sender, beat in beats.items():
            if sender not in self._seen or self._seen[sender][0] != beat:
                self._seen[sender] = (beat, now)
        self._seen = {sender: seen for sender, seen in self._seen.items() if sender in beats}
        return [
            (sender, beat)
            for sender, (beat, since) in self._seen.items()
            if sender != own and now - since >= self._pulse.ttl_s
        ]

    async def _free(self) -> bool:
        async with self._db.worker() as tx:
            return await self._senders.free_claims_of_the_dead(tx, self._clock.now()) > 0

    async def _conclude_calls(self) -> int:
        """What a dead process was calling is unknown; the rules say what follows."""
        async with self._db.worker() as tx:
            left = await self._senders.calls_of_the_dead(tx, TAKEN_AT_ONCE_MAX)
            now = self._clock.now()
            result = Result(faults.PROCESS_LOST, detail="the sending process ended during the call")
            written = [
                Written(
                    claim=claim,
                    conclusion=conclude(
                        claim,
                        result,
                        keyed=claim.keyed,
                        now=now,
                        chance=self._chance(),
                    ),
                    at=now,
                    provider=provider,
                    result=result,
                    called_at=called_at,
                )
                for claim, provider, called_at in left
            ]
            if written:
                log.warning("%d calls of dead processes are unknown", len(written))
                await record(tx, self._outbound, written, self._clock)
                tx.after_commit(self._on_planned)
            return len(written)
