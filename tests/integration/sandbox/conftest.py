"""A sandbox on free ports in the test's own event loop, and a client for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
import pytest

from sandbox.main import running
from sandbox.settings import Settings


@dataclass(frozen=True)
class Running:
    """A sandbox and its doors."""

    http: aiohttp.ClientSession
    smtp_port: int

    async def ledger(self, **asked: Any) -> list[dict[str, Any]]:
        """The entries asked for."""
        async with self.http.get("/ledger", params=asked) as response:
            assert response.status == 200, await response.text()
            items: list[dict[str, Any]] = (await response.json())["items"]
            return items

    async def fault(self, provider: str, **fault: Any) -> None:
        """Sets a fault switch."""
        async with self.http.put("/faults", json={"provider": provider, **fault}) as response:
            assert response.status == 200, await response.text()

    def client(self) -> aiosmtplib.SMTP:
        """A mail client; use as `async with`."""
        return aiosmtplib.SMTP(hostname="127.0.0.1", port=self.smtp_port, timeout=10)

    async def mail(self, content: bytes | EmailMessage, *recipients: str) -> tuple[Any, str]:
        """Sends one mail; answers what the server said."""
        raw = content if isinstance(content, bytes) else content.as_bytes()
        async with self.client() as client:
            return await client.sendmail("shop@example.test", recipients or "ann@example.test", raw)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, smtp_port=0, data=tmp_path)


@pytest.fixture
async def sandbox(settings: Settings) -> AsyncIterator[Running]:
    base = "http://127.0.0.1:{}"
    async with (
        running(settings) as up,
        aiohttp.ClientSession(base.format(up.http_port)) as session,
    ):
        yield Running(session, up.smtp_port)


def letter(message_id: str = "<1@kairos>", subject: str = "Hello") -> EmailMessage:
    """A mail as Kairos sends it."""
    message = EmailMessage()
    message["From"] = "Shop <shop@example.test>"
    message["To"] = "ann@example.test"
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message.set_content("Grüße\n")
    message.add_alternative("<p>Grüße</p>", subtype="html")
    return message
