"""Alembic migrations of one schema, one after the other, under an advisory lock.

Each service keeps `migrations/versions/YYYY-MM-DD-HHMM_{pre,post}_<what>.py`: `pre` may run before
the new code, `post` only after the last old process is gone. Lock and statement timeouts are set
here, not in someone's memory.
"""

from importlib import import_module
from pathlib import Path
from zlib import crc32

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOCK_TIMEOUT = "4s"
"""A migration gives up rather than queue behind traffic and stall it."""
STATEMENT_TIMEOUT = "30s"
"""Backfills do not belong into migrations."""


async def migrate(admin_dsn: str, service: str, package: str) -> None:
    """Brings the schema of `service` to the newest revision found below `package`/migrations."""
    engine = create_async_engine(_async_dsn(admin_dsn), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, service, package)
            await connection.commit()
    finally:
        await engine.dispose()


def run_environment(schema: str, metadata: MetaData) -> None:
    """The body of every `migrations/env.py`."""
    from alembic import context

    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table="alembic_version",
        version_table_schema=schema,
        include_schemas=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def config_for(package: str) -> Config:
    """Alembic's configuration of one package, without an ini file."""
    module = import_module(package)
    folder = Path(str(module.__file__)).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, service: str, package: str) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": crc32(service.encode())})
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.execute(text(f"SET ROLE {service}_owner"))
    connection.execute(text(f"SET search_path = {service}"))
    connection.commit()
    config = config_for(package)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _async_dsn(dsn: str) -> str:
    return dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
