"""Who was exposed to which arm of an experiment, and since when."""

from datetime import datetime
from uuid import UUID

import msgspec


class Exposure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A person came into an arm. The first time counts.

    For a template, when one of its variants was sent, or would have been (a ghost send); for a
    journey, when a split sent the person one way.
    """

    workspace: str
    experiment: str
    person: UUID
    arm: str
    at: datetime


def of_template(template: str) -> str:
    """The experiment of a template's variants."""
    return f"template:{template}"


def of_journey(journey: str) -> str:
    """The experiment of a journey's splits."""
    return f"journey:{journey}"
