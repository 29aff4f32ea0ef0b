"""Durations of the development clock."""

from datetime import timedelta

import pytest

from gateway import durations
from kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P30D", timedelta(days=30)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT90M", timedelta(minutes=90)),
        ("PT0S", timedelta()),
    ],
)
def test_duration_is_read(text: str, length: timedelta) -> None:
    assert durations.parse(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "30D", "P1M", "P1Y", "P-1D", "p1d", "P1D "])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        durations.parse(text)
