"""The envelope frame against protobuf and against nonsense."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from contracts.gen.kairos.bus.v1.fact_pb2 import Envelope, Fact
from kit.bus.framing import frame, join, read_field, split
from kit.errors import Malformed

pytestmark = pytest.mark.unit

bodies = st.lists(st.binary(max_size=300), max_size=20)


@given(bodies)
def test_joined_facts_come_back_in_order(facts: list[bytes]) -> None:
    assert split(join(facts)) == facts


@given(bodies, bodies)
def test_two_envelopes_in_a_row_are_one(first: list[bytes], second: list[bytes]) -> None:
    assert split(join(first) + join(second)) == first + second


@given(st.lists(st.text(max_size=50), max_size=10))
def test_protobuf_reads_what_we_frame_and_we_read_what_it_writes(workspaces: list[str]) -> None:
    facts = [Fact(workspace=each, person_seq=7) for each in workspaces]
    ours = b"".join(frame(each.SerializeToString()) for each in facts)
    assert list(Envelope.FromString(ours).facts) == facts
    theirs = Envelope(facts=facts).SerializeToString()
    assert split(theirs) == [each.SerializeToString() for each in facts]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_never_anything_else(data: bytes) -> None:
    """No other exception, no endless loop, and nothing read beyond the end."""
    try:
        facts = split(data)
    except Malformed:
        return
    assert sum(len(each) for each in facts) <= len(data)


@given(bodies.filter(any), st.integers(min_value=1))
def test_a_cut_envelope_is_refused(facts: list[bytes], cut: int) -> None:
    whole = join(facts)
    left = whole[: -(cut % len(whole)) or None]
    if left == whole:
        return
    try:
        got = split(left)
    except Malformed:
        return
    assert got == facts[: len(got)], "a cut between two facts leaves the first ones"


@pytest.mark.parametrize(
    "added",
    [b"\x10\x96\x01", b"\x12\x03abc", b"\x19" + b"\x00" * 8, b"\x1d" + b"\x00" * 4],
    ids=["varint", "bytes", "fixed64", "fixed32"],
)
def test_a_field_of_a_later_version_is_passed_over(added: bytes) -> None:
    assert split(join([b"one"]) + added + join([b"two"])) == [b"one", b"two"]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x0b",
        b"\x0c",
        b"\x02\x00",
        b"\x0a\xff",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    ],
    ids=["group", "end-group", "field-0", "cut-length", "endless-length"],
)
def test_what_is_no_envelope_is_refused(nonsense: bytes) -> None:
    with pytest.raises(Malformed):
        split(nonsense)


@given(st.text(max_size=40))
def test_one_field_can_be_read_without_the_rest(workspace: str) -> None:
    body = Fact(id=b"i" * 16, workspace=workspace, traceparent="t").SerializeToString()
    assert read_field(body, 2).decode() == workspace


@given(st.binary(max_size=100))
def test_a_field_of_nonsense_is_empty_or_bytes(data: bytes) -> None:
    assert isinstance(read_field(data, 2), bytes)


def test_protobuf_refuses_what_we_refuse() -> None:
    with pytest.raises(DecodeError):
        Envelope.FromString(b"\x0a\xff")
