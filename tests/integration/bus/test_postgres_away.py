"""Postgres dies under a running system and comes back."""

import signal
from pathlib import Path

import pytest

from kit.embedded.nats import EmbeddedNats
from kit.embedded.postgres import EmbeddedPostgres
from kit.errors import Unavailable
from tests.integration.bus.toys import World, fact, make_database


async def test_everything_goes_on_after_postgres_was_killed(
    tmp_path: Path, nats: EmbeddedNats
) -> None:
    """kill -9 of Postgres: a commit answered is heard once, one not answered may be tried again."""
    async with EmbeddedPostgres(tmp_path / "postgres") as postgres:
        await make_database(postgres.dsn, "toys")
        world = World(postgres.dsn, "toys", nats.url)
        async with world.alpha() as alpha, world.beta() as beta:
            await alpha.say(*(fact(f"p{i}", 0) for i in range(20)))
            await beta.has_heard(20)
            await alpha.say(*(fact(f"p{i}", 1) for i in range(20)))
            assert postgres.child is not None
            postgres.child.kill(signal.SIGKILL)
            await postgres.child.exited()
            with pytest.raises(Unavailable):
                await alpha.say(fact("anna", 1))
            await postgres.start()
            await alpha.say(*(fact(f"p{i}", 2) for i in range(20)))
            await beta.has_heard(60, within_s=20)
            assert await beta.out_of_order() == 0
            await alpha.all_forgotten()
        await world.close()
