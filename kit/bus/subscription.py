"""What a service consumes: a stream, a lane, and the handler of its batches."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from kit.bus.spec import IncomingFact, StreamSpec
from kit.db.database import Tx

Handler = Callable[[Tx, Sequence[IncomingFact]], Awaitable[None]]
"""Handles a batch in the given transaction; never commits. Facts of a person come in order, and may
come again.
"""


@dataclass(frozen=True)
class Subscription:
    """One lane of one stream and who handles it.

    Args:
        handler: raises `Unavailable` for "not now" (the batch comes again), anything else for
            "never" (the facts to blame are found and become dead letters).
        max_facts: bound of a batch, so of a transaction.
        linger_s: how long a first fact waits for others where nobody waits for it: few larger
            batches cost less than many small ones, and leave the processor to those in a hurry.
    """

    stream: StreamSpec
    lane: str
    handler: Handler
    max_facts: int = 500
    linger_s: float = 0.0
