"""Derived ids: UUIDv7 by their shape, near their cause, the same every time."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.ids import derive_id, numbered_id, seed_of

BASES = st.uuids(version=4).map(lambda one: UUID(int=one.int & ~(0xF << 76) | 7 << 76))


@given(BASES, st.text(), st.integers())
def test_derived_id_is_a_uuid_7_with_the_time_of_its_base(base: UUID, text: str, n: int) -> None:
    derived = derive_id(base, text, n)

    assert (derived.version, derived.variant) == (7, RFC_4122)
    assert derived.bytes[:6] == base.bytes[:6]
    assert derived == derive_id(base, text, n)
    assert derived not in (base, derive_id(base, text, n + 1), derive_id(derived, text, n))
    assert 0 <= seed_of(derived) < 1 << 62


def test_derived_id_never_changes() -> None:
    """Stored decisions are named by it; another release must find the same."""
    base = UUID("0193a5b0-1234-7abc-8def-0123456789ab")

    assert derive_id(base, "decision", base, 1) == UUID("0193a5b0-1234-7598-acc6-c546215f937c")


@given(BASES, st.integers(0, 2**40), st.integers(0, 4094))
def test_numbered_ids_of_one_instant_sort_by_their_number(base: UUID, at_us: int, seq: int) -> None:
    """What a step says at one instant stands on the timeline in the order it was said."""
    first = numbered_id(at_us, seq, base, "journey", seq)
    second = numbered_id(at_us, seq + 1, base, "decision", seq + 1)

    assert first < second
    assert (first.version, first.variant) == (7, RFC_4122)
    assert int.from_bytes(first.bytes[:6], "big") == at_us // 1000
