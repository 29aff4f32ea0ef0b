"""beta as a process of its own, to be killed: `beta_process.py ADMIN_DSN DATABASE NATS_URL`."""

import asyncio
import sys
from collections.abc import Sequence

from kit.bus.spec import IncomingFact
from kit.db.database import Tx
from tests.integration.bus.toys import World, hear


async def main() -> None:
    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        await hear(tx, facts, by="process")

    admin_dsn, database, nats_url = sys.argv[1:]
    world = World(admin_dsn, database, nats_url)
    async with world.beta(handler):
        await asyncio.Event().wait()


asyncio.run(main())
