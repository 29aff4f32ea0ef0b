"""One message bars another for a while: no offer for 60 days after a complaint was answered.

A reserved slot counts as if it were sent now.
"""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.decisions import Fact, Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

NAME = "block"


class Block(msgspec.Struct, frozen=True):
    """A compiled block: `scope` is barred for `block_s` after a message in `after`."""

    key: str
    scope: Scope
    after: Scope
    block_s: int
    passed: Verdict

    @classmethod
    def make(cls, key: str, scope: Scope, after: Scope, block_s: int) -> "Block":
        """Return the block with its verdict for those it does not bar."""
        return cls(key, scope, after, block_s, passed(f"{NAME}:{key}"))


def rule(block: Block, moment: Moment) -> Verdict:
    """Hold until the time since the last barring message is over."""
    times = moment.times(block.after)
    if not times or times[0] + block.block_s <= moment.now_s:
        return block.passed
    facts: dict[str, Fact] = {"policy": block.key, "window_s": block.block_s}
    return held(block.passed.rule, Reason.BLOCKED, times[0] + block.block_s, facts)
