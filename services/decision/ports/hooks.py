"""Other systems that are called."""

from typing import NamedTuple, Protocol


class Answered(NamedTuple):
    """What another system answered; status 0 where there was no answer."""

    status: int
    detail: str


class Hooks(Protocol):
    """Other systems that are told something."""

    async def call(
        self, url: str, secret: str, call_id: str, at_s: int, body: bytes, timeout_s: float
    ) -> Answered:
        """Calls once, signed with the secret of that name; what the other side does is answered."""
        ...

    async def close(self) -> None:
        """Ends all connections."""
        ...
