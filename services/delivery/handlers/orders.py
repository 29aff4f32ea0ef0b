"""Orders come in."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from kit.bus.spec import IncomingFact
from kit.clock import Clock
from kit.db.database import Tx
from services.delivery import wire
from services.delivery.domain.message import Claim
from services.delivery.ports import Orders


class Intake(Protocol):
    """The lane that will send them."""

    def sender_for(self, count: int) -> UUID | None:
        """Who claims so many new orders at once; None where they have to wait in the store."""
        ...

    def take(self, claims: Sequence[Claim]) -> None:
        """Hands claimed messages over."""
        ...

    def look(self) -> None:
        """Says that messages wait in the store."""
        ...


class OnDecisions:
    """Stores what was ordered and hands it to the sending lane the moment it is committed.

    An order seen before changes nothing; facts about anything else are passed over.
    """

    def __init__(self, orders: Orders, lanes: Mapping[str, Intake], clock: Clock) -> None:
        self._orders = orders
        self._lanes = lanes
        self._clock = clock

    async def __call__(self, tx: Tx, facts: Sequence[IncomingFact]) -> None:
        found = [order for fact in facts if (order := wire.read_order(fact)) is not None]
        if not found:
            return
        lane = self._lanes[found[0].lane]
        sender = lane.sender_for(len(found))
        claims = await self._orders.add(tx, found, sender, self._clock.now())
        if sender is None:
            tx.after_commit(lane.look)
        elif claims:
            tx.after_commit(lambda: lane.take(claims))
