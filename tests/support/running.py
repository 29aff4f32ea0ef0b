"""A whole system for a test: own data, own ports, real processes; spoken to through its public
doors.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import yaml

from cli.system import Kairos, Options
from kit.clock import SystemClock
from kit.embedded.ports import free_port

PACK = Path(__file__).parents[2] / "examples" / "three-acts" / "catalog"
TRIES = 200
PAUSE_S = 0.1


class Running:
    """The system and its doors: the API with the secret key, the sandbox, the tables."""

    def __init__(self, system: Kairos, http: aiohttp.ClientSession) -> None:
        self.system = system
        self._http = http
        self.workspace = system.addresses["KAIROS_WORKSPACE"]
        key = base64.b64encode(f"{system.addresses['KAIROS_WRITE_KEY']}:".encode()).decode()
        self.write_headers = {"authorization": f"Basic {key}"}
        self.headers = {"authorization": f"Bearer {system.addresses['KAIROS_SECRET_KEY']}"}

    async def call(
        self, method: str, path: str, *, status: int = 200, **arguments: Any
    ) -> dict[str, Any]:
        """One call with the secret key, which must answer with `status`."""
        arguments.setdefault("headers", self.headers)
        async with self._http.request(method, self.system.url + path, **arguments) as answer:
            text = await answer.text()
            assert answer.status == status, f"{method} {path}: {answer.status} {text}"
            return await answer.json() if text else {}

    async def raw(self, method: str, path: str, **arguments: Any) -> aiohttp.ClientResponse:
        """One call as it is, body read."""
        async with self._http.request(method, self.system.url + path, **arguments) as answer:
            await answer.read()
            return answer

    async def batch(self, *items: dict[str, Any]) -> bool:
        """Sends items as a Segment batch; whether they were accepted. No answer counts as no."""
        body = {"batch": list(items), "sentAt": SystemClock().now().isoformat()}
        try:
            async with self._http.post(
                f"{self.system.url}/v1/batch",
                json=body,
                headers=self.write_headers,
                timeout=aiohttp.ClientTimeout(total=10),
            ) as answer:
                return answer.status == 200 and await answer.json() == {"success": True}
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def surely(self, *items: dict[str, Any]) -> None:
        """Sends items until they are accepted, as a client with retries does."""
        for _ in range(TRIES):
            if await self.batch(*items):
                return
            await asyncio.sleep(PAUSE_S)
        raise AssertionError("the batch was never accepted")

    async def apply(self, *documents: dict[str, Any]) -> None:
        """Applies catalog documents."""
        await self.call("POST", "/v1/apply", json=list(documents))

    async def apply_pack(self) -> None:
        """Applies the three-acts pack."""
        texts = [path.read_text() for path in sorted(PACK.glob("*.yaml"))]
        await self.apply(*(one for text in texts for one in yaml.safe_load_all(text)))

    async def ledger(self) -> list[dict[str, Any]]:
        """What the providers received."""
        async with self._http.get(
            f"{self.system.sandbox_url}/ledger", params={"limit": 10_000}
        ) as answer:
            items: list[dict[str, Any]] = (await answer.json())["items"]
            return items

    async def timeline(self, user: str, **asked: Any) -> list[dict[str, Any]]:
        """Somebody's whole timeline, all pages."""
        items: list[dict[str, Any]] = []
        asked = {"limit": 200, **asked}
        while True:
            page = await self.call("GET", f"/v1/profiles/user:{user}/timeline", params=asked)
            items += page["items"]
            if not page.get("next_cursor"):
                return items
            asked["cursor"] = page["next_cursor"]

    async def sql(self, query: str, *arguments: Any) -> list[Any]:
        """Reads the tables as the administrator; for the checker only."""
        connection = await asyncpg.connect(self.system.addresses["KAIROS_POSTGRES_DSN"])
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()


async def eventually(
    look: Callable[[], Awaitable[bool]], what: str, *, within_s: float = 30.0
) -> None:
    """Returns once `look` says yes; fails with `what` otherwise."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not await look():
        assert loop.time() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def running(
    data: Path, *, dev_clock: bool = False, env: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """Starts a system below `data` and stops it at the end; `env` goes on top of the shell's."""
    options = Options(data=data, port=free_port(3), dev_clock=dev_clock)
    timeout = aiohttp.ClientTimeout(total=60)
    system = Kairos(options, {**os.environ, **(env or {})})
    async with system, aiohttp.ClientSession(timeout=timeout) as http:
        yield Running(system, http)


def identify(user: str, **traits: Any) -> dict[str, Any]:
    """An identify item."""
    traits = {"email": f"{user}@example.com", "first_name": "Anna", **traits}
    return {
        "type": "identify",
        "messageId": f"identify-{user}",
        "userId": user,
        "traits": traits,
        "timestamp": SystemClock().now().isoformat(),
    }


def track(user: str, event: str, message_id: str, **properties: Any) -> dict[str, Any]:
    """A track item."""
    return {
        "type": "track",
        "messageId": message_id,
        "userId": user,
        "event": event,
        "properties": properties,
        "timestamp": SystemClock().now().isoformat(),
    }
