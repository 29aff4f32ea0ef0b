"""A whole system for clients in other languages, with the example catalog applied."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.running import Running, running


@pytest_asyncio.fixture
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A running system with the three-acts catalog and the real clock."""
    async with running(tmp_path_factory.mktemp("system")) as system:
        await system.apply_pack()
        yield system
