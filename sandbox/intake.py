"""The one way in: what a stand-in provider does with a message, whatever protocol brought it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from kit.clock import Clock
from sandbox.faults import Faults, Manner
from sandbox.ledger import Arrival, Entry, Ledger


class Answer(Enum):
    """What the caller gets to hear."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOTHING = "nothing"
    """Accepted and recorded; the connection closes."""


@dataclass(frozen=True)
class Taken:
    """What became of one arrival.

    Attributes:
        number: what the provider names it: that of the first acceptance where this is a repeat.
        status: the status of a refusal, an HTTP status or SMTP reply code.
    """

    answer: Answer
    number: int
    status: int
    repeated: bool
    retry_after_s: int | None = None


@dataclass
class Intake:
    """Delays, refuses, recognises repeats and records.

    Everything after the delay happens at once (no await), so that two calls with one key at the
    same moment are one acceptance.
    """

    ledger: Ledger
    faults: Faults
    clock: Clock
    on_taken: Callable[[], None]

    async def take(self, arrival: Arrival) -> Taken:
        """Treats one arrival; it is in the ledger when this returns.

        Raises Unavailable when the ledger cannot be written: nothing was accepted.
        """
        fault = self.faults.of(arrival.provider)
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        manner = self.faults.next_manner(arrival.provider)
        refused = manner is Manner.REFUSE
        first = None if refused else self.ledger.first(arrival)
        keyed = first is not None and arrival.provider != "smtp"
        status = fault.refusal if refused else (250 if arrival.provider == "smtp" else 202)
        entry = Entry(
            seq=len(self.ledger) + 1,
            at=self.clock.now(),
            accepted=not refused and not keyed,
            status=status,
            repeat_of=first,
            arrival=arrival,
        )
        self.ledger.append(entry)
        self.on_taken()
        answers = {Manner.ANSWER: Answer.ACCEPTED, Manner.VANISH: Answer.NOTHING}
        return Taken(
            answer=answers.get(manner, Answer.REFUSED),
            number=first if first is not None and keyed else entry.seq,
            status=status,
            repeated=first is not None,
            retry_after_s=fault.retry_after_s,
        )
