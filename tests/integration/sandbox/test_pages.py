import re
from html import unescape

import pytest

from tests.integration.sandbox.conftest import Running, letter

ATTACK = '"><script>alert(1)</script>'


async def page(sandbox: Running, path: str) -> str:
    """A page's HTML."""
    async with sandbox.http.get(path) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        return await response.text()


async def test_mailbox_lists_the_newest_first(sandbox: Running) -> None:
    for number in range(3):
        await sandbox.mail(letter(f"<{number}@kairos>", f"Scene {number}"))

    assert re.findall(r"Scene \d", await page(sandbox, "/")) == ["Scene 2", "Scene 1", "Scene 0"]


async def test_long_mailbox_is_turned_page_by_page(sandbox: Running) -> None:
    for number in range(103):
        async with sandbox.http.post("/v1/sms", json={"to": "1", "text": f"n{number}."}):
            pass

    first = await page(sandbox, "/?channel=sms")
    older = re.search(r'href="([^"]+)">Older', first)
    assert older is not None
    second = await page(sandbox, unescape(older[1]))

    assert "n102." in first
    assert "n2." not in first
    assert re.findall(r"n\d+\.", second) == ["n2.", "n1.", "n0."]
    assert "Older" not in second


async def test_mail_is_shown_in_a_cage(sandbox: Running) -> None:
    """Nothing of a mail runs in the reader's browser, and its links open outside."""
    message = letter(subject=f"Hi {ATTACK}")
    message["X-Note"] = ATTACK
    message.clear_content()
    message.set_content(f"text {ATTACK}")
    message.add_alternative(f"<p>html {ATTACK}</p>", subtype="html")
    await sandbox.mail(message)

    shown, listed = await page(sandbox, "/mail/1"), await page(sandbox, "/")

    assert "<script" not in shown + listed
    frame = re.search(r'<iframe [^>]*sandbox="([^"]*)" srcdoc="([^"]*)"', shown)
    assert frame is not None
    assert "allow-scripts" not in frame[1]
    assert "allow-same-origin" not in frame[1]
    assert f"<p>html {ATTACK}</p>" in unescape(frame[2])
    assert f"text {ATTACK}" in unescape(shown)


async def test_refused_and_repeated_messages_are_marked(sandbox: Running) -> None:
    await sandbox.mail(letter())
    await sandbox.mail(letter())
    await sandbox.fault("sms", error_rate=1)
    async with sandbox.http.post("/v1/sms", json={"to": "1", "text": "x"}):
        pass

    shown = await page(sandbox, "/")

    assert "repeat of 1" in shown
    assert "refused (503)" in shown


@pytest.mark.parametrize("path", ["/mail/1", "/mail/0", "/mail/99999999999999999999"])
async def test_unknown_mail_is_not_found(sandbox: Running, path: str) -> None:
    async with sandbox.http.get(path) as response:
        assert response.status == 404


async def test_message_of_an_api_is_shown_as_it_came(sandbox: Running) -> None:
    body = {"to": "token", "title": "Grüße", "data": {"link": "app://x"}}
    async with sandbox.http.post("/v1/push", json=body):
        pass

    assert "app://x" in await page(sandbox, "/mail/1")
    async with sandbox.http.get("/mail/1/raw") as response:
        assert (response.content_type, "Grüße" in await response.text()) == ("text/plain", True)
