"""The system that `kairos up` runs: its processes, what each is told, and how to know it serves.

Tests and benches use the same one: `async with Kairos(Options(data, port=free_port(3))) as system`.
"""

import asyncio
import base64
import os
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nats.aio.client import Client

from cli.settings import PREFIX, Settings
from kit.embedded.child import Program
from kit.embedded.external import check_nats, check_postgres
from kit.embedded.nats import connect_once
from kit.embedded.ports import LOOPBACK, require_free
from kit.embedded.supervisor import Backing, External, System
from kit.embedded.vault import Vault, token, write_private
from kit.settings import load

DEFAULT_DATA = Path(".kairos")
DEFAULT_PORT = 8700
WORKSPACE = "demo"
SERVICES = ("ingest", "decision", "delivery", "history")
HOMES = {name: f"services.{name}" for name in SERVICES} | {"gateway": "gateway"}
"""Who has a schema, and the package that holds its migrations."""

GIVEN_BY_UP = frozenset(
    {
        "KAIROS_DEV_BROWSER_KEY",
        "KAIROS_DEV_CLOCK",
        "KAIROS_DEV_SECRET_KEY",
        "KAIROS_DEV_WORKSPACE",
        "KAIROS_DEV_WRITE_KEY",
        "KAIROS_ERASURE_SECRET",
        "KAIROS_LINK_SECRET",
        "KAIROS_NATS_URL",
        "KAIROS_POSTGRES_API_DSN",
        "KAIROS_POSTGRES_WORKER_DSN",
        "KAIROS_PUBLIC_URL",
        "KAIROS_SANDBOX_URL",
        "KAIROS_SECRETS_KEY",
        "KAIROS_WEBHOOK_SECRET",
    }
)
"""Variables the processes need and nobody has to set on this machine."""

_SOURCED = "KAIROS_DEV_ENV"
"""In dev.env, names that file, so that a shell which sourced it is recognised."""
_HEALTH_TIMEOUT_S = 2.0

Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Options:
    """What the command line says; the rest is in the environment (`kairos doctor`)."""

    data: Path = DEFAULT_DATA
    port: int = DEFAULT_PORT
    sandbox: bool = True
    dev_clock: bool = False


class Kairos(System):
    """The supervised system together with the addresses people use."""

    def __init__(self, options: Options, env: Mapping[str, str] | None = None) -> None:
        self._env = without_sourced(os.environ if env is None else env)
        self._settings = load(Settings, self._env, PREFIX)
        super().__init__(
            options.data,
            self._programs,
            preflight=self._look,
            external=External(self._settings.postgres_dsn, self._settings.nats_url),
            postgres_port=self._settings.postgres_port,
            nats_port=self._settings.nats_port,
        )
        self.options = options
        self.sandbox_port = self._settings.sandbox_port or options.port + 1
        self.smtp_port = self._settings.sandbox_smtp_port or options.port + 2
        self._vault = Vault(self.home.data)
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    @property
    def url(self) -> str:
        """The public API."""
        return f"http://{LOOPBACK}:{self.options.port}"

    @property
    def sandbox_url(self) -> str:
        """The stand-ins of the providers; an empty text without them."""
        return f"http://{LOOPBACK}:{self.sandbox_port}" if self.options.sandbox else ""

    @property
    def addresses(self) -> dict[str, str]:
        """What a client, a script or a test needs to know; the content of dev.env."""
        workspace = self._workspace()
        found = {
            "KAIROS_URL": self.url,
            "KAIROS_WORKSPACE": workspace["slug"],
            "KAIROS_WRITE_KEY": workspace["write_key"],
            "KAIROS_BROWSER_KEY": workspace["browser_key"],
            "KAIROS_SECRET_KEY": workspace["secret_key"],
            "KAIROS_NATS_URL": self.backing.nats_url,
            "KAIROS_POSTGRES_DSN": self.backing.postgres_dsn,
        }
        return found | ({"KAIROS_SANDBOX_URL": self.sandbox_url} if self.sandbox_url else {})

    async def start(self) -> None:
        """As `System.start`; then dev.env tells where everything is."""
        await super().start()
        path = self.home.data / "dev.env"
        lines = {**self.addresses, _SOURCED: str(path)}.items()
        text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in lines)
        try:
            write_private(path, text)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """As `System.stop`."""
        if self._client:
            await self._client.close()
        await super().stop()

    async def _look(self) -> None:
        """Refuses to start where a port is taken or somebody else's server does not answer."""
        for port, what, change in self._fixed_ports():
            require_free(port, what, change)
        if self._settings.postgres_dsn:
            await check_postgres(self._settings.postgres_dsn)
        if self._settings.nats_url:
            await check_nats(self._settings.nats_url)

    def _fixed_ports(self) -> Sequence[tuple[int, str, str]]:
        settings = self._settings
        move = "choose another with --port N"
        found = [(self.options.port, "gateway", move)]
        if self.options.sandbox:
            found += [
                (self.sandbox_port, "sandbox", f"set KAIROS_SANDBOX_PORT, or {move}"),
                (self.smtp_port, "sandbox SMTP", f"set KAIROS_SANDBOX_SMTP_PORT, or {move}"),
            ]
        if settings.postgres_port and not settings.postgres_dsn:
            found.append((settings.postgres_port, "Postgres", "change KAIROS_POSTGRES_PORT"))
        if settings.nats_port and not settings.nats_url:
            found.append((settings.nats_port, "NATS", "change KAIROS_NATS_PORT"))
        return found

    async def _programs(self, backing: Backing) -> list[list[Program]]:
        from kit.db.provision import prepare  # Alembic: `kairos --help` need not wait for it

        password = self._settings.role_password
        dsns = await prepare(backing.postgres_dsn, backing.data, HOMES, password)
        common = self.common(backing)
        sandbox, services, gateway = list[Program](), list[Program](), list[Program]()
        if self.options.sandbox:
            ready = _answers(f"{self.sandbox_url}/healthz")
            sandbox = [self._python("sandbox", "sandbox.main", common, ready, self.sandbox_url)]
        for name in SERVICES:
            env = common | _logins(dsns[name])
            ready = self._healthy(name)
            services.append(self._python(name, f"services.{name}.main", env, ready))
        env = common | _logins(dsns["gateway"]) | self.for_gateway()
        ready = _answers(f"{self.url}/readyz")
        gateway = [self._python("gateway", "gateway.main", env, ready, self.url)]
        return [sandbox, services, gateway]

    def _python(
        self, name: str, module: str, env: Mapping[str, str], ready: Ready, address: str = ""
    ) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, "-P", "-m", module),  # -P: the working directory is not imported
            cwd=self.home.data,
            env=env,
            ready=ready,
            address=address,
        )

    def common(self, backing: Backing) -> dict[str, str]:
        """What every process is told; what the environment says about delivery stands."""
        signing = self._vault.kept(
            "signing",
            lambda: {
                "link_secret": token(),
                "webhook_secret": _webhook_secret(),
                "secrets_key": base64.b64encode(secrets.token_bytes(32)).decode(),
                "erasure_secret": token(),
            },
        )
        proposed = {
            "KAIROS_LOG_LEVEL": "INFO",
            "KAIROS_TRACE_FILE": "1",
            "KAIROS_PUBLIC_URL": self.url,
            "KAIROS_LINK_SECRET": signing["link_secret"],
            "KAIROS_ERASURE_SECRET": signing["erasure_secret"],
            "KAIROS_WEBHOOK_SECRET": signing["webhook_secret"],
            "KAIROS_SECRETS_KEY": signing["secrets_key"],
        }
        if self.options.sandbox:
            proposed |= {
                "KAIROS_DELIVERY_EMAIL_PROVIDER": "smtp",
                "KAIROS_DELIVERY_SMTP_URL": f"smtp://{LOOPBACK}:{self.smtp_port}",
                "KAIROS_DELIVERY_HTTP_URL": self.sandbox_url,
                "KAIROS_DELIVERY_TWILIO_URL": self.sandbox_url,
                "KAIROS_DELIVERY_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
                "KAIROS_DELIVERY_TWILIO_AUTH_TOKEN": signing["webhook_secret"],
                "KAIROS_DELIVERY_TWILIO_SENDER": "+4930901820",
                "KAIROS_DELIVERY_HOOK_SECRET": signing["webhook_secret"],
                "KAIROS_DELIVERY_HOOK_ANYWHERE": "1",
            }
        decided = {
            "KAIROS_DATA": str(backing.data),
            "KAIROS_NATS_URL": backing.nats_url,
            "KAIROS_DEV_CLOCK": "1" if self.options.dev_clock else "0",
            "KAIROS_SANDBOX_URL": self.sandbox_url,
            "KAIROS_SANDBOX_HOST": LOOPBACK,
            "KAIROS_SANDBOX_PORT": str(self.sandbox_port),
            "KAIROS_SANDBOX_SMTP_PORT": str(self.smtp_port),
            "PYTHONUNBUFFERED": "1",
        }
        return {**proposed, **self._env, **decided}

    def for_gateway(self) -> dict[str, str]:
        """What the gateway is told beside that."""
        workspace = self._workspace()
        return {
            "KAIROS_GATEWAY_HOST": LOOPBACK,
            "KAIROS_GATEWAY_PORT": str(self.options.port),
            "KAIROS_DEV_WORKSPACE": workspace["slug"],
            "KAIROS_DEV_WRITE_KEY": workspace["write_key"],
            "KAIROS_DEV_BROWSER_KEY": workspace["browser_key"],
            "KAIROS_DEV_SECRET_KEY": workspace["secret_key"],
        }

    def _workspace(self) -> dict[str, str]:
        """The development workspace's keys; the gateway stores only their hashes."""
        return self._vault.kept(
            "dev-workspace",
            lambda: {
                "slug": WORKSPACE,
                "write_key": f"kw_{token()}",
                "browser_key": f"kb_{token()}",
                "secret_key": f"ks_{token()}",
            },
        )

    async def _connected(self) -> Client:
        """A connection to ask with; a new one where NATS has restarted."""
        async with self._connecting:
            if self._client is None or not self._client.is_connected:
                self._client = await connect_once(self.backing.nats_url)
            return self._client

    def _healthy(self, service: str) -> Ready:
        """Whether the service answers over NATS."""

        async def ask() -> bool:
            client = await self._connected()
            subject = f"kairos.svc.{service}.v1.health"
            answer = await client.request(subject, b"", timeout=_HEALTH_TIMEOUT_S)
            return "Nats-Service-Error-Code" not in (answer.headers or {})

        return ask


def without_sourced(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what came from sourcing a dev.env.

    Whoever sourced one to talk to a system would otherwise point the next `kairos up` at the
    embedded servers of that system, as if somebody else ran them.
    """
    found = dict(env)
    source = found.pop(_SOURCED, None)
    if source is None:
        return found
    try:
        lines = shlex.split(Path(source).read_text(encoding="utf-8"))
    except OSError:  # that system's data is gone, and its addresses with it
        lines = [
            f"{name}={found.get(name, '')}" for name in ("KAIROS_POSTGRES_DSN", "KAIROS_NATS_URL")
        ]
    for line in lines:
        name, _, text = line.partition("=")
        if name in found and found[name] == text:
            del found[name]
    return found


def _logins(dsns: tuple[str, str]) -> dict[str, str]:
    api, worker = dsns
    return {"KAIROS_POSTGRES_API_DSN": api, "KAIROS_POSTGRES_WORKER_DSN": worker}


def _webhook_secret() -> str:
    """A key in the notation of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _answers(url: str) -> Ready:
    """Whether this page answers with 200."""
    import aiohttp  # as prepare

    async def ask() -> bool:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200

    return ask
