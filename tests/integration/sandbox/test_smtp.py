import asyncio
import time
from email.message import EmailMessage

import aiosmtplib
import pytest

from tests.integration.sandbox.conftest import Running, letter


async def test_mail_is_in_the_ledger_readable(sandbox: Running) -> None:
    _, said = await sandbox.mail(letter(subject="Schöne Grüße"))

    [item] = await sandbox.ledger()
    assert said == "2.0.0 Accepted as 1"
    assert item["channel"] == "email"
    assert item["provider"] == "smtp"
    assert item["recipient"] == "ann@example.test"
    assert item["message_id"] == "<1@kairos>"
    assert item["subject"] == "Schöne Grüße"
    assert item["body"] == "Grüße\n"
    assert item["html"] == "<p>Grüße</p>\n"
    assert item["headers"]["To"] == "ann@example.test"
    assert item["accepted"] is True
    assert item["idempotency_key"] is None
    assert item["repeat_of"] is None


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\n\r\nEnds with a dot.\r\nAnd again.\r\n",
        b"Subject: x\r\n\r\n.begins with a dot\r\n..and two\r\n.\r\nafter a lone one\r\n",
        b".starts the mail\r\n",
        b"",
        b"Subject: x\r\n\r\n" + b"a" * 70_000 + b"\r\n",
        b"Subject: x\r\n\r\n" + b"0123456789 abcdef.\r\n" * 20_000,
        "Subject: x\r\n\r\nGrüße\r\n".encode("latin-1"),
    ],
    ids=["dots at line ends", "dots", "dot first", "empty", "long line", "360 KB", "8 bit"],
)
async def test_mail_arrives_byte_for_byte(sandbox: Running, content: bytes) -> None:
    """RFC 5321 §4.5.2: the dots that SMTP doubles are single again; long lines are refused."""
    if max(map(len, content.split(b"\r\n"))) > 998:
        with pytest.raises(aiosmtplib.SMTPDataError) as caught:
            await sandbox.mail(content)
        assert caught.value.code == 500
        assert await sandbox.ledger() == []
        return

    await sandbox.mail(content)

    charset = "utf-8" if content.isascii() else "latin-1"
    async with sandbox.http.get("/mail/1/raw") as response:
        shown = await response.read()
        assert response.charset == charset
    if content:
        assert shown == content


async def test_mail_over_the_limit_is_refused_and_the_connection_goes_on(sandbox: Running) -> None:
    line = b"x" * 76 + b"\r\n"
    async with sandbox.client() as client:
        client.esmtp_extensions.pop("size")  # or the client itself would refuse
        with pytest.raises(aiosmtplib.SMTPResponseException) as caught:
            await client.sendmail("a@b.test", ["c@d.test"], line * (11 * 1024 * 1024 // 78))
        await client.sendmail("a@b.test", ["c@d.test"], letter().as_bytes())

    assert caught.value.code == 552
    assert len(await sandbox.ledger()) == 1


async def test_connection_takes_one_mail_after_another(sandbox: Running) -> None:
    async with sandbox.client() as client:
        for number in range(20):
            raw = letter(f"<{number}@kairos>").as_bytes()
            await client.sendmail("a@b.test", ["c@d.test"], raw)

    found = [item["message_id"] for item in await sandbox.ledger()]
    assert found == [f"<{number}@kairos>" for number in range(20)]


async def test_every_recipient_has_an_entry(sandbox: Running) -> None:
    await sandbox.mail(letter(), "ann@example.test", "bob@example.test")

    found = [item["recipient"] for item in await sandbox.ledger()]
    assert found == ["ann@example.test", "bob@example.test"]


async def test_repeated_message_id_counts_again_and_says_so(sandbox: Running) -> None:
    """SMTP has no idempotency keys: a double is a double, and the ledger shows it."""
    await sandbox.mail(letter())
    await sandbox.mail(letter())

    first, second = await sandbox.ledger()
    assert (first["accepted"], first["repeat_of"]) == (True, None)
    assert (second["accepted"], second["repeat_of"]) == (True, 1)


@pytest.mark.parametrize(("status", "expected"), [(None, 451), (550, 550), (421, 421)])
async def test_refused_mail_is_recorded_as_refused(
    sandbox: Running, status: int | None, expected: int
) -> None:
    await sandbox.fault("smtp", error_rate=1, **({"status": status} if status else {}))

    with pytest.raises(aiosmtplib.SMTPResponseException) as caught:
        await sandbox.mail(letter())

    [item] = await sandbox.ledger()
    assert caught.value.code == expected
    assert (item["accepted"], item["status"]) == (False, expected)


async def test_accept_then_close_is_accepted_without_a_word(sandbox: Running) -> None:
    await sandbox.fault("smtp", accept_then_close_rate=1)

    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await sandbox.mail(letter())

    [item] = await sandbox.ledger()
    assert item["accepted"] is True


async def test_delayed_answer_takes_its_time_and_holds_up_nobody(sandbox: Running) -> None:
    await sandbox.fault("smtp", delay_ms=300)
    began = time.monotonic()

    await asyncio.gather(*(sandbox.mail(letter(f"<{n}@kairos>")) for n in range(10)))

    assert 0.3 <= time.monotonic() - began < 2
    assert len(await sandbox.ledger()) == 10


async def test_client_that_hangs_up_while_it_waits_has_sent_the_mail(sandbox: Running) -> None:
    """The case RFC 1047 is about: the sender cannot know."""
    await sandbox.fault("smtp", delay_ms=200)
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.smtp_port)
    for line in ("EHLO x", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"):
        writer.write(f"{line}\r\n".encode())
        while (await reader.readline())[3:4] == b"-":
            continue
    writer.write(b"Message-ID: <1@kairos>\r\n\r\nbody\r\n.\r\n")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.4)

    [item] = await sandbox.ledger()
    assert (item["message_id"], item["accepted"]) == ("<1@kairos>", True)


async def test_connection_lost_within_a_mail_leaves_no_entry(sandbox: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.smtp_port)
    await reader.readline()
    writer.write(b"HELO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nhalf a ma")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await asyncio.sleep(0.1)

    assert await sandbox.ledger() == []
    await sandbox.mail(EmailMessage())


async def test_commands_out_of_order_are_refused(sandbox: Running) -> None:
    async with sandbox.client() as client:
        await client.ehlo()
        assert (await client.execute_command(b"DATA")).code == 503
        await client.mail("a@b.test")
        await client.rcpt("c@d.test")
        assert (await client.execute_command(b"DATA", b"now")).code == 501
