"""Answers what experiments say."""

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.errors import Invalid, NotFound
from services.history.domain import experiments
from services.history.ports import Experiments, Goals
from services.history.wire import answers


class Experimenter:
    """Compares the arms of experiments."""

    def __init__(self, store: Experiments, goals: Goals, clock: Clock) -> None:
        self._store = store
        self._goals = goals
        self._clock = clock

    async def on_experiment(self, tx: Tx, request: Request) -> bytes:
        """Every arm against the control, over people whose window after exposure has passed.

        Who was exposed later is left out: they have not had their time yet. Raises Invalid for a
        question that makes no sense, NotFound for a goal that is none.
        """
        question, (since, until) = answers.read_experiment(request)
        if expected := experiments.check(question):
            raise Invalid(f"Expected {expected}")
        goals = await self._goals.at(request.workspace, 0)
        goal = next((each for each in goals if each.key == question.goal), None)
        if goal is None:
            raise NotFound(f"There is no goal {question.goal}")
        until = min(until, self._clock.now() - goal.window)
        if until <= since:
            raise Invalid("Nobody's window has passed yet: ask later, or from an earlier day on")
        period = (since, until)
        sums = await self._store.sums(tx, request.workspace, question, period, goal.window)
        table, notes = experiments.analyse(question, sums)
        return answers.experiment_reply(table, notes | {"exposed_until": until})
