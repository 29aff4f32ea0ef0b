"""A decision process of its own for `test_races.py`: applies a file of facts, batch by batch.

    python -m tests.integration.decision.cap_worker <api dsn> <worker dsn> <file> <time>

Lines of the file are facts in hex. It starts again from the top after a kill, as a consumer does
that reported nothing: what was applied is recognised.
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from kit.bus.outbox import write_outbox
from kit.db.database import Database
from tests.integration.decision.conftest import Desk, StillClock

BATCH = 20


async def work(api_dsn: str, worker_dsn: str, file: str, at: str) -> None:
    """Applies the whole file."""
    db = await Database.connect(api_dsn, worker_dsn, write_outbox)
    desk = Desk(db, StillClock(datetime.fromisoformat(at)))
    bodies = [bytes.fromhex(line) for line in Path(file).read_text().split()]
    for i in range(0, len(bodies), BATCH):
        await desk.deliver(*bodies[i : i + BATCH])
        sys.stdout.write(f"{i + BATCH}\n")
        sys.stdout.flush()
    await db.close()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:5]))
