"""What a condition is once compiled, and how several are one."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from services.decision.domain.model import Test
from services.decision.domain.state import PersonState

#: Later than any instant: nothing changes by itself.
NEVER = 1 << 62

#: (state, now in seconds) -> the next second at which the answer may be another one.
Flip = Callable[[PersonState, int], int]


class Rule(NamedTuple):
    """A condition as two functions.

    `test` says whether it holds. `flip` gives the first second after now at which `test` may answer
    otherwise though nothing happens to the person; before it, it does not. None means never.
    """

    test: Test
    flip: Flip | None = None


def never(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
    """Stands for a condition that could not be compiled."""
    return False


NOTHING = Rule(never)
_NO_PROPERTIES: Mapping[str, Any] = {}


def group(kind: str, parts: tuple[Rule, ...]) -> Rule:
    """Return the rule that holds where all, any or none of `parts` do."""
    tests = tuple(part.test for part in parts)
    if len(parts) == 1:
        [part] = parts
        return Rule(_none_of(tests), part.flip) if kind == "none" else part
    timed = any(part.flip is not None for part in parts)
    if kind == "all":
        return Rule(_all_of(tests), _flip_of(parts, deciding=False) if timed else None)
    flip = _flip_of(parts, deciding=True) if timed else None
    return Rule(_any_of(tests) if kind == "any" else _none_of(tests), flip)


# Loops, not all() and any(): without a generator they take half the time.
def _all_of(tests: tuple[Test, ...]) -> Test:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        for one in tests:
            if not one(state, now_s, properties):
                return False
        return True

    return test


def _any_of(tests: tuple[Test, ...]) -> Test:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        for one in tests:
            if one(state, now_s, properties):
                return True
        return False

    return test


def _none_of(tests: tuple[Test, ...]) -> Test:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        for one in tests:
            if one(state, now_s, properties):
                return False
        return True

    return test


def _flip_of(parts: tuple[Rule, ...], *, deciding: bool) -> Flip:
    """Return when a group may change.

    One part that answers `deciding` decides the group (a false one an `all`, a true one an `any`).
    While there are such, the group stays as it is until the last of them may have changed; while
    there are none, until the first part may change.
    """

    def flip(state: PersonState, now_s: int) -> int:
        first, last, decided = NEVER, 0, False
        for part in parts:
            decides = part.test(state, now_s, _NO_PROPERTIES) is deciding
            if decided and not decides:
                continue
            at_s = NEVER if part.flip is None else part.flip(state, now_s)
            if not decides:
                first = min(first, at_s)
                continue
            if at_s == NEVER:
                return NEVER
            decided = True
            last = max(last, at_s)
        return last if decided else first

    return flip
