"""Answers about decisions: what would be decided, whether it is so again, what else was worth."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kit.bus.rpc import Request
from kit.clock import Clock, to_us
from kit.db.database import Tx
from kit.errors import Invalid, NotFound
from services.decision.domain import decisions as decided
from services.decision.domain import inputs as given
from services.decision.domain import state as states
from services.decision.domain.evaluation import Evaluator, Logged
from services.decision.domain.model import decode_controls
from services.decision.domain.preview import World, preview
from services.decision.domain.step import step
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.models import Models
from services.decision.handlers.permission import read_state
from services.decision.ports.queries import Store
from services.decision.ports.states import StoredDecision, StoredStep
from services.decision.ports.trials import LoggedTrial, TrialStore
from services.decision.wire import judging as wire

AHEAD_MAX = timedelta(days=400)
"""How far ahead a preview looks: what a year brings, and a little."""
REPLAYED_MAX = 100
"""Decisions run again per page, about 20 ms: permits wait no longer."""
LOG_PAGE = 1_000
"""Trials judged at once, about 20 ms."""
LOG_MAX = 200_000
"""Trials judged for one question, about 5 s."""


class JudgingDesk:
    """Answers `preview`, `replay` and `evaluate`."""

    def __init__(
        self, store: Store, log: TrialStore, catalogs: Catalogs, clock: Clock, models: Models
    ) -> None:
        self._store = store
        self._log = log
        self._catalogs = catalogs
        self._clock = clock
        self._models = models

    async def on_preview(self, tx: Tx, request: Request) -> bytes:
        """What would be decided for the person as things stand; changes nothing.

        Invalid for a time that is past or over AHEAD_MAX away.
        """
        asked = wire.preview_question(request.body)
        now = self._clock.now()
        at = asked.at or now
        if not now <= at <= now + AHEAD_MAX:
            detail = f"a time from now on, at most {AHEAD_MAX.days} days ahead"
            problem = {"pointer": "/at", "detail": detail}
            raise Invalid("Nothing can be tried for that time", errors=[problem])
        workspace = request.workspace
        heads = await self._catalogs.current_with_controls(tx, {workspace})
        catalog, controls = heads[workspace]
        state = await read_state(tx, self._store, (workspace, asked.person))
        world = World(catalog, controls, self._models.current(workspace))
        told = preview(state, world, now, at, template=asked.template, journey=asked.journey)
        return wire.preview_reply(told)

    async def on_replay(self, tx: Tx, request: Request) -> bytes:
        """Runs stored decisions again; each must come out as it is stored, to the bit.

        NotFound where an id named is none.
        """
        asked = wire.replay_question(request.body)
        limit = min(asked.limit or REPLAYED_MAX, REPLAYED_MAX)
        if asked.ids:
            found = [
                await self._store.get_decision(tx, request.workspace, each)
                for each in asked.ids[:REPLAYED_MAX]
            ]
        else:
            low = asked.after or _id_at(asked.span.since)
            high = _id_at(asked.span.until) if asked.span.until else None
            found = await self._store.list_decisions(tx, request.workspace, low, high, limit)
        differing = [
            stored.id for stored, basis in found if not await self._agrees(tx, stored, basis)
        ]
        more = not asked.ids and len(found) == limit
        return wire.replay_reply(len(found), differing, found[-1][0].id if more else None)

    async def _agrees(self, tx: Tx, stored: StoredDecision, basis: StoredStep) -> bool:
        catalog = await self._catalogs.at(tx, basis.workspace, basis.catalog_revision)
        model = await self._models.at(tx, basis.workspace, basis.model_revision)
        result = step(
            states.decode(basis.state_before),
            given.decode(basis.inputs),
            catalog,
            basis.at,
            decode_controls(basis.controls),
            model,
        )
        return stored.decision in [decided.encode(each) for each in result.decisions]

    async def on_evaluate(self, tx: Tx, request: Request) -> bytes:
        """What another policy would have been worth on the log of decisions with a choice.

        Only messages whose window is over count: of younger ones those that were answered would
        be seen and those that will not be would not. NotFound where there are none.
        """
        asked = wire.evaluate_question(request.body)
        evaluator = Evaluator(asked.policy, self._models.current(request.workspace))
        async for page in self._pages(tx, request.workspace, asked):
            for one in page:
                evaluator.add(_logged(one))
            if evaluator.count > LOG_MAX:
                problem = {"pointer": "/since", "detail": f"at most {LOG_MAX} decisions at once"}
                raise Invalid("The log of that time is too long", errors=[problem])
            await asyncio.sleep(0)
        if not evaluator.count:
            raise NotFound("No decision with a choice whose window is over in that time")
        return wire.evaluate_reply(evaluator.result())

    async def _pages(
        self, tx: Tx, workspace: str, asked: wire.EvaluateQuestion
    ) -> AsyncIterator[Sequence[LoggedTrial]]:
        now = self._clock.now()
        after: tuple[datetime, UUID] | None = None
        while True:
            page = await self._log.list_choices(
                tx, workspace, (asked.span.since, asked.span.until or now, now), asked.template,
                after, LOG_PAGE,
            )  # fmt: skip
            yield page
            if len(page) < LOG_PAGE:
                return
            after = (page[-1].sent_at, page[-1].message)


def _logged(one: LoggedTrial) -> Logged:
    actions = decided.decode_actions(one.actions)
    arms = tuple(((each.template, each.variant, each.channel), each.share) for each in actions)
    done = (one.template, one.variant, one.channel)
    chosen = next(i for i, (arm, _) in enumerate(arms) if arm == done)
    return Logged(one.bucket, arms, chosen, float(one.answered))


def _id_at(at: datetime | None) -> UUID:
    """The lowest id a decision made then can have: ids begin with their time (UUIDv7)."""
    return UUID(int=(to_us(at) // 1000) << 80) if at else UUID(int=0)
