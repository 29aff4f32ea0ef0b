"""Lines of the permission ledger."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class LedgerEntry(NamedTuple):
    """One line of the permission ledger; `evidence` is JSON text."""

    workspace: str
    person: UUID
    id: UUID
    seq: int
    at: datetime
    part: str
    status: str
    purpose: str
    channel: str
    topic: str
    basis: str
    reason: str
    until: datetime | None
    message: UUID | None
    evidence: str
