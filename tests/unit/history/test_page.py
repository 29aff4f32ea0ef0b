"""Cursors name a place exactly, and nothing else is taken for one."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.history.domain.page import BEGINNING, END, Place, read_cursor, write_cursor

INSTANTS = st.datetimes(
    datetime(1, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


@settings(deadline=None)
@given(INSTANTS, INSTANTS, st.uuids())
def test_cursor_comes_back_as_the_same_place(
    at: datetime, recorded_at: datetime, id_: UUID
) -> None:
    """To the microsecond: a rounded one would repeat or skip entries."""
    place = Place(at, recorded_at, id_)

    assert read_cursor(write_cursor(place)) == place


@settings(deadline=None)
@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    """Never another error, whatever a caller makes up."""
    try:
        place = read_cursor(text)
    except ValueError:
        return
    assert write_cursor(place) == text.rstrip("=")


@pytest.mark.parametrize("instant", [BEGINNING, END])
def test_cursor_holds_the_ends_of_time(instant: datetime) -> None:
    place = Place(instant, instant, UUID(int=0))

    assert read_cursor(write_cursor(place)) == place
