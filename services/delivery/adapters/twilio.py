"""SMS over the Twilio Messages API.

https://www.twilio.com/docs/messaging/api/message-resource. It has no idempotency key: "sending an
SMS is not idempotent" (error 20500), so an answer that was lost is `unknown`. Its status reports
name our message (`StatusCallback`), which settles such an attempt when they come.
"""

from base64 import b64encode
from urllib.parse import urlencode

import msgspec

from kit.clock import Clock
from services.delivery.adapters.calls import Answer, Calls, retry_after_s
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Verdict
from services.delivery.domain.outgoing import Sms
from services.delivery.ports import Permit


class _Said(msgspec.Struct):
    """The members of its answers that matter."""

    sid: str = ""
    code: int = 0


_decoder = msgspec.json.Decoder(_Said)


class Twilio:
    """One Twilio account. `sender`: a number, an alphanumeric sender, or a messaging service."""

    name = "twilio"
    keyed = False

    def __init__(
        self, url: str, account_sid: str, auth_token: str, sender: str, clock: Clock,
        *, timeout_s: float,
    ) -> None:  # fmt: skip
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        credentials = b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self._sender = sender
        self._clock = clock
        self._calls = Calls(clock, timeout_s=timeout_s)

    async def send(self, message: Sms, permit: Permit) -> Result:
        """Sends one SMS; raises PermitExpired when nothing was written any more."""
        by_service = self._sender.startswith("MG")
        form = {
            "To": message.to,
            "MessagingServiceSid" if by_service else "From": self._sender,
            "Body": message.content.text,
        }
        if message.callback:
            form["StatusCallback"] = message.callback
        body = urlencode(form).encode()
        answer = await self._calls.post(self._url, body, self._headers, permit)
        return self._result(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        """Ends all connections."""
        await self._calls.close()

    def _result(self, answer: Answer) -> Result:
        """Status and error code only: Twilio's words quote the number."""
        try:
            said = _decoder.decode(answer.body)
        except msgspec.DecodeError:
            said = _Said()
        fault = faults.of_twilio(answer.status, said.code)
        if fault is None:
            return Result(provider_message_id=said.sid[:64], detail=f"HTTP {answer.status}")
        detail = f"HTTP {answer.status} error {said.code}" if said.code else f"HTTP {answer.status}"
        wait_s = 0.0
        if fault.verdict is Verdict.RETRY:
            wait_s = retry_after_s(answer.headers, self._clock.now())
        return Result(fault, detail=detail, retry_after_s=wait_s)
