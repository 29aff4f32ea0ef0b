"""Stand-ins for providers over HTTP: an e-mail API, SMS, push, and a sink for webhooks.

`POST /v1/email`, `/v1/sms`, `/v1/push` answer 202 `{"id": …}`. `Idempotency-Key` is honoured: the
same key gets the first answer with `Idempotent-Replayed: true` and is no second acceptance.
`/sink/{anything}` takes any body under POST or PUT; its key may also be the `webhook-id` of
Standard Webhooks.
"""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from sandbox.intake import Answer, Intake
from sandbox.ledger import Arrival
from sandbox.web import Handler, answer, body, problem

Text = Annotated[str, Meta(min_length=1)]
Address = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
Sender = Annotated[str, Meta(pattern=r"@")]


class Email(msgspec.Struct):
    """`from` may carry a name: `Shop <shop@example.com>`."""

    to: Address
    sender: Sender = msgspec.field(name="from")
    subject: str
    html: str = ""
    text: str = ""
    headers: dict[str, str] = {}
    message_id: str | None = None

    def arrival(self, key: str | None) -> Arrival:
        """As the ledger knows it."""
        return Arrival(
            channel="email",
            provider="http",
            recipient=self.to,
            sender=self.sender,
            idempotency_key=key,
            message_id=self.message_id,
            subject=self.subject,
            text=self.text,
            html=self.html,
            headers=self.headers,
        )


class Sms(msgspec.Struct):
    """A short message; `to` is a number or a name of a test."""

    to: Text
    text: Text
    sender: str = msgspec.field(name="from", default="")
    message_id: str | None = None

    def arrival(self, key: str | None) -> Arrival:
        """As the ledger knows it."""
        return Arrival(
            channel="sms",
            provider="sms",
            recipient=self.to,
            sender=self.sender,
            idempotency_key=key,
            message_id=self.message_id,
            text=self.text,
        )


class Push(msgspec.Struct):
    """A notification; `to` is a device token."""

    to: Text
    title: str
    body: str = ""
    data: dict[str, object] = {}
    message_id: str | None = None

    def arrival(self, key: str | None) -> Arrival:
        """As the ledger knows it."""
        return Arrival(
            channel="push",
            provider="push",
            recipient=self.to,
            idempotency_key=key,
            message_id=self.message_id,
            subject=self.title,
            text=self.body,
            data=self.data,
        )


class ProviderApi:
    """The handlers; `routes` is what they answer to."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def routes(self) -> list[web.RouteDef]:
        """Path → handler."""
        return [
            web.post("/v1/email", self._posting(Email)),
            web.post("/v1/sms", self._posting(Sms)),
            web.post("/v1/push", self._posting(Push)),
            web.post("/sink/{path:.*}", self._sink),
            web.put("/sink/{path:.*}", self._sink),
        ]

    def _posting(self, kind: type[Email | Sms | Push]) -> Handler:
        decoder = msgspec.json.Decoder(kind)

        async def post(request: web.Request) -> web.Response:
            posted = await body(request, decoder)
            key = request.headers.get("Idempotency-Key")
            return await self._take(request, posted.arrival(key))

        return post

    async def _sink(self, request: web.Request) -> web.Response:
        webhook_id = request.headers.get("webhook-id")
        arrival = Arrival(
            channel="webhook",
            provider="sink",
            recipient=request.match_info["path"],
            idempotency_key=request.headers.get("Idempotency-Key", webhook_id),
            message_id=webhook_id,
            headers=dict(request.headers),
            text=(await request.read()).decode("utf-8", "replace"),
        )
        return await self._take(request, arrival)

    async def _take(self, request: web.Request, arrival: Arrival) -> web.Response:
        taken = await self._intake.take(arrival)
        match taken.answer:
            case Answer.ACCEPTED:
                replayed = {"Idempotent-Replayed": "true"} if taken.repeated else {}
                return answer({"id": f"{arrival.channel}-{taken.number}"}, 202, replayed)
            case Answer.REFUSED:
                wait = taken.retry_after_s
                later = {} if wait is None else {"Retry-After": str(wait)}
                return problem("Refused by a fault switch of the sandbox", taken.status, later)
            case Answer.NOTHING:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=taken.status)
