"""The shapes of imports."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from gateway.shapes.common import Shape


class ImportQuery(Shape):
    """How the rows of an import are read."""

    kind: Literal["events", "profiles", "consents", "objections", "suppressions", "contacts"] = (
        Field(default="events", description="What the rows are about.")
    )
    format: Literal["ndjson", "csv", "parquet"] | None = Field(
        default=None, description="By default what the Content-Type says, else NDJSON."
    )
    map: list[str] = Field(
        default_factory=list,
        description="Rules, one for each member: `userId=customer_no`, `properties.total=amount:"
        "number`, `event='Order Completed'`. Types: text, number, integer, boolean, time, list,"
        " json.",
    )
    id: UUID | None = Field(
        default=None, description="Chosen by the caller, to continue it after a crash."
    )
    name: str = Field(default="", max_length=200)
    dry_run: bool = Field(default=False, description="Check every row, store nothing.")
    trigger: bool = Field(default=False, description="Let the past trigger journeys.")


class ImportRefusal(Shape):
    """A row that was not stored."""

    row: int = Field(description="The line of NDJSON; elsewhere counted from 1 without a header.")
    status: int
    reason: str
    pointer: str | None = None


class ImportRefusals(Shape):
    """In the order of the file."""

    items: list[ImportRefusal]
    next_cursor: int | None = None


class Imported(Shape):
    """An import: how far it is, or what became of it."""

    id: UUID
    name: str | None = None
    kind: str
    format: str
    dry_run: bool
    state: Literal["running", "done", "stopped"]
    detail: str | None = Field(default=None, description="Why it stopped.")
    rows: int = Field(description="The number of the last row that is settled.")
    accepted: int
    repeated: int = Field(description="Stored before, by this or another import.")
    refused: int
    refusals: list[ImportRefusal] = Field(description="The first hundred.")
    created_at: datetime
    changed_at: datetime


class ImportList(Shape):
    """Newest first; without their refusals."""

    items: list[Imported]
