"""What the tracking plan says of an event."""

from collections.abc import Mapping
from typing import Any

from services.ingest.domain.ids import refuse
from services.ingest.domain.items import Kind
from services.ingest.domain.rules import PAGE, SCREEN, EventRule, Rules, Unknown, Violation

_FREE = EventRule()
"""For what no plan is about."""
_PLAN_NAMES = {Kind.PAGE: PAGE, Kind.SCREEN: SCREEN}


def planned_as(kind: Kind, name: str, rules: Rules) -> EventRule | None:
    """The event's rule; None for one that is not listed though it should be.

    Raises Refused where the workspace takes listed events only.
    """
    if kind in _PLAN_NAMES:
        return rules.events.get(_PLAN_NAMES[kind], _FREE)
    if kind is not Kind.TRACK:
        return _FREE
    if (planned := rules.events.get(name)) is not None:
        return planned
    if rules.unknown_events is Unknown.REFUSE:
        refuse(f"The tracking plan lists no event {name!r}", "/event")
    return None if rules.unknown_events is Unknown.WARN else _FREE


def violation(planned: EventRule | None, properties: Mapping[str, Any] | None) -> Violation | None:
    """How the properties break the event's schema."""
    if planned is None or planned.check is None:
        return None
    found = planned.check(properties or {})
    return found and Violation(f"/properties{found.pointer}", found.reason)
