"""Roles and schemas: who may do what in Postgres.

Each service gets a schema of its own name, an owner that cannot log in, and two log-in roles that
own nothing: `<service>_api` (row-level security applies) and `<service>_worker`. No role can bypass
row-level security. Safe to run again: creates what is missing, keeps what is there.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from kit.db.migrate import migrate

ROLES = ("api", "worker")


async def prepare(
    admin_dsn: str,
    data_dir: Path,
    homes: Mapping[str, str],
    role_password: str = "",
) -> dict[str, tuple[str, str]]:
    """Makes the database ready: roles, schemas, migrations.

    Args:
        admin_dsn: a role that may create roles and schemas.
        data_dir: where generated passwords are kept (mode 0600).
        homes: service -> package that holds its `migrations` (`{"ingest": "services.ingest"}`).
        role_password: the password of every log-in role; empty for random ones, kept in a file.

    Returns:
        service -> (dsn of its api role, dsn of its worker role).
    """
    passwords = _passwords(data_dir, homes, role_password)
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock(7_240_001)")
        await _development_clock(connection)
        for service in homes:
            await _schema(connection, service, passwords)
    finally:
        await connection.close()
    for service, package in homes.items():
        await migrate(admin_dsn, service, package)
    return {
        service: (
            _as_role(admin_dsn, f"{service}_api", passwords),
            _as_role(admin_dsn, f"{service}_worker", passwords),
        )
        for service in homes
    }


def _passwords(data_dir: Path, homes: Mapping[str, str], given: str) -> dict[str, str]:
    """One password for each log-in role: the given one, or random ones kept in a file."""
    roles = [f"{service}_{role}" for service in homes for role in ROLES]
    if given:
        return dict.fromkeys(roles, given)
    path = data_dir / "secrets" / "postgres-roles.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    passwords = {role: kept.get(role) or secrets.token_urlsafe(24) for role in roles}
    if passwords != kept:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(kept | passwords, file)
    return passwords


async def _schema(connection: Any, service: str, passwords: Mapping[str, str]) -> None:
    owner = f"{service}_owner"
    await _role(connection, owner, "NOLOGIN")
    await connection.execute(f"GRANT {owner} TO CURRENT_USER")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {owner}")
    for role in ROLES:
        name = f"{service}_{role}"
        await _role(connection, name, f"LOGIN NOBYPASSRLS PASSWORD '{passwords[name]}'")
        await connection.execute(f"ALTER ROLE {name} SET search_path = {service}")
        await connection.execute(f"GRANT USAGE ON SCHEMA {service}, kairos_dev TO {name}")
        await connection.execute(f"GRANT SELECT, UPDATE ON kairos_dev.clock TO {name}")
        await connection.execute(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service} "
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}"
        )
        await connection.execute(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service} "
            f"GRANT USAGE ON SEQUENCES TO {name}"
        )


async def _role(connection: Any, name: str, options: str) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name)
    await connection.execute(f"{'ALTER' if exists else 'CREATE'} ROLE {name} {options}")


async def _development_clock(connection: Any) -> None:
    """The offset of the development clock; unused unless KAIROS_DEV_CLOCK is on."""
    await connection.execute("CREATE SCHEMA IF NOT EXISTS kairos_dev")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS kairos_dev.clock ("
        "one boolean PRIMARY KEY DEFAULT true CHECK (one), offset_us bigint NOT NULL)"
    )
    await connection.execute("INSERT INTO kairos_dev.clock VALUES (true, 0) ON CONFLICT DO NOTHING")


def _as_role(admin_dsn: str, role: str, passwords: Mapping[str, str]) -> str:
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rsplit("@", 1)[-1]
    login = f"{role}:{quote(passwords[role], safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))
