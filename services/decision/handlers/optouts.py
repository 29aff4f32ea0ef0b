"""No permit before every opt-out has been taken in that the gateway kept while we were away."""

import asyncio
import logging

from contracts.topology import DRAIN_OPTOUTS, OPTOUTS_KEPT
from kit.bus.connection import Connection
from kit.bus.rpc import Caller
from kit.errors import KairosError, Unavailable

log = logging.getLogger("kairos.decision.optouts")

PAUSE_S = 0.2
"""Before the gateway is asked once more; meanwhile delivery asks for its permits again."""


class OptOutGate:
    """Shut at first, whenever a gateway says that it keeps an opt-out, and when NATS was lost.

    It opens when a gateway has answered that nothing is kept any more. Fail closed: while none
    answers, what is shut stays shut.
    """

    def __init__(self, caller: Caller, bus: Connection) -> None:
        self._caller = caller
        self._bus = bus
        self._is_open = False
        self._shut = asyncio.Event()
        self._shut.set()
        self._said = ""

    def check(self) -> None:
        """Raise Unavailable while it is shut."""
        if not self._is_open:
            raise Unavailable("Opt-outs kept by the gateway are taken in first; ask again")

    def shut(self) -> None:
        """Grant nothing until all is drained anew."""
        self._is_open = False
        self._shut.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped: opens the gate whenever it is shut and nothing is kept."""
        subscription = await self._bus.subscribe(OPTOUTS_KEPT, self._on_kept)
        forget = self._bus.on_reconnect(self.shut)
        await self._bus.settle()
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                shut = asyncio.create_task(self._shut.wait())
                await asyncio.wait((shut, stopping), return_when=asyncio.FIRST_COMPLETED)
                shut.cancel()
                if not stop.is_set() and not await self._drain():
                    await asyncio.wait((stopping,), timeout=PAUSE_S)
        finally:
            stopping.cancel()
            forget()
            await subscription.unsubscribe()

    async def _on_kept(self, _: object) -> None:
        self.shut()

    async def _drain(self) -> bool:
        """Open the gate unless it was shut again meanwhile."""
        self._shut.clear()
        try:
            await self._caller.call(DRAIN_OPTOUTS, "", b"")
        except KairosError as error:
            self._say(f"permits wait for opt-outs the gateway may keep: {error}")
            self._shut.set()
            return False
        if self._said:
            self._said = ""
            log.info("permits are granted again")
        self._is_open = not self._shut.is_set()
        return True

    def _say(self, text: str) -> None:
        """Log what keeps the gate shut once, not at every try."""
        if text != self._said:
            log.info("%s", text)
            self._said = text
