"""E-mail through an HTTP API that honours `Idempotency-Key`: a repeat is no second message."""

import msgspec

from kit.clock import Clock
from services.delivery.adapters.calls import Answer, Calls, retry_after_s
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Verdict
from services.delivery.domain.mail import Mail
from services.delivery.ports import Permit

ID_CHARS_MAX = 200

_encoder = msgspec.json.Encoder()


class _Accepted(msgspec.Struct):
    id: str = ""


_decoder = msgspec.json.Decoder(_Accepted)


class HttpMail:
    """An e-mail API: `POST {url}/v1/email`."""

    name = "http"
    keyed = True

    def __init__(self, url: str, clock: Clock, *, timeout_s: float, token: str = "") -> None:
        self._url = url.rstrip("/") + "/v1/email"
        self._clock = clock
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self.calls = Calls(clock, timeout_s=timeout_s)

    async def send(self, message: Mail, permit: Permit) -> Result:
        """Calls the API once; raises PermitExpired when nothing was written any more."""
        headers = {**self._headers, "Idempotency-Key": message.key}
        answer = await self.calls.post(self._url, _body(message), headers, permit)
        return self._result(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        """Ends all connections."""
        await self.calls.close()

    def _result(self, answer: Answer) -> Result:
        """What the answer says. Of a refusal only the status is kept: bodies quote recipients."""
        fault = faults.of_http(answer.status)
        detail = f"HTTP {answer.status}"
        if fault is None:
            return Result(provider_message_id=_id(answer.body), detail=detail)
        wait_s = 0.0
        if fault.verdict is Verdict.RETRY:
            wait_s = retry_after_s(answer.headers, self._clock.now())
        return Result(fault, detail=detail, retry_after_s=wait_s)


def _id(body: bytes) -> str:
    """The provider's name for the message; empty where it gives none."""
    try:
        found = _decoder.decode(body).id
    except msgspec.DecodeError:
        return ""
    return found if found.isprintable() and len(found) <= ID_CHARS_MAX else ""


def _body(mail: Mail) -> bytes:
    return _encoder.encode(
        {
            "to": mail.to,
            "from": mail.sender,
            "subject": mail.content.subject,
            "html": mail.content.html,
            "text": mail.content.text,
            "headers": mail.headers,
            "message_id": mail.message_id,
        }
    )
