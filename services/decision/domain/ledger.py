"""What is kept about permission beside the state, and what it was at a moment of the past."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.decision.domain import permission
from services.decision.domain.inputs import PermissionInput
from services.decision.domain.state import Permission


class OptIn(NamedTuple):
    """A double opt-in that was asked for; `evidence` is JSON text."""

    workspace: str
    token_sha256: bytes
    person: UUID
    channel: str
    topic: str
    purpose: str
    address: bytes
    evidence: str
    requested_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None = None


class Suppressed(NamedTuple):
    """A suppression in force."""

    person: UUID
    channel: str
    reason: str
    at: datetime


def permission_after(changes: Iterable[PermissionInput]) -> Permission:
    """Return what these changes, in the order they took effect, come to.

    The ledger keeps no addresses, so a consent bound to one counts as long as it stands.
    """
    found = Permission()
    for change in changes:
        found = permission.change(found, change, {})
    return found
