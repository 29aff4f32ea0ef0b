"""The small rules the bus rests on."""

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.bus.connection import Connection
from kit.bus.consumer import Consumers, Subscription
from kit.bus.floors import Fenced, Report
from kit.bus.jetstream import StreamState, is_newer
from kit.bus.keeper import is_old
from kit.bus.leases import fair_share
from kit.bus.passing import passes
from kit.bus.publish import TRACES, TRACES_MAX, Ack, continuing, trace_headers
from kit.bus.rows import Known
from kit.bus.spec import LANES, NOW, StreamSpec
from kit.bus.target import Doubted, Target
from kit.errors import Broken, Invalid, Overloaded, Unavailable

TOYS = StreamSpec("TOYS", "toys", "alpha", ("beta",), max_age_s=60, max_bytes=1000)


@given(st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=20), st.integers(0, 64))
def test_shares_add_up_and_differ_by_one_at_most(members: set[str], partitions: int) -> None:
    shares = [fair_share(member, list(members), partitions) for member in members]
    assert sum(shares) == partitions
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (Unavailable(), True),
        (Fenced(), True),
        (Overloaded(), True),
        (TimeoutError(), True),
        (asyncpg.DeadlockDetectedError(""), True),
        (asyncpg.SerializationError(""), True),
        (asyncpg.DiskFullError(""), True),
        (asyncpg.AdminShutdownError(""), True),
        (asyncpg.LockNotAvailableError(""), True),
        (asyncpg.UniqueViolationError(""), False),
        (asyncpg.DataError(""), False),
        (asyncpg.UndefinedTableError(""), False),
        (Invalid(), False),
        (Broken(), False),
        (ValueError(), False),
        (KeyError("x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_may_succeed_later_is_tried_for_ever(error: Exception, *, passing: bool) -> None:
    assert passes(error) is passing


def test_one_trace_is_continued_and_several_are_linked() -> None:
    one, two = "00-" + "1" * 32 + "-" + "2" * 16 + "-01", "00-" + "3" * 32 + "-" + "4" * 16 + "-01"
    assert trace_headers(["", one, one]) == {"traceparent": one, TRACES: one}
    assert trace_headers([one, two]) == {TRACES: f"{one},{two}"}
    assert trace_headers(["", ""]) == {}
    assert continuing([one, one, ""]) == (one, [])
    assert continuing([one, two, one]) == (None, [one, two])
    assert continuing([]) == (None, [])


def test_the_header_of_a_large_batch_stays_small() -> None:
    many = [f"{n:055d}" for n in range(1000)]
    assert len(trace_headers(many)[TRACES].split(",")) == TRACES_MAX


def trusted() -> Target:
    target = Target(TOYS)
    target.trust("today", 10)
    return target


def test_an_acknowledgement_above_what_was_known_counts() -> None:
    target = trusted()
    target.accept(Ack(12, duplicate=False), "today", 10)
    target.accept(Ack(11, duplicate=False), "today", 10)
    assert target.acked == 12


def test_a_duplicate_may_lie_below() -> None:
    target = trusted()
    target.accept(Ack(4, duplicate=True), "today", 10)
    assert target.gate.is_set()


def test_a_sequence_given_out_before_closes_the_gate() -> None:
    """The stream is an older copy of itself."""
    target = trusted()
    with pytest.raises(Doubted):
        target.accept(Ack(10, duplicate=False), "today", 10)
    assert target.lost
    assert not target.gate.is_set()
    assert target.doubted.is_set()


@pytest.mark.parametrize("change", ["doubt", "replace"])
def test_what_was_sent_to_another_stream_does_not_count(change: str) -> None:
    target = trusted()
    if change == "doubt":
        target.doubt()
    else:
        target.trust("tomorrow", 0)
    with pytest.raises(Doubted):
        target.accept(Ack(11, duplicate=False), "today", 10)


@pytest.mark.parametrize(
    ("incarnation", "than", "newer"),
    [
        ("2026-11-22T10:00:00.12Z", "2026-11-22T10:00:00.119999999Z", True),
        ("2026-11-22T10:00:00.12Z", "2026-11-22T10:00:00.12Z", False),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000000001Z", False),
        ("2026-11-22T10:00:00.9Z", "2026-11-22T10:00:01Z", False),
        ("2026-11-22T10:00:00Z", "", True),
    ],
)
def test_incarnations_are_ordered_by_the_servers_time(
    incarnation: str, than: str, *, newer: bool
) -> None:
    """The server leaves out trailing zeros, so the texts themselves have no order."""
    assert is_newer(incarnation, than) is newer


_FIRST, _SECOND = "2026-11-22T10:00:00.5Z", "2026-11-22T11:00:00Z"


@pytest.mark.parametrize(
    ("incarnation", "last_seq", "known", "floor", "old"),
    [
        (_FIRST, 10, Known(_FIRST, 10), 10, False),
        (_FIRST, 12, Known(_FIRST, 10), 10, False),
        (_FIRST, 9, Known(_FIRST, 10), 10, True),
        (_SECOND, 0, Known(_FIRST, 10), 10, False),
        (_FIRST, 99, Known(_SECOND, 0), 0, True),
        (_FIRST, 99, Known("", 0), 0, False),
    ],
    ids=["same", "grown", "shrunk", "replaced", "brought-back", "first-contact"],
)
def test_a_stream_is_old_when_it_shrank_or_came_back(
    incarnation: str, last_seq: int, known: Known, floor: int, *, old: bool
) -> None:
    assert is_old(StreamState(incarnation, 1, last_seq, 0, {}), known, floor) is old


@given(st.dictionaries(st.integers(0, 15), st.integers(0, 2**53)))
def test_a_report_survives_the_wire(seqs: dict[int, int]) -> None:
    report = Report("beta", NOW, "2026-11-22T10:00:00.123456789Z", seqs)
    assert Report.from_json(report.to_json()) == report


@given(st.binary(max_size=60) | st.sampled_from([b"[]", b"1", b'{"floors": 1}', b'{"floors":{}}']))
def test_a_report_that_is_none_is_refused_in_an_expected_way(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Report.from_json(data)


def test_a_stream_without_consumers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a consumer"):
        StreamSpec("TOYS", "toys", "alpha", (), max_age_s=60, max_bytes=1000)


async def _handler(*_: object) -> None:
    return


@pytest.mark.parametrize(
    ("name", "lanes", "why"),
    [
        ("gamma", LANES, "does not wait for gamma"),
        ("beta", [NOW], "each lane"),
        ("beta", [*LANES, NOW], "each lane"),
    ],
)
async def test_subscriptions_that_would_lose_or_hoard_facts_are_refused(
    name: str, lanes: list[str], why: str
) -> None:
    """Facts nobody waits for are forgotten unread; a lane nobody reads is kept for ever."""
    subscriptions = [Subscription(TOYS, lane, _handler) for lane in lanes]
    with pytest.raises(ValueError, match=why):
        Consumers(name, Connection(), None, subscriptions, None)  # type: ignore[arg-type]
