"""The catalog's goals, asked of decision once for each revision."""

from collections import OrderedDict
from collections.abc import Sequence

from contracts.topology import CATALOG
from kit.bus.rpc import Caller
from kit.errors import NotFound
from services.history.domain.goals import Goal, read_goals
from services.history.wire.answers import goals_question, read_documents

REVISIONS_MAX = 5_000
"""Revisions kept; most share their goals with the one before."""


class CatalogGoals:
    """Implements `ports.Goals`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._known: OrderedDict[tuple[str, int], Sequence[Goal]] = OrderedDict()

    async def at(self, workspace: str, revision: int) -> Sequence[Goal]:
        known = self._known.get((workspace, revision)) if revision else None
        if known is not None:
            return known
        try:
            answer = await self._caller.call(CATALOG, workspace, goals_question(revision))
        except NotFound:
            return ()
        goals = read_goals(read_documents(answer))
        if revision:
            self._known[workspace, revision] = goals
            if len(self._known) > REVISIONS_MAX:
                self._known.popitem(last=False)
        return goals
