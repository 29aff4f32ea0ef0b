"""When a provider account is left alone, and how much may be repeated: pure, time passed in.

Times are seconds of the monotonic clock of one process.
"""

from collections import deque

WINDOW_S = 10.0
CALLS_MIN = 20
FAILED_SHARE = 0.5
"""Open at half of at least 20 calls within 10 s: a few failures of a quiet hour say nothing."""
PROBE_S = 30.0
"""An open account gets one probe every U(0, 30 s), so that it closes within 60 s of recovery."""
RETRY_SHARE = 0.1
RETRIES_PER_S = 1.0
RETRIES_KEPT_MAX = 50.0


class Breaker:
    """Closed, open or half-open (https://martinfowler.com/bliki/CircuitBreaker.html)."""

    def __init__(self) -> None:
        self._calls: deque[tuple[float, int, int]] = deque()
        self._opened = False
        self._probe_at_s = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are held back; probes may still go."""
        return self._opened

    def closed_for_s(self, now_s: float) -> float:
        """How long no call may start; 0 where one may (a probe, while it is open)."""
        if not self._opened:
            return 0.0
        if self._probing:
            return PROBE_S
        return max(0.0, self._probe_at_s - now_s)

    def start(self) -> bool:
        """A call starts; whether it is the probe of an open breaker."""
        self._probing = self._opened
        return self._probing

    def cancel(self, *, probe: bool) -> None:
        """The call that was started never came to the provider."""
        if probe:
            self._probing = False

    def end(self, now_s: float, chance: float, *, failed: bool, probe: bool = False) -> bool:
        """What came of a call; whether the breaker opened by it.

        While it is open only the probe counts: calls that were under way before say what was.

        Args:
            failed: the provider did not do its work; a refusal of the message is no failure.
            chance: in [0, 1), spreads the probes of many processes.
            probe: what `start` said.
        """
        if self._opened:
            if probe:
                self._end_of_probe(now_s, chance, failed=failed)
            return False
        second = now_s // 1.0
        if self._calls and self._calls[-1][0] == second:
            _, calls, failures = self._calls.pop()
        else:
            calls = failures = 0
        self._calls.append((second, calls + 1, failures + failed))
        while self._calls[0][0] < second - WINDOW_S:
            self._calls.popleft()
        total = sum(calls for _, calls, _ in self._calls)
        failures = sum(failures for _, _, failures in self._calls)
        if total < CALLS_MIN or failures < total * FAILED_SHARE:
            return False
        self._open(now_s, chance)
        return True

    def _end_of_probe(self, now_s: float, chance: float, *, failed: bool) -> None:
        if failed:
            self._open(now_s, chance)
        else:
            self._opened = self._probing = False

    def _open(self, now_s: float, chance: float) -> None:
        self._opened, self._probing = True, False
        self._probe_at_s = now_s + PROBE_S * chance
        self._calls.clear()


class Budget:
    """Retries are at most a tenth of first calls, and one a second beside that.

    https://sre.google/sre-book/handling-overload/
    https://finagle.github.io/blog/2016/02/08/retry-budgets
    """

    def __init__(self, now_s: float) -> None:
        self._tokens = RETRIES_KEPT_MAX / 5
        self._at_s = now_s

    def earn(self) -> None:
        """A first call was made."""
        self._tokens = min(RETRIES_KEPT_MAX, self._tokens + RETRY_SHARE)

    def spend(self, now_s: float) -> bool:
        """Whether a retry may be made now; if so it is counted."""
        passed_s, self._at_s = now_s - self._at_s, now_s
        self._tokens = min(RETRIES_KEPT_MAX, self._tokens + passed_s * RETRIES_PER_S)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
