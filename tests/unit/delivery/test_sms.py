"""Segments of a text message, at the bounds and one beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.delivery.domain.sms import segments


@pytest.mark.parametrize(
    ("text", "count", "places"),
    [
        ("", 1, 0),
        ("x" * 160, 1, 160),
        ("x" * 161, 2, 161),
        ("x" * 306, 2, 306),
        ("x" * 307, 3, 307),
        ("äöüßÄÖÜ" * 20, 1, 140),
        ("€" * 80, 1, 160),
        ("€" * 80 + "x", 2, 161),
        ("x" * 152 + "€" + "x" * 10, 2, 164),
        ("x" * 152 + "€" + "x" * 152, 3, 306),
        ("[" * 76 + "]" * 76, 2, 304),
        ("ł" * 70, 1, 70),
        ("ł" * 71, 2, 71),
        ("ł" * 134, 2, 134),
        ("ł" * 135, 3, 135),
        ("🎉" * 35, 1, 70),
        ("🎉" * 36, 2, 72),
        ("x" * 66 + "🎉" + "x" * 66, 3, 134),
    ],
)
def test_segments_are_counted_as_networks_count(text: str, count: int, places: int) -> None:
    """A pair of the extension table, and a surrogate pair, are never torn over two segments."""
    found = segments(text)
    assert (found.count, found.places) == (count, places)


def test_character_that_forces_ucs2_is_named() -> None:
    assert segments("Gruß „Hallo“").foreign == "„"
    assert segments("Grüße").foreign == ""


@given(st.text(), st.text(min_size=1, max_size=3))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    if not segments(more).foreign or segments(text).foreign:
        assert segments(text + more).count >= segments(text).count
