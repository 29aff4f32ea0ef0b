"""Holdouts: a share of people gets nothing, so that what messages bring about can be measured.

Who is held out follows from a hash of the person, the salt and the version, so it is the same at
every decision, differs between holdouts, and is drawn anew by a new version. It is asked last: what
would have gone out is kept as a ghost, so that both groups went through the same rules.
"""

from hashlib import blake2b
from uuid import UUID

import msgspec

from services.decision.domain.decisions import Fact, Ruling, Verdict
from services.decision.domain.reasons import Reason

NAME = "holdout"
#: The scope of a workspace's own holdout; others are named by their journey.
EVERYTHING = "*"
_BYTES = 8


class Holdout(msgspec.Struct, frozen=True):
    """A compiled holdout: `percent` of people, drawn with `salt` and `version` for `scope`."""

    scope: str
    percent: float
    salt: str
    version: int

    def has(self, person: UUID) -> bool:
        """Return whether the person is held out."""
        text = f"holdout\x1f{self.scope}\x1f{self.salt}\x1f{self.version}"
        digest = blake2b(person.bytes, key=_key(text), digest_size=_BYTES).digest()
        return int.from_bytes(digest, "big") < self.percent / 100 * (1 << 8 * _BYTES)

    @property
    def ghost(self) -> Verdict:
        """What is said of a message that would have gone out."""
        facts: dict[str, Fact] = {
            "holdout": self.scope, "percent": self.percent, "version": self.version,
        }  # fmt: skip
        return Verdict(NAME, Ruling.GHOST, Reason.HOLDOUT, None, facts)


def _key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=32).digest()
