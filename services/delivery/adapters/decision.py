"""Permits, asked of decision in one request for many calls."""

from collections.abc import Sequence

from contracts.topology import PERMIT
from kit.bus.rpc import Caller
from kit.clock import Clock
from kit.errors import Unavailable
from services.delivery import wire
from services.delivery.domain.message import Order
from services.delivery.ports import Permit, Refusal


class DecisionPermits:
    """Asks decision whether calls may start.

    A permit's time runs from before the question: decision read its state at some moment after
    that, so no call starts later than `ttl_s` after a withdrawal it could not see.
    """

    def __init__(self, caller: Caller, clock: Clock, ttl_s: float) -> None:
        self._caller = caller
        self._clock = clock
        self._ttl_s = ttl_s

    async def ask(self, orders: Sequence[Order], *, keyed: bool) -> list[Permit | Refusal]:
        """One answer for each order, in order; raises Unavailable where decision cannot answer."""
        good_until_s = self._clock.monotonic() + self._ttl_s
        body = await self._caller.call(PERMIT, "", wire.permit_question(orders, keyed=keyed))
        answers = wire.read_permits(body)
        if len(answers) != len(orders):
            raise Unavailable(f"decision answered {len(answers)} of {len(orders)} questions")
        return [Permit(good_until_s) if granted else Refusal(reason) for granted, reason in answers]
