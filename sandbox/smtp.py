"""The SMTP mailbox: takes mail from anyone for anyone and puts it into the ledger.

aiosmtpd reads a mail line by line: 0.7 ms of CPU for 2 KB, 1.4 ms for 9 KB. `_Session` reads it in
large pieces: 0.35 and 0.4 ms, so that the mailbox is not what a benchmark measures.
"""

import asyncio

from aiosmtpd.smtp import SMTP

from kit.errors import Unavailable
from sandbox import mail
from sandbox.intake import Answer, Intake, Taken
from sandbox.ledger import Arrival

BYTES_MAX = 10 * 1024 * 1024
"""A mail above this is refused with 552; large providers take 10 to 40 MB."""
_LINE_BYTES_MAX = 1000
"""RFC 5321 §4.5.3.1.6: 998, the CR, and a doubled dot. Real servers refuse longer lines."""
_END = b"\r\n.\r\n"


async def serve(intake: Intake, host: str, port: int) -> asyncio.Server:
    """Listens until closed; raises OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Session(intake, loop), host, port)


class _Session(SMTP):
    """One connection: aiosmtpd's protocol with its own reading of DATA, and able to vanish."""

    line_length_limit = 64 * 1024
    """What the stream buffers; commands and the lines of a mail have their own, lower limits."""

    def __init__(self, intake: Intake, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            None,
            hostname="sandbox",  # without one, aiosmtpd asks the DNS at every connection
            ident="Kairos sandbox",
            data_size_limit=BYTES_MAX,
            enable_SMTPUTF8=True,
            loop=loop,
        )
        self._intake = intake

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds it by name
        """RFC 5321 §4.1.1.4."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if arg or envelope is None or not envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._content()
        if isinstance(content, bytes):
            # A client that hangs up while it waits has still sent the mail (RFC 1047).
            taking = self._take(content, envelope.mail_from or "", envelope.rcpt_tos)
            reply = await asyncio.shield(taking)
        else:
            reply = content
        self.envelope = self._create_envelope()
        if reply:
            await self.push(reply)
        else:
            self._writer.transport.abort()

    async def _content(self) -> bytes | str:
        """The mail with its doubled dots restored (§4.5.2), or the reply that refuses it."""
        data, too_much = bytearray(), False
        while not (data.endswith(_END) or data == _END[2:]):
            try:
                data += await self._reader.readuntil(_END[2:])
            except asyncio.LimitOverrunError as overrun:
                data += await self._reader.read(overrun.consumed)
            if len(data) > BYTES_MAX:
                too_much = True
                del data[: -len(_END)]
        if too_much:
            return f"552 5.3.4 More than {BYTES_MAX} bytes of mail"
        if max(map(len, data.split(b"\n"))) > _LINE_BYTES_MAX:
            return "500 5.6.0 Line too long (RFC 5321 section 4.5.3.1.6)"
        whole = bytes(data[: -len(_END[2:])]).replace(b"\r\n..", b"\r\n.")
        return whole[1:] if whole.startswith(b"..") else whole

    async def _take(self, content: bytes, sender: str, recipients: list[str]) -> str:
        """The reply for a complete mail; an empty one means: close without a word.

        One arrival per recipient. With several, the reply is that of the last: SMTP has one.
        """
        text, charset = mail.as_text(content)
        message_id = mail.message_id(content)
        reply = ""
        for recipient in recipients:
            arrival = Arrival(
                channel="email",
                provider="smtp",
                recipient=recipient,
                sender=sender,
                message_id=message_id,
                raw=text,
                raw_charset=charset,
            )
            try:
                reply = _reply(await self._intake.take(arrival))
            except Unavailable as error:
                return f"452 4.3.1 {error.detail}"
        return reply


def _reply(taken: Taken) -> str:
    if taken.answer is Answer.NOTHING:
        return ""
    if taken.answer is Answer.REFUSED:
        return f"{taken.status} {taken.status // 100}.3.0 Refused by a fault switch of the sandbox"
    return f"250 2.0.0 Accepted as {taken.number}"
