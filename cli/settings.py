"""Settings of `kairos up`: where things listen and whose servers are used."""

from dataclasses import dataclass

from kit.settings import setting

PREFIX = "KAIROS"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read by the supervisor; the processes it starts get theirs from it."""

    postgres_dsn: str | None = setting(
        None, secret=True, why="an admin's address of another PostgreSQL 18; unset: embedded"
    )
    nats_url: str | None = setting(
        None, secret=True, why="another NATS with JetStream and sync_interval: always"
    )
    role_password: str = setting(
        "",
        secret=True,
        why="one for every role, where processes learn it elsewhere; unset: random ones in a file",
    )
    postgres_port: int | None = setting(
        None,
        lowest=1,
        highest=65535,
        why="a fixed port of the embedded Postgres; unset: a free one",
    )
    nats_port: int | None = setting(
        None, lowest=1, highest=65535, why="a fixed port of the embedded NATS; unset: a free one"
    )
    sandbox_port: int | None = setting(
        None, lowest=1, highest=65535, why="the sandbox over HTTP; unset: the gateway's port + 1"
    )
    sandbox_smtp_port: int | None = setting(
        None, lowest=1, highest=65535, why="the sandbox's mailbox; unset: the gateway's port + 2"
    )
