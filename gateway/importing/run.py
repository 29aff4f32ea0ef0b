"""One import under way: rows in groups to ingest, progress and refused rows to Postgres.

A row without a `messageId` gets one made of the import and its number, so that whatever was sent
twice is stored once. Progress is written with the refused rows of the same stretch, after ingest
has committed it: an import that starts again skips what is written, and repeats at most the stretch
that was under way, which ingest recognises.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from contracts.topology import ACCEPT, PROFILE
from gateway.importing.formats import LINE_BYTES_MAX, Row
from gateway.importing.mapping import RowError, RowMapping
from gateway.store import imports as store
from gateway.wire import ingest as wire
from kit.bus.rpc import Caller
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import NotFound, Overloaded, Unavailable

GROUP_ROWS_MAX = 500
GROUP_BYTES_MAX = 400 * 1024
"""Rows sent to ingest at once: one question on NATS."""
STRETCH_GROUPS = 4
STRETCHES = 3
"""Stretches under way at once: ingest always has rows to commit while others are noted."""
TRIES = 8
"""A group is offered again while ingest is away or busy: about 25 s in all, then the import stops
and can be continued."""
LOOKUPS_AT_ONCE = 16
REFUSALS_KEPT_MAX = 100_000
"""More are counted, not named: a file that is wrong throughout says so sooner."""

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Parts:
    """What an import works with."""

    db: Database
    caller: Caller
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whose import it is and how its rows are read."""

    workspace: str
    id: UUID
    holder: UUID
    mapping: RowMapping
    base: Mapping[str, Any]
    call: str
    dry_run: bool


@dataclass
class Group:
    """Items on their way to ingest; `numbers` are those of their rows."""

    items: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bytes: int = 0


@dataclass
class Stretch:
    """Groups whose progress is written together; `until` is the last row read for it."""

    groups: list[Group] = field(default_factory=lambda: [Group()])
    refused: list[store.Refusal] = field(default_factory=list)
    by_email: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    until: int = 0

    @property
    def full(self) -> bool:
        last = self.groups[-1]
        rows = len(last.items) + len(self.by_email)
        return len(self.groups) == STRETCH_GROUPS and rows >= GROUP_ROWS_MAX

    def add(self, number: int, item: bytes) -> None:
        group = self.groups[-1]
        full = len(group.items) >= GROUP_ROWS_MAX or group.bytes + len(item) > GROUP_BYTES_MAX
        if full and group.items:
            group = Group()
            self.groups.append(group)
        group.items.append(item)
        group.numbers.append(number)
        group.bytes += len(item) + 1


class Import:
    """Takes rows in order; nothing of a file is kept longer than its stretch is under way.

    Args:
        done: rows up to this one are stored; they are passed over.
    """

    def __init__(self, parts: Parts, source: Source, done: int, refused: int) -> None:
        self._parts = parts
        self._source = source
        self._done = done
        self._refused = refused
        self._base = {name: msgspec.Raw(_encode(value)) for name, value in source.base.items()}
        self._stretch = Stretch()
        self._under_way: deque[asyncio.Task[None]] = deque()

    async def take(self, number: int, row: Row) -> None:
        """One row of the file."""
        if number <= self._done:
            return
        stretch = self._stretch
        stretch.until = number
        try:
            self._read(number, row)
        except RowError as error:
            self._refuse(stretch, number, error.status, error.reason, error.place)
        if stretch.full or len(stretch.groups) > STRETCH_GROUPS:
            await self._send()

    async def finish(self) -> None:
        """Sends what is left and waits for all of it."""
        await self._send()
        while self._under_way:
            await self._under_way.popleft()

    async def cancel(self) -> None:
        """Waits for what is under way, whatever comes of it."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _read(self, number: int, row: Row) -> None:
        if isinstance(row, bytes):
            if len(row) > LINE_BYTES_MAX:
                raise RowError(f"The line is over {LINE_BYTES_MAX} bytes", status=413)
            if self._source.mapping.plain:
                self._read_plain(number, row)
                return
            row = _object(row)
        item = self._source.mapping.item(row)
        item.setdefault("messageId", self._message_id(number))
        self._place(number, item)

    def _read_plain(self, number: int, line: bytes) -> None:
        """A line that is an item already: only what is missing is added, nothing is decoded."""
        try:
            raw = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowError("The line is not a JSON object") from None
        if "email" in raw and not ("userId" in raw or "anonymousId" in raw):
            item = {**self._source.base, **_object(line)}
            item.setdefault("messageId", self._message_id(number))
            self._place(number, item)
            return
        missing = {name: value for name, value in self._base.items() if name not in raw}
        if "messageId" not in raw:
            missing["messageId"] = msgspec.Raw(_encode(self._message_id(number)))
        self._stretch.add(number, _encode({**missing, **raw}) if missing else line)

    def _place(self, number: int, item: dict[str, Any]) -> None:
        """Somebody known by their address only has to be looked up first."""
        email = item.pop("email", None)
        if email and not (item.get("userId") or item.get("anonymousId")):
            self._stretch.by_email.append((number, str(email), item))
            return
        self._stretch.add(number, _encode(item))

    def _message_id(self, number: int) -> str:
        return f"import:{self._source.id}:{number}"

    async def _send(self) -> None:
        if len(self._under_way) == STRETCHES:
            await self._under_way.popleft()
        stretch, self._stretch = self._stretch, Stretch()
        if stretch.until:
            before = self._under_way[-1] if self._under_way else None
            self._under_way.append(asyncio.create_task(self._store(stretch, before)))

    async def _store(self, stretch: Stretch, before: asyncio.Task[None] | None) -> None:
        """Has ingest commit a stretch, then writes that it is done, once the one before is."""
        await self._look_up(stretch)
        told = await asyncio.gather(
            *(self._offer(group) for group in stretch.groups if group.items)
        )
        for group, each in told:
            for one in each.refused:
                pointer = one.pointer.partition("/batch/")[2].partition("/")[2]
                number = group.numbers[one.index]
                place = f"/{pointer}" if pointer else ""
                self._refuse(stretch, number, one.status, one.reason, place)
        if before:
            await asyncio.shield(before)
        await self._note(stretch, [each for _, each in told])

    async def _note(self, stretch: Stretch, told: Sequence[wire.Accepted]) -> None:
        room = max(REFUSALS_KEPT_MAX - self._refused, 0)
        self._refused += len(stretch.refused)
        progress = store.Progress(
            rows=stretch.until,
            accepted=sum(each.accepted for each in told),
            repeated=sum(each.repeated for each in told),
            refused=len(stretch.refused),
        )
        source, at = self._source, self._parts.clock.now()
        async with self._parts.db.api(source.workspace) as tx:
            await store.progress(tx, source.workspace, source.id, source.holder, progress, at)
            await store.refuse(tx, source.workspace, source.id, stretch.refused[:room])

    async def _look_up(self, stretch: Stretch) -> None:
        """Finds the people of rows that only name an address."""
        limit = asyncio.Semaphore(LOOKUPS_AT_ONCE)

        async def find(email: str) -> dict[str, str] | None:
            async with limit:
                return await self._ids(email)

        emails = list({email for _, email, _ in stretch.by_email})
        ids = dict(zip(emails, await asyncio.gather(*map(find, emails)), strict=True))
        for number, email, item in stretch.by_email:
            found = ids[email]
            if found is None:
                reason = "Nobody has this address: import the customers first, or name a userId"
                self._refuse(stretch, number, 404, reason, "/email")
            else:
                stretch.add(number, _encode({**item, **found}))

    async def _ids(self, email: str) -> dict[str, str] | None:
        request = wire.profile_request(f"email:{email}")
        try:
            reply = await self._patiently(PROFILE, request)
        except NotFound:
            return None
        person = wire.profile(reply)
        if person.user_ids:
            return {"userId": person.user_ids[0]}
        return {"anonymousId": person.anonymous_ids[0]}

    async def _offer(self, group: Group) -> tuple[Group, wire.Accepted]:
        delivery = wire.Delivery(
            call=self._source.call,
            body=b'{"batch":[' + b",".join(group.items) + b"]}",
            from_browser=False,
            received_at=self._parts.clock.now(),
            client_ip="",
            user_agent="",
            dry_run=self._source.dry_run,
        )
        return group, wire.accepted(await self._patiently(ACCEPT, wire.accept_request(delivery)))

    async def _patiently(self, spec: Any, request: bytes) -> bytes:
        """Asks again while the other side is away or busy."""
        for number in range(1, TRIES):
            try:
                return await self._parts.caller.call(spec, self._source.workspace, request)
            except (Overloaded, Unavailable):
                await asyncio.sleep(0.1 * 2**number)
        return await self._parts.caller.call(spec, self._source.workspace, request)

    def _refuse(self, stretch: Stretch, number: int, status: int, reason: str, place: str) -> None:
        stretch.refused.append(store.Refusal(number, status, reason, place))


def _object(line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RowError("The line is not a JSON object") from None
