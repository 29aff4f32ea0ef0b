"""Recipients react on our own pages: they click, open, or say that a message was not relevant."""

from msgspec import structs

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import NotFound
from services.delivery import wire
from services.delivery.domain.reactions import PROVIDER, Reaction, event_of
from services.delivery.domain.receipts import Receipt
from services.delivery.ports import Records, Targets


class React:
    """Answers `react`: records the reaction as a receipt, and says where a link leads.

    The gateway has verified the link's signature. Raises NotFound for a message or target that is
    not there.
    """

    def __init__(self, db: Database, targets: Targets, records: Records, clock: Clock) -> None:
        self._db = db
        self._targets = targets
        self._records = records
        self._clock = clock

    async def __call__(self, request: Request) -> bytes:
        asked = wire.read_reaction(request.body, self._clock.now())
        url = await self._db.retrying(lambda: self._take(request.workspace, asked))
        return wire.reaction_reply(url)

    async def _take(self, workspace: str, reaction: Reaction) -> str:
        async with self._db.worker() as tx:
            workspace, reaction = await self._resolved(tx, workspace, reaction)
            url = await self._url(tx, workspace, reaction)
            if reaction.message_id is None:
                raise NotFound("This link is not valid")
            sent = await self._targets.find_sent(tx, workspace, reaction.message_id)
            if sent is None:
                raise NotFound("There is no such message")
            receipt = Receipt(
                workspace=sent.workspace,
                provider=PROVIDER,
                event=event_of(reaction, sent.message_id, sent.accepted_at, url),
                message_id=sent.message_id,
                decision_id=sent.decision_id,
                person=sent.person,
                channel=sent.channel,
                lane=sent.lane,
                traceparent=sent.traceparent,
            )
            now = self._clock.now()
            for new in await self._records.add_receipts(tx, [receipt], now):
                tx.emit(wire.receipt_fact(new, now))
        return url

    async def _resolved(self, tx: Tx, workspace: str, reaction: Reaction) -> tuple[str, Reaction]:
        """Workspace, message and target, which a short link's code stands for."""
        if not reaction.code:
            return workspace, reaction
        found = await self._targets.find_short(tx, reaction.code)
        if found is None:
            raise NotFound("This link is not valid")
        workspace, message_id, target = found
        return workspace, structs.replace(reaction, message_id=message_id, target=target)

    async def _url(self, tx: Tx, workspace: str, reaction: Reaction) -> str:
        if reaction.target is None:
            return ""
        url = await self._targets.find_target(tx, workspace, reaction.target)
        if url is None:
            raise NotFound("This link is not valid")
        return url
