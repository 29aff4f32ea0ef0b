"""Answers who somebody is, who there is, and makes two profiles one."""

from collections.abc import Callable
from uuid import UUID

from kit import telemetry
from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Conflict, Invalid, NotFound
from services.ingest import wire
from services.ingest.domain import refs
from services.ingest.domain.endpoints import Spelling
from services.ingest.domain.identity import Asked, merge_known
from services.ingest.domain.refs import ByPhone
from services.ingest.domain.rules import Rules
from services.ingest.domain.traits import as_address
from services.ingest.handlers.committing import Acceptance
from services.ingest.ports import Asking, Person, Stale, Store

TRIES_MAX = 8


class Directory:
    """Answers `profile`, `profiles` and `merge`."""

    def __init__(
        self,
        db: Database,
        store: Store,
        clock: Clock,
        spelling: Spelling,
        acceptance: Acceptance,
        rules_of: Callable[[str], Rules],
    ) -> None:
        self._rules_of = rules_of
        self._db = db
        self._store = store
        self._clock = clock
        self._spelling = spelling
        self._acceptance = acceptance

    async def on_profile(self, tx: Tx, request: Request) -> bytes:
        """The living profile a reference leads to; NotFound for an unknown or unreadable one."""
        person = await self._person(tx, request.workspace, wire.read_profile(request))
        return wire.profile_reply(person)

    async def on_profiles(self, tx: Tx, request: Request) -> bytes:
        """A page of living profiles, newest first; Invalid for an address that is none."""
        asked = wire.read_profiles(request)
        asking = Asking(
            email=self._email(asked.email),
            phone=self._phone(request.workspace, asked.phone),
            before=asked.before,
            limit=asked.limit + 1,
        )
        found = await self._store.find_people(tx, request.workspace, asking)
        return wire.profiles_reply(found[: asked.limit], more=len(found) > asked.limit)

    async def on_merge(self, request: Request) -> bytes:
        """Makes two profiles one, user ids and all; asked again, it changes nothing.

        This is the only way two profiles with user ids ever merge.
        """
        workspace = wire.workspace_of(request)
        ref, other, reason = wire.read_merge(request)
        for _ in range(TRIES_MAX):
            try:
                async with self._db.worker() as tx:
                    changed, winner = await self._merge(tx, workspace, ref, other, reason)
                    person = await self._person(tx, workspace, str(winner))
                    return wire.merge_reply(person, changed=changed)
            except Stale:
                continue
        raise Conflict("Both are being changed by others; try again")

    async def _merge(
        self, tx: Tx, workspace: str, ref: str, other: str, reason: str
    ) -> tuple[bool, UUID]:
        stays = (await self._person(tx, workspace, ref)).profile.id
        goes = (await self._person(tx, workspace, other)).profile.id
        if stays == goes:
            return False, stays
        locked = await self._store.lock(tx, {(workspace, stays), (workspace, goes)})
        asked = Asked(
            occurred_at=self._clock.now(),
            traceparent=telemetry.current_traceparent(),
            reason=reason or "asked for",
        )
        planned = merge_known(locked[stays], locked[goes], asked)
        await self._acceptance.write_plan(tx, planned)
        return True, planned.home_of(stays)

    async def _person(self, tx: Tx, workspace: str, text: str) -> Person:
        ref = refs.parse(text)
        if isinstance(ref, ByPhone):
            ref = ByPhone(self._phone(workspace, ref.number))
        person = await self._store.find_person(tx, workspace, ref) if ref else None
        if person is None:
            raise NotFound(
                "There is no such profile: name it by its id, user:<userId>, anonymous:<id>, "
                "external:<system>:<id>, email:<address> or phone:<number>"
            )
        return person

    def _email(self, text: str) -> str:
        if not text:
            return ""
        address = as_address(text)
        if not address or "\x00" in address:
            raise Invalid("email is no address", errors=[{"parameter": "email"}])
        return address

    def _phone(self, workspace: str, text: str) -> str:
        if "\x00" in text:
            raise Invalid("phone is no number", errors=[{"parameter": "phone"}])
        return (self._spelling.phone(text, self._region(workspace)) or text.strip()) if text else ""

    def _region(self, workspace: str) -> str:
        return self._rules_of(workspace).phone_region
