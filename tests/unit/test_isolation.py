"""Unit tests reach nobody: tests/conftest.py sees to it."""

import asyncio
import socket

import pytest


def test_connection_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="move it to tests/integration"):
        socket.create_connection(("127.0.0.1", 1))


async def test_connection_from_the_loop_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="move it to tests/integration"):
        await asyncio.open_connection("127.0.0.1", 1)


def test_kind_is_marked_by_its_folder(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("unit")
