"""`kairos migrate`: make the database ready, and nothing else."""

import asyncio
import os
from pathlib import Path

from cli.settings import PREFIX, Settings
from cli.system import DEFAULT_DATA, HOMES, without_sourced
from cli.terminal import Data, fail, say
from kit.embedded.errors import EmbeddedError
from kit.embedded.external import check_postgres
from kit.embedded.home import Home
from kit.embedded.lock import DataLock
from kit.embedded.postgres import EmbeddedPostgres
from kit.settings import SettingError, load


def migrate(data: Data = DEFAULT_DATA) -> None:
    """Create roles and schemas and run every migration that has not run; safe to repeat.

    On KAIROS_POSTGRES_DSN, or else on the embedded server, which must not be running: `kairos up`
    migrates by itself.
    """
    try:
        settings = load(Settings, without_sourced(os.environ), PREFIX)
        asyncio.run(_migrate(data, settings))
    except (EmbeddedError, SettingError) as error:
        fail(f"cannot migrate: {error}")
    say(f"{', '.join(HOMES)}: ready")


async def _migrate(data: Path, settings: Settings) -> None:
    from kit.db.provision import prepare  # Alembic: half a second the other commands need not pay

    if settings.postgres_dsn:
        await check_postgres(settings.postgres_dsn)
        await prepare(settings.postgres_dsn, data, HOMES, settings.role_password)
        return
    home = Home(data)
    home.make()
    with DataLock(home.data):
        async with EmbeddedPostgres(home.data, settings.postgres_port) as postgres:
            await prepare(postgres.dsn, home.data, HOMES, settings.role_password)
