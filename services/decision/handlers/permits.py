"""Permits: the last word before a provider call, from committed state."""

from collections.abc import Sequence
from typing import Protocol

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database, Tx
from services.decision.domain import state as states
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import PermitRefusedInput
from services.decision.domain.permit import Permit, permit
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work, survivor
from services.decision.ports.queries import Store
from services.decision.ports.states import Key, StoredState
from services.decision.wire import permits as wire

Asked = tuple[wire.Question, Permit]


class Gate(Protocol):
    """Whether permits may be granted at all."""

    def check(self) -> None:
        """Raise Unavailable where they may not."""


class Permits:
    """Answers `permit`: one set-based read for all questions; only refusals write."""

    def __init__(
        self,
        decider: Decider,
        store: Store,
        catalogs: Catalogs,
        db: Database,
        clock: Clock,
        gate: Gate,
    ) -> None:
        self._decider = decider
        self._store = store
        self._catalogs = catalogs
        self._db = db
        self._clock = clock
        self._gate = gate

    async def on_permit(self, request: Request) -> bytes:
        """Answers in the order of the questions; a refusal is recorded before it is answered.

        Raises Unavailable until the opt-outs kept by the gateway are taken in.
        """
        questions = wire.permit_questions(request.body)
        self._gate.check()
        async with self._db.autocommit() as tx:
            asked = await self._judge(tx, questions)
        refused = [(question, answer) for question, answer in asked if not answer.granted]
        if refused:
            await self._db.retrying(lambda: self._record(refused))
        return wire.permit_reply([_answer(answer) for _, answer in asked])

    async def _judge(self, tx: Tx, questions: Sequence[wire.Question]) -> list[Asked]:
        rows = await self._rows(tx, [(q.workspace, q.person) for q in questions])
        catalogs = await self._catalogs.current_with_controls(tx, {q.workspace for q in questions})
        now = self._clock.now()
        asked: list[Asked] = []
        for question in questions:
            row = rows.get(survivor((question.workspace, question.person), rows))
            state = states.decode(row.state) if row and row.state else states.new(question.person)
            catalog, controls = catalogs[question.workspace]
            answer = permit(
                state, question.message_id, catalog, now, controls, keyed=question.keyed
            )
            asked.append((question, answer))
        return asked

    async def _rows(self, tx: Tx, keys: Sequence[Key]) -> dict[Key, StoredState]:
        rows = await self._store.read_states(tx, keys)
        while True:
            ends = {survivor(key, rows) for key in keys}
            missing = [end for end in ends if end not in rows and end not in keys]
            if not missing:
                return rows
            rows |= await self._store.read_states(tx, missing)

    async def _record(self, refused: Sequence[Asked]) -> None:
        now = self._clock.now()
        work: dict[Key, Work] = {}
        for question, verdict in refused:
            key = (question.workspace, question.person)
            refusal = PermitRefusedInput(
                id=derive_id(question.message_id, "permit", now.isoformat()),
                message_id=question.message_id,
                reason=str(verdict.reason),
                at=now,
                until=verdict.until,
            )
            work.setdefault(key, Work(key)).inputs.append(refusal)
        async with self._db.worker() as tx:
            await self._decider.decide(tx, list(work.values()), "now")


def _answer(answer: Permit) -> wire.Answer:
    return wire.Answer(
        granted=answer.granted,
        reason=str(answer.reason or ""),
        reason_en=answer.sentence("en"),
        reason_de=answer.sentence("de"),
    )
