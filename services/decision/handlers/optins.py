"""Double opt-in: what a person says is consent only once their address has said it too."""

import secrets
from datetime import timedelta
from hashlib import sha256

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from services.decision.domain.inputs import (
    EventInput,
    EventKind,
    PermissionInput,
    PermissionPart,
    PermissionStatus,
)
from services.decision.domain.ledger import OptIn
from services.decision.domain.permission import DOUBLE_OPT_IN, consent_key, fingerprint
from services.decision.domain.state import PersonState
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work
from services.decision.handlers.ledger import Ledger
from services.decision.handlers.permission import read_state
from services.decision.ports.queries import Store
from services.decision.wire import optins as wire

REQUESTED = "$opt_in_requested"
"""The event that begins the journey which sends the confirmation message."""
VALID = timedelta(days=7)
"""How long a token can come back; who does not confirm is never reminded."""
TOKEN_BYTES = 32


class OptInDesk:
    """Answers `begin_opt_in`, `opt_in`, `confirm_opt_in` and `suppressions`."""

    def __init__(
        self, decider: Decider, store: Store, ledger: Ledger, catalogs: Catalogs, clock: Clock
    ) -> None:
        self._decider = decider
        self._store = store
        self._ledger = ledger
        self._catalogs = catalogs
        self._clock = clock

    async def on_begin(self, tx: Tx, request: Request) -> bytes:
        """Makes consent pending and has the confirmation message ordered, once.

        Asked again while it can still be confirmed it sends nothing: there is no reminder, and
        nobody's mailbox can be filled this way. Where the address has confirmed already it says so.
        """
        asked = wire.begin_request(request.body)
        now = self._clock.now()
        catalogs = await self._catalogs.current(tx, {request.workspace})
        if REQUESTED not in catalogs[request.workspace].live:
            raise Invalid(f"No live journey begins with {REQUESTED}: nothing would be sent")
        await self._decider.lock(tx, [(request.workspace, asked.person)], now)
        state = await read_state(tx, self._store, (request.workspace, asked.person))
        endpoint = state.endpoints.get(asked.channel)
        if endpoint is None:
            raise Invalid(f"There is no address for {asked.channel} that could confirm")
        address = fingerprint(endpoint.address)
        if _is_confirmed(state, asked, address):
            return wire.begin_reply("confirmed", None)
        token = f"{request.workspace}.{secrets.token_urlsafe(TOKEN_BYTES)}"
        wanted = OptIn(
            request.workspace, _digest(token), state.person, asked.channel, asked.topic,
            asked.purpose, address, wire.as_text(asked.evidence), now, now + VALID,
        )  # fmt: skip
        known = await self._ledger.open_opt_in(tx, wanted)
        if known is not None:
            return wire.begin_reply("pending", known.expires_at)
        await self._ledger.save_opt_in(tx, wanted)
        await self._decider.decide(tx, [self._pending(request, asked, state, token)], "now")
        return wire.begin_reply("pending", wanted.expires_at)

    def _pending(self, request: Request, asked: wire.Begun, state: PersonState, token: str) -> Work:
        now = self._clock.now()
        change_id = new_id(self._clock)
        pending = PermissionInput(
            change_id, PermissionPart.CONSENT, PermissionStatus.PENDING, now, asked.purpose,
            asked.channel, asked.topic, DOUBLE_OPT_IN, str(change_id),
        )  # fmt: skip
        properties = {"channel": asked.channel, "topic": asked.topic, "confirm_token": token}
        event = EventInput(new_id(self._clock), 0, EventKind.TRACK, now, now, REQUESTED, properties)
        return Work(
            (request.workspace, state.person), [pending, event],
            request.headers.get("traceparent", ""), wire.as_text(asked.evidence),
        )  # fmt: skip

    async def on_look(self, tx: Tx, request: Request) -> bytes:
        """What a token stands for; NotFound for one that is not ours."""
        digest = _digest(wire.token_asked(request.body))
        found = await self._ledger.find_opt_in(tx, request.workspace, digest)
        if found is None:
            raise NotFound("This link is not valid")
        return wire.opt_in_reply(self._state(found), found.channel, found.topic)

    async def on_confirm(self, tx: Tx, request: Request) -> bytes:
        """Grants what the token stands for, to the one address it was sent to, once.

        A token that comes back again changes nothing: what was withdrawn since stays withdrawn.
        Raises NotFound where the token is not ours or its address is not the person's any more.
        """
        token, proof = wire.confirm_request(request.body)
        digest = _digest(token)
        found = await self._ledger.lock_opt_in(tx, request.workspace, digest)
        if found is None:
            raise NotFound("This link is not valid")
        if self._state(found) != "pending":
            return wire.confirm_reply(self._state(found), found.channel, found.topic)
        now = self._clock.now()
        await self._decider.lock(tx, [(request.workspace, found.person)], now)
        state = await read_state(tx, self._store, (request.workspace, found.person))
        endpoint = state.endpoints.get(found.channel)
        if endpoint is None or fingerprint(endpoint.address) != found.address:
            raise NotFound("The address this link was sent to is not in use any more")
        await self._ledger.confirm_opt_in(tx, found, now)
        change_id = new_id(self._clock)
        granted = PermissionInput(
            change_id, PermissionPart.CONSENT, PermissionStatus.GRANTED, now, found.purpose,
            found.channel, found.topic, DOUBLE_OPT_IN, str(change_id), endpoint.address,
        )  # fmt: skip
        evidence = wire.confirmed_evidence(found, proof, now)
        work = Work((request.workspace, state.person), [granted], "", evidence)
        await self._decider.decide(tx, [work], "now")
        return wire.confirm_reply("confirmed", found.channel, found.topic)

    async def on_suppressions(self, tx: Tx, request: Request) -> bytes:
        """A page of the suppressions in force."""
        channel, after, limit = wire.suppressions_request(request.body)
        found = await self._ledger.suppressions(tx, request.workspace, channel, after, limit)
        return wire.suppressions_reply(found, limit)

    def _state(self, found: OptIn) -> str:
        if found.confirmed_at is not None:
            return "confirmed"
        return "pending" if self._clock.now() < found.expires_at else "expired"


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _is_confirmed(state: PersonState, asked: wire.Begun, address: bytes) -> bool:
    key = consent_key(asked.purpose, asked.channel, asked.topic)
    consent = state.permission.consents.get(key)
    return consent is not None and consent.status == "granted" and consent.address == address
