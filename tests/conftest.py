"""What holds for every test: its kind is its folder, and a unit test talks to nobody."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark each test with its kind, the folder below tests/ (so `-m "not faults"` works)."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            item.add_marker(item.path.relative_to(TESTS).parts[0])


@pytest.fixture(autouse=True)
def _unit_tests_stay_inside(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refuse network connections in tests/unit; what needs one is an integration test."""
    if request.node.get_closest_marker("unit"):
        monkeypatch.setattr(socket.socket, "connect", _refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", _refuse)


def _refuse(own: socket.socket, address: object) -> NoReturn:
    own.close()
    pytest.fail(f"a unit test connects to {address}: move it to tests/integration")
