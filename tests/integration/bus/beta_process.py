"""beta as a process of its own, to be killed: `beta_process.py ADMIN_DSN DATABASE NATS_URL`."""

import asyncio
import sys

from tests.integration.bus.toys import World, hear


async def main() -> None:
    async def handler(tx, facts):  # type: ignore[no-untyped-def]
        await hear(tx, facts, by="process")

    admin_dsn, database, nats_url = sys.argv[1:]
    world = World(admin_dsn, database, nats_url)
    async with world.beta(handler):
        await asyncio.Event().wait()


asyncio.run(main())
