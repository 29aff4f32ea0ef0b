"""Names resolve to public addresses, or not at all."""

import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from services.delivery.domain.addresses import is_public


class Forbidden(Exception):
    """The name leads to an address that is not called."""


class GuardedResolver(AbstractResolver):
    """Asks another resolver once and refuses unless every address is public.

    The connector connects to exactly these addresses, so that a name which resolves otherwise a
    moment later (DNS rebinding) changes nothing.
    """

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses; raises Forbidden."""
        found = await self._inner.resolve(host, port, family)
        if not found or any(is_public(each["host"]) is not True for each in found):
            raise Forbidden("the name leads to an address that is not public")
        return found

    async def close(self) -> None:
        """Closes the resolver asked."""
        await self._inner.close()
