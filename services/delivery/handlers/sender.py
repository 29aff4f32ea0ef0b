"""The sending side as a whole: both lanes, the beat, and when it is at rest."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from kit.db.database import Database
from services.delivery.handlers.accounts import Accounts
from services.delivery.handlers.lane import Lane
from services.delivery.handlers.liveness import Liveness
from services.delivery.ports import Rest


class Sender:
    """Runs the lanes as long as the process is known to others."""

    def __init__(
        self,
        db: Database,
        rest: Rest,
        accounts: Accounts,
        liveness: Liveness,
        lanes: Mapping[str, Lane],
    ) -> None:
        self._db = db
        self._rest = rest
        self._accounts = accounts
        self._liveness = liveness
        self._lanes = lanes

    async def run(self, stop: asyncio.Event) -> None:
        """Sends until `stop`; returns when nothing is left half done."""
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self._liveness.run(done))
            sending = [group.create_task(lane.run(stop)) for lane in self._lanes.values()]
            await asyncio.wait(sending)
            done.set()
            await beating
            await self._liveness.leave()
            await self._accounts.close()

    async def is_busy(self) -> bool:
        """Whether some message is being worked on."""
        async with self._db.autocommit() as tx:
            return await self._rest.is_any_owned(tx)

    async def next_due(self) -> datetime | None:
        """The earliest instant at which a message that waits is to be sent."""
        async with self._db.autocommit() as tx:
            dues = [await self._rest.next_due(tx, lane) for lane in self._lanes]
        return min((due for due in dues if due is not None), default=None)
