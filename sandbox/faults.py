"""Fault switches: how each stand-in provider misbehaves right now.

Kept in memory only: a fault drill does not outlive the process.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from kit.errors import Invalid
from sandbox.chance import point
from sandbox.ledger import PROVIDERS, Provider

Rate = Annotated[float, Meta(ge=0, le=1)]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one provider misbehaves; what is left out is as healthy.

    Attributes:
        delay_ms: waits before it looks at the message.
        error_rate: this share is refused with `status`.
        status: an HTTP status or SMTP reply code; by default 503 and 451 (both: try again).
        retry_after_s: sent as `Retry-After` with a refusal over HTTP.
        accept_then_close_rate: this share is accepted, then the connection closes unanswered.
    """

    provider: Provider
    delay_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    error_rate: Rate = 0.0
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    retry_after_s: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    accept_then_close_rate: Rate = 0.0

    @property
    def refusal(self) -> int:
        """The status of a refusal."""
        return self.status or (451 if self.provider == "smtp" else 503)


class Manner(Enum):
    """How a provider treats one message."""

    ANSWER = "answer"
    REFUSE = "refuse"
    VANISH = "vanish"
    """Accepts and closes the connection without a word."""


@dataclass
class _Switch:
    fault: Fault
    calls: int = 0


class Faults:
    """The switches of all providers.

    Which calls fail is not random: it follows from the number of calls since the switch was set,
    so that the same test sees the same failures.
    """

    def __init__(self) -> None:
        self._switches = {provider: _Switch(Fault(provider=provider)) for provider in PROVIDERS}

    def set(self, fault: Fault) -> None:
        """Replaces what its provider did so far."""
        if fault.error_rate + fault.accept_then_close_rate > 1:
            place = {"pointer": "/accept_then_close_rate", "detail": "error_rate + this exceed 1"}
            raise Invalid("The two rates share one message", errors=[place])
        self._switches[fault.provider] = _Switch(fault)

    def clear(self) -> None:
        """Makes every provider healthy."""
        for provider in PROVIDERS:
            self.set(Fault(provider=provider))

    def of(self, provider: Provider) -> Fault:
        """How the provider misbehaves now."""
        return self._switches[provider].fault

    def all(self) -> list[Fault]:
        """Every provider's switch, healthy ones too."""
        return [switch.fault for switch in self._switches.values()]

    def next_manner(self, provider: Provider) -> Manner:
        """How the provider treats the message that has just come."""
        switch = self._switches[provider]
        switch.calls += 1
        fault, at = switch.fault, point("fault", provider, switch.calls)
        if at < fault.error_rate:
            return Manner.REFUSE
        if at < fault.error_rate + fault.accept_then_close_rate:
            return Manner.VANISH
        return Manner.ANSWER
