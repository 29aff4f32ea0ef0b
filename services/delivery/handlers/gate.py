"""The provider's gate: shut for a while when it refuses everybody."""

import logging

from kit.clock import Clock
from services.delivery.domain.attempts import STOP_PAUSE_S

log = logging.getLogger("kairos.delivery")


class Gate:
    """Shared by all lanes of one provider."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shut_until_s = 0.0

    def shut(self, fault: str, detail: str) -> None:
        """Nothing goes out for `STOP_PAUSE_S`: the fault is in our set-up, not in the message."""
        if self.closed_for_s() == 0.0:
            log.error(
                "nothing is sent for %g s, see delivery's settings: %s (%s)",
                STOP_PAUSE_S,
                fault,
                detail,
            )
        self._shut_until_s = self._clock.monotonic() + STOP_PAUSE_S

    def closed_for_s(self) -> float:
        """How long it stays shut; 0 while it is open."""
        return max(0.0, self._shut_until_s - self._clock.monotonic())
