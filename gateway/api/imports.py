"""`POST /v1/imports`: the past, as NDJSON, without triggering anything."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import APIRouter, Request

from contracts.topology import ACCEPT
from gateway import ingest_wire
from gateway.auth import Key
from gateway.context import Admin, Context, Ctx
from gateway.limits import BODY_TIMEOUT_S
from gateway.problems import UnsupportedMedia, documented
from gateway.shapes import Imported, ImportRefusal
from kit.errors import KairosError, Malformed, Overloaded, Unavailable

router = APIRouter(tags=["imports"])

LINE_BYTES_MAX = 64 * 1024
"""Over ingest's limit of an event, so that ingest says what is wrong with a long one."""
GROUP_LINES_MAX = 500
GROUP_BYTES_MAX = 400 * 1024
"""Lines sent to ingest at once: one commit, one question on NATS."""
REFUSALS_SHOWN_MAX = 100
TRIES = 8
"""A group is offered again while ingest is away or busy: about 25 s in all, then the import stops;
sending the file again continues it, as what is stored is not stored twice."""
_CHUNK_BYTES = 256 * 1024

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass
class _Import:
    """An import under way."""

    ctx: Context
    key: Key
    client_ip: str
    user_agent: str
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refusals: list[ImportRefusal] = field(default_factory=list)
    _lines: list[bytes] = field(default_factory=list)
    _numbers: list[int] = field(default_factory=list)
    _bytes: int = 0

    async def take(self, number: int, line: bytes) -> None:
        """One line of the file."""
        if len(line) > LINE_BYTES_MAX:
            self._refuse(number, 413, f"The line is over {LINE_BYTES_MAX} bytes")
            return
        try:
            _object.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._refuse(number, 400, "The line is not a JSON object")
            return
        if self._bytes + len(line) > GROUP_BYTES_MAX or len(self._lines) == GROUP_LINES_MAX:
            await self.flush()
        self._lines.append(line)
        self._numbers.append(number)
        self._bytes += len(line) + 1

    async def flush(self) -> None:
        """Sends what has gathered."""
        if not self._lines:
            return
        told = await self._offer(b'{"batch":[' + b",".join(self._lines) + b"]}")
        self.accepted += told.accepted
        self.repeated += told.repeated
        for each in told.refused:
            self._refuse(self._numbers[each.index], each.status, each.reason, each.pointer)
        self._lines, self._numbers, self._bytes = [], [], 0

    async def _offer(self, body: bytes) -> ingest_wire.Accepted:
        delivery = ingest_wire.Delivery(
            call="history",
            body=body,
            from_browser=False,
            received_at=self.ctx.clock.now(),
            client_ip=self.client_ip,
            user_agent=self.user_agent,
        )
        request = ingest_wire.accept_request(delivery)
        for number in range(1, TRIES + 1):
            try:
                reply = await self.ctx.caller.call(ACCEPT, self.key.workspace, request)
                return ingest_wire.accepted(reply)
            except (Overloaded, Unavailable) as error:
                if number == TRIES:
                    raise self._stopped(error) from error
                await asyncio.sleep(0.1 * 2**number)
        raise AssertionError("unreachable")

    def _stopped(self, error: KairosError) -> KairosError:
        return Unavailable(
            f"The import stopped: {error.detail}. Send it again to continue",
            accepted=self.accepted,
            repeated=self.repeated,
            refused=self.refused,
        )

    def _refuse(self, number: int, status: int, reason: str, pointer: str = "") -> None:
        self.refused += 1
        if len(self.refusals) < REFUSALS_SHOWN_MAX:
            told = ImportRefusal(line=number, status=status, reason=reason, pointer=pointer or None)
            self.refusals.append(told)


_EXAMPLE = (
    '{"type":"identify","userId":"u1","traits":{"email":"anna@example.com"},'
    '"timestamp":"2026-01-02T10:00:00Z","messageId":"old-1"}\n'
    '{"type":"track","userId":"u1","event":"Order Completed","properties":{"total":29.9},'
    '"timestamp":"2026-01-02T10:05:00Z","messageId":"old-2"}\n'
)
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}


@router.post(
    "/v1/imports",
    summary="Import past events",
    description="One Segment event a line, read as it arrives, gzip welcome. What is imported"
    " counts and is shown, but triggers nothing. Give each line a `messageId`: then the same file"
    " can be sent again.",
    openapi_extra=_BODY,
    response_model_exclude_none=True,
    responses=documented(Malformed, UnsupportedMedia),
)
async def import_events(request: Request, ctx: Ctx, key: Admin) -> Imported:
    held = await ctx.writes.begin(key, "POST /v1/imports")
    run = _Import(
        ctx,
        key,
        client_ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:500],
    )
    try:
        number = 0
        async for line in _lines(_plain(request)):
            number += 1
            if line.strip():
                await run.take(number, line)
        await run.flush()
    except KairosError as error:
        await ctx.writes.end(held, error.status)
        raise
    await ctx.writes.end(held, 200)
    return Imported(
        accepted=run.accepted, repeated=run.repeated, refused=run.refused, refusals=run.refusals
    )


async def _plain(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives, decompressed in small pieces."""
    encoding = request.headers.get("content-encoding", "").lower()
    if encoding not in ("", "identity", "gzip"):
        raise UnsupportedMedia("Send the lines as they are or with Content-Encoding: gzip")
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    async for chunk in _patiently(request.stream()):
        if inflater is None:
            yield chunk
            continue
        try:
            yield inflater.decompress(chunk, _CHUNK_BYTES)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, _CHUNK_BYTES)
        except zlib.error:
            raise Malformed("The body is not gzip as Content-Encoding says") from None
    if inflater is not None and not inflater.eof:
        raise Malformed("The gzip body is cut off")


async def _patiently(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A body may take as long as it likes, but not stand still."""
    while True:
        try:
            chunk = await asyncio.wait_for(anext(chunks, None), BODY_TIMEOUT_S)
        except TimeoutError:
            raise Malformed(f"Nothing arrived for {BODY_TIMEOUT_S:g} s") from None
        if chunk is None:
            return
        yield chunk


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines without their ends; of one over LINE_BYTES_MAX only as much as shows that it is."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > LINE_BYTES_MAX:
            rest = rest[: LINE_BYTES_MAX + 1]
    if rest:
        yield rest
