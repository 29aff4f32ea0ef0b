"""How a commit's facts become rows, and rows become envelopes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.bus.framing import frame, split
from kit.bus.outbox import ENVELOPE_BYTES_MAX, decode_feed, rows_of
from kit.bus.publisher import Envelope, merged
from kit.bus.rows import Row
from kit.bus.spec import LANES, OutgoingFact
from kit.errors import Broken, TooLarge

facts = st.lists(
    st.builds(
        OutgoingFact,
        stream=st.sampled_from(["EVENTS", "DECISIONS"]),
        lane=st.sampled_from(LANES),
        partition=st.integers(0, 3),
        body=st.binary(max_size=50) | st.integers(1, ENVELOPE_BYTES_MAX // 3).map(bytes),
    ),
    max_size=30,
)


@given(facts)
def test_every_fact_is_in_one_row_of_its_partition_in_order(said: list[OutgoingFact]) -> None:
    stored: dict[tuple[str, str, int], list[bytes]] = {}
    for stream, lane, partition, count, body, _ in rows_of(said):
        assert len(body) <= ENVELOPE_BYTES_MAX
        assert len(split(body)) == count
        stored.setdefault((stream, lane, partition), []).extend(split(body))
    for key, bodies in stored.items():
        of_key = [each for each in said if (each.stream, each.lane, each.partition) == key]
        assert bodies == [each.body for each in of_key]
    assert sum(map(len, stored.values())) == len(said)


def test_a_commit_writes_one_row_for_each_partition() -> None:
    said = [OutgoingFact("EVENTS", "now", n % 2, b"%d" % n) for n in range(10)]
    assert [row[3] for row in rows_of(said)] == [5, 5]


def test_a_fact_over_the_envelope_is_refused() -> None:
    with pytest.raises(TooLarge):
        rows_of([OutgoingFact("EVENTS", "now", 0, bytes(ENVELOPE_BYTES_MAX))])


def test_a_row_remembers_what_it_owes_to_the_feed() -> None:
    said = [
        OutgoingFact("EVENTS", "now", 0, b"a"),
        OutgoingFact("EVENTS", "now", 0, b"b", feed="shop.events.seen", id="7"),
    ]
    ((*_, feed),) = rows_of(said)
    assert feed is not None
    assert decode_feed(feed) == [(1, "shop.events.seen", "7")]


@pytest.mark.parametrize(
    "feed",
    ["shop.events", "shop.events.Order Completed", "shop.events.a.b", "Shop.events.x", "s.*.>", ""],
)
def test_a_subject_a_client_could_have_named_is_refused(feed: str) -> None:
    """Nothing but slugs reaches a subject: no wildcard, no dot, no blank."""
    with pytest.raises(Broken):
        rows_of([OutgoingFact("EVENTS", "now", 0, b"a", feed=feed, id="7")])


def test_a_fact_on_the_feed_needs_an_id() -> None:
    with pytest.raises(Broken):
        rows_of([OutgoingFact("EVENTS", "now", 0, b"a", feed="shop.events.seen")])


rows = st.lists(st.integers(1, ENVELOPE_BYTES_MAX), max_size=12).map(
    lambda sizes: [Row(n, 3, bytes(size), "", 0) for n, size in enumerate(sizes)]
)


@given(rows)
def test_rows_travel_together_up_to_the_limit_and_in_order(found: list[Row]) -> None:
    envelopes = list(merged(found))
    assert [row for each in envelopes for row in each.rows] == found
    assert all(len(each.body()) <= ENVELOPE_BYTES_MAX for each in envelopes)
    for one, next_one in pairwise(envelopes):
        assert len(one.body()) + len(next_one.rows[0].body) > ENVELOPE_BYTES_MAX, "none too early"


def test_the_message_id_names_the_rows_and_the_round() -> None:
    """The server drops a repeated id: only the very same rows in the same round may share one.

    {10, 12} and {10, 11, 12} have the same first, last row: row 11 became visible in between.
    """

    def envelope(*places: tuple[int, int]) -> Envelope:
        return Envelope(3, [Row(position, 3, frame(b"x"), "", n) for position, n in places])

    ids = [
        each.message_id("EVENTS")
        for each in (
            envelope((10, 0), (12, 0)),
            envelope((10, 0), (11, 0), (12, 0)),
            envelope((10, 1), (12, 1)),
            envelope((10, 0), (12, 1)),
            envelope((10, 0)),
        )
    ]
    assert len(set(ids)) == len(ids)
    assert envelope((10, 0), (12, 0)).message_id("EVENTS") == ids[0]
    assert envelope((10, 0), (12, 0)).message_id("DECISIONS") != ids[0]
