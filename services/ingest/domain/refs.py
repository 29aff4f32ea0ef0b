"""How a caller names a profile: its id, `user:<userId>`, `anonymous:<anonymousId>`,
`external:<system>:<id>`, `email:<address>` or `phone:<number>`.
"""

from dataclasses import dataclass
from uuid import UUID

from services.ingest.domain.identity import IdKind
from services.ingest.domain.ids import EXTERNAL
from services.ingest.domain.traits import as_address


@dataclass(frozen=True)
class ById:
    """The profile with this id, or the one it was merged into."""

    id: UUID


@dataclass(frozen=True)
class ByIdentity:
    """The profile that a client's own id leads to."""

    kind: str
    value: str


@dataclass(frozen=True)
class ByEmail:
    """The newest profile that has this address as its `email` trait."""

    address: str


@dataclass(frozen=True)
class ByPhone:
    """The newest profile that has this number as its `phone` trait."""

    number: str


Ref = ById | ByIdentity | ByEmail | ByPhone


def parse(text: str) -> Ref | None:
    """The reference, or None for a text that is none."""
    scheme, colon, value = text.partition(":")
    if not colon:
        return _by_id(text)
    if not value or "\x00" in value:
        return None
    if scheme == "email":
        address = as_address(value)
        return ByEmail(address) if address else None
    if scheme == "phone":
        return ByPhone(value)
    if scheme == "external":
        system, colon, value = value.partition(":")
        return ByIdentity(EXTERNAL + system, value) if system and value else None
    return ByIdentity(scheme, value) if scheme in IdKind.__members__.values() else None


def _by_id(text: str) -> ById | None:
    try:
        return ById(UUID(text))
    except ValueError:
        return None
