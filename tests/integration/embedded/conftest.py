"""Data directories that end with a proof: nothing of theirs is still running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.embedded.small_system import living


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; afterwards no process may belong to it."""
    path = tmp_path / "kairos"
    yield path
    assert living(path) == {}
