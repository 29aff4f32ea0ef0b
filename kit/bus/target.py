"""A stream as its owner sees it: which incarnation, how far it acknowledged, whether it can be
trusted now.

Publishing goes on while the gate is open. Whoever notices something strange closes it with
`doubt`; the stream's keeper finds out what happened, brings the outbox in line and opens it again.
"""

import asyncio
from dataclasses import dataclass, field

from kit.bus.publish import Ack
from kit.bus.spec import StreamSpec
from kit.errors import Unavailable


class Doubted(Unavailable):
    """The stream is not the one we published to before; what it said last does not count."""


@dataclass
class Target:
    """Shared by the lanes and the keeper of one stream. `acked` is the highest sequence it gave
    us.
    """

    spec: StreamSpec
    incarnation: str = ""
    acked: int = 0
    lost: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    doubted: asyncio.Event = field(default_factory=asyncio.Event)

    def trust(self, incarnation: str, acked: int) -> None:
        """Opens the gate for this incarnation."""
        self.incarnation, self.acked, self.lost = incarnation, acked, False
        self.doubted.clear()
        self.gate.set()

    def doubt(self, *, lost: bool = False) -> None:
        """Closes the gate until the keeper has looked; `lost` if messages are surely missing."""
        self.lost = self.lost or lost
        self.gate.clear()
        self.doubted.set()

    def check_open(self, incarnation: str) -> None:
        """Raises Doubted unless the stream is still this one and trusted."""
        if incarnation != self.incarnation or not self.gate.is_set():
            raise Doubted(f"{self.spec.name} is in doubt or was replaced")

    def accept(self, ack: Ack, incarnation: str, acked_before: int) -> None:
        """Takes an acknowledgement for what it says, or raises Doubted.

        A sequence that is not above one given out before the request was sent means that the
        stream went back to an older state.
        """
        self.check_open(incarnation)
        if ack.seq <= acked_before and not ack.duplicate:
            self.doubt(lost=True)
            raise Doubted(f"{self.spec.name} went back to {ack.seq} from {acked_before}")
        self.acked = max(self.acked, ack.seq)
