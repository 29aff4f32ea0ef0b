"""Which press prints what: one for each lane, and one aside for what is not to be trusted."""

from itertools import count

from kit.errors import Broken
from services.delivery.adapters.press.frames import Died, Done, Job, Look, Refused, Source
from services.delivery.adapters.press.press import Press

ASIDE = "aside"
"""Previews, checks, and templates that have once taken too long."""


class Presses:
    """All presses of this process; each starts when it is first needed."""

    def __init__(self) -> None:
        self._presses: dict[str, Press] = {}
        self._slow: set[int] = set()
        self._numbers = count(1)

    def source(self, document: bytes, blocks: list[bytes]) -> Source:
        """A template to be named in jobs."""
        return Source(next(self._numbers), document, blocks)

    async def ask(self, lane: str, source: Source, job: Job) -> Done | Look | Refused:
        """The answer to a job; raises Unavailable.

        A template that was stopped once is printed aside from then on, where it only holds up its
        like.
        """
        name = ASIDE if source.number in self._slow else lane
        press = self._presses.get(name)
        if press is None:
            press = self._presses[name] = Press(name)
        answer = await press.ask(source, job)
        if isinstance(answer, Died):
            raise Broken("the press hands out what only it should see")
        if isinstance(answer, Refused) and answer.stopped:
            self._slow.add(source.number)
        return answer

    async def close(self) -> None:
        """Ends all processes."""
        for press in self._presses.values():
            await press.close()
