"""Sending a group of claimed messages.

    drafted → rate taken → permitted → `calling` committed → called → outcome handed over

All of a group go through one provider account. One permit request and one commit serve the whole
group; the calls run side by side. A permit that ran out before the first byte was written is asked
for again. While decision, the catalog or Postgres are away the group waits and tries again; what
ends meanwhile expires.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from opentelemetry.trace import SpanKind

from contracts.telemetry import (
    ATTRIBUTE_CHANNEL,
    ATTRIBUTE_DECISION,
    ATTRIBUTE_MESSAGE,
    ATTRIBUTE_OUTCOME,
    ATTRIBUTE_PROVIDER,
    ATTRIBUTE_WORKSPACE,
    SPAN_ATTEMPT,
    SPAN_PROVIDER_CALL,
)
from kit import telemetry
from kit.bus.spec import BULK
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import KairosError, Unavailable
from services.delivery.domain import attempts, faults
from services.delivery.domain.attempts import Conclusion, Result
from services.delivery.domain.message import Claim, Order
from services.delivery.domain.rates import Rate
from services.delivery.handlers.accounts import Account, Accounts
from services.delivery.handlers.drafting import Drafts, Letter, Letterhead, Unsendable
from services.delivery.handlers.outcomes import Outcomes
from services.delivery.handlers.waiting import first_of, is_set
from services.delivery.ports import Outbound, Permit, PermitExpired, Permits, Rates, Written

log = logging.getLogger("kairos.delivery")

PAUSE_S_MIN, PAUSE_S_MAX = 0.1, 2.0
"""Pauses while a neighbour is away."""


@dataclass(frozen=True)
class Tools:
    """What sending works with.

    Args:
        chance: random numbers in [0, 1).
        sender: the name under which this process holds claims; None while it may not send.
    """

    db: Database
    clock: Clock
    outbound: Outbound
    drafts: Drafts
    permits: Permits
    accounts: Accounts
    rates: Rates
    chance: Callable[[], float]
    sender: Callable[[], UUID | None]


class Sending:
    """One group of messages on its way out.

    Args:
        account: who takes them all.
        release: called with the number of messages whose fate is sealed; frees their slots.
        stop: set when the process ends; what was not called is then given back.
    """

    def __init__(
        self,
        tools: Tools,
        outcomes: Outcomes,
        account: Account,
        claims: Sequence[Claim],
        release: Callable[[int], None],
        stop: asyncio.Event,
    ) -> None:
        self._tools = tools
        self._outcomes = outcomes
        self._account = account
        self._undrafted = deque(claims)
        self._letters: list[Letter] = []
        self._release = release
        self._stop = stop

    async def run(self) -> None:
        """Returns when every message of the group was called, concluded or given back."""
        pause_s = PAUSE_S_MIN
        while True:
            self._expire()
            if not self._undrafted and not self._letters:
                return
            if self._stop.is_set() or self._account.closed_for_s():
                await self._leave()
                return
            try:
                await self._draft()
                if wait_s := await self._round():
                    await first_of(is_set(self._stop), timeout_s=wait_s)
                pause_s = PAUSE_S_MIN
            except KairosError as error:  # whatever a neighbour says: no permit, no call
                log.warning("%d messages wait: %s", len(self._held()), error)
                await first_of(is_set(self._stop), timeout_s=pause_s * (0.5 + self._tools.chance()))
                pause_s = min(pause_s * 2, PAUSE_S_MAX)

    def _held(self) -> list[Claim]:
        return [*self._undrafted, *(letter.claim for letter in self._letters)]

    def _expire(self) -> None:
        """Concludes what must not be called any more."""
        now = self._tools.clock.now()
        over = {claim.order.key for claim in self._held() if now >= attempts.last_call_at(claim)}
        if not over:
            return
        for claim in self._held():
            if claim.order.key in over:
                self._finish(claim, attempts.expire(claim), Result(faults.OVER))
        self._undrafted = deque(c for c in self._undrafted if c.order.key not in over)
        self._letters = [each for each in self._letters if each.claim.order.key not in over]

    async def _draft(self) -> None:
        """Drafts all at once, so that they are rendered as one batch.

        Where a neighbour is away the drafts that were made stay, and its error rises.
        """
        claims = list(self._undrafted)
        made = await asyncio.gather(
            *(self._tools.drafts.draft(claim, self._letterhead) for claim in claims),
            return_exceptions=True,
        )
        self._undrafted.clear()
        errors: list[BaseException] = []
        for claim, draft in zip(claims, made, strict=True):
            match draft:
                case Letter():
                    self._letters.append(draft)
                case Unsendable():
                    result = Result(draft.fault, detail=draft.detail)
                    self._finish(claim, self._conclude(claim, result), result)
                case BaseException():
                    errors.append(draft)
                    self._undrafted.append(claim)
        if errors:
            raise errors[0]

    async def _round(self) -> float:
        """Rate, permits, `calling`, calls; keeps the letters that have to go another time.

        Returns how long to wait before the next round: the account's rate has no room until then.
        """
        if not self._letters:
            return 0.0
        allowed, wait_s = await self._allowed(len(self._letters))
        letters, late = self._letters[:allowed], self._letters[allowed:]
        if not letters:
            return wait_s
        answers = await self._tools.permits.ask(
            [letter.claim.order for letter in letters], keyed=self._account.provider.keyed
        )
        self._letters = late
        permitted: list[tuple[Letter, Permit]] = []
        for letter, answer in zip(letters, answers, strict=True):
            if isinstance(answer, Permit):
                permitted.append((letter, answer))
            else:
                result = Result(faults.NO_PERMIT, detail=answer.reason)
                self._finish(letter.claim, attempts.cancel(letter.claim), result)
        self._letters = [*(letter for letter, _ in permitted), *late]
        kept = await self._mark_calling([letter.claim for letter, _ in permitted])
        self._release(len(permitted) - len(kept))
        calls = [pair for pair in permitted if pair[0].claim.order.key in kept]
        called = await asyncio.gather(*(self._call(*each) for each in calls))
        expired = [pair[0] for pair, done in zip(calls, called, strict=True) if not done]
        self._letters = [*expired, *late]
        return 0.0

    async def _allowed(self, wanted: int) -> tuple[int, float]:
        """How many calls the account's rate has room for now, and how long until the next one."""
        document, order = self._account.document, self._letters[0].claim.order
        if not document.per_second:
            return wanted, 0.0
        rate = Rate.of(document.per_second, bulk=order.lane == BULK)
        async with self._tools.db.autocommit() as tx:
            now = self._tools.clock.now()
            return await self._tools.rates.take(
                tx, order.workspace, self._account.key, rate, wanted, now
            )

    async def _mark_calling(self, claims: Sequence[Claim]) -> set[tuple[str, UUID]]:
        """Commits that these are being called; the keys of those that are still ours."""
        tools, account = self._tools, self._account
        sender = tools.sender()
        if sender is None or not claims:
            return set()

        async def mark() -> set[tuple[str, UUID]]:
            async with tools.db.autocommit() as tx:
                now = tools.clock.now()
                keyed = account.provider.keyed
                return await tools.outbound.mark_calling(
                    tx, sender, claims, account.key, now, keyed=keyed
                )

        kept = await tools.db.retrying(mark)
        if len(kept) < len(claims):
            log.warning("%d messages were taken over by another process", len(claims) - len(kept))
        return kept

    async def _call(self, letter: Letter, permit: Permit) -> bool:
        """Calls the provider; False where the permit ran out before."""
        claim, account = letter.claim, self._account
        called_at = self._tools.clock.now()
        probe = account.start()
        with _attempt_span(claim.order, account.key) as traced:
            try:
                result = await account.provider.send(letter.outgoing, permit)
            except PermitExpired:
                account.cancel(probe=probe)
                return False
            conclusion = self._conclude(claim, result)
            traced.conclude(conclusion)
        account.end(result, probe=probe)
        self._finish(
            claim, conclusion, result, letter=letter, called_at=called_at, trace=traced.parent
        )
        return True

    def _conclude(self, claim: Claim, result: Result) -> Conclusion:
        tools = self._tools
        return attempts.conclude(
            claim,
            result,
            keyed=self._account.provider.keyed,
            now=tools.clock.now(),
            chance=tools.chance(),
        )

    def _finish(
        self,
        claim: Claim,
        conclusion: Conclusion,
        result: Result,
        *,
        letter: Letter | None = None,
        called_at: datetime | None = None,
        trace: str = "",
    ) -> None:
        """Hands the outcome over and frees the slot."""
        self._outcomes.put(
            Written(
                claim=claim,
                conclusion=conclusion,
                at=self._tools.clock.now(),
                provider=self._account.key if called_at else "",
                result=result,
                called_at=called_at,
                subject=letter.outgoing.content.subject if letter else "",
                content_sha256=letter.sha256 if letter else b"",
                traceparent=trace,
            )
        )
        self._release(1)

    @property
    def _letterhead(self) -> Letterhead:
        return self._account.letterhead or Letterhead()

    async def _leave(self) -> None:
        """Gives back what was not called; due again at once, or when the account opens."""
        closed_s = self._account.closed_for_s()
        now = self._tools.clock.now()
        claims = self._held()
        times = [now + timedelta(seconds=closed_s * (1 + self._tools.chance())) for _ in claims]
        await put_back(self._tools, claims, times)
        self._release(len(claims))


async def put_back(
    tools: Tools, claims: Sequence[Claim], next_at: datetime | Sequence[datetime]
) -> None:
    """Gives claims up, however long Postgres is away; each is due at its time."""
    sender = tools.sender()
    if sender is None:
        return
    times = [next_at] * len(claims) if isinstance(next_at, datetime) else next_at

    async def give_back() -> None:
        async with tools.db.autocommit() as tx:
            await tools.outbound.put_back(tx, sender, claims, times)

    while claims:
        try:
            await tools.db.retrying(give_back)
        except Unavailable as error:
            log.warning("%d messages cannot be given back yet: %s", len(claims), error)
            await asyncio.sleep(PAUSE_S_MAX)
        else:
            return


class _Traced:
    """The span of an attempt, or nothing where its trace is not kept."""

    def __init__(self) -> None:
        self.parent = ""
        self.outcome = ""

    def conclude(self, conclusion: Conclusion) -> None:
        """Notes how it ended."""
        self.outcome = conclusion.outcome.value


@contextmanager
def _attempt_span(order: Order, provider: str) -> Generator[_Traced]:
    """Spans of the attempt and the call inside; costs nothing for traces that are not kept."""
    traced = _Traced()
    if not telemetry.is_sampled(order.traceparent):
        yield traced
        return
    about = {
        ATTRIBUTE_WORKSPACE: order.workspace,
        ATTRIBUTE_MESSAGE: str(order.message_id),
        ATTRIBUTE_DECISION: str(order.decision_id),
        ATTRIBUTE_CHANNEL: order.channel,
    }
    with telemetry.span(SPAN_ATTEMPT, parent=order.traceparent, attributes=about) as attempt:
        traced.parent = telemetry.current_traceparent()
        with telemetry.span(
            SPAN_PROVIDER_CALL, kind=SpanKind.CLIENT, attributes={ATTRIBUTE_PROVIDER: provider}
        ):
            yield traced
        attempt.set_attribute(ATTRIBUTE_OUTCOME, traced.outcome or "permit expired")
