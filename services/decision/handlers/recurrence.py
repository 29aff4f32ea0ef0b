"""When a campaign is sent: once, or by a recurrence rule (RFC 5545), in local time."""

from datetime import UTC, datetime, timedelta

from dateutil.rrule import rrulestr

from kit.errors import Invalid
from services.decision.domain.campaigns.compiling import Campaign
from services.decision.domain.civil import UTC_ZONE, find_zone, from_s, instant_s

FARTHEST_EAST = timedelta(hours=14)
"""Clocks of Kiribati are the first to show a local time; recipients there are taken up first."""
OCCURRENCES_LOOKED_AT = 10_000


def occurrence(campaign: Campaign, timezone: str, after: datetime | None) -> str:
    """The first local time of sending after an instant (at all, without one); "" for none left.

    Raises Invalid for a rule that is none.
    """
    first = datetime.fromisoformat(campaign.at)
    if not campaign.rrule:
        return campaign.at if after is None else ""
    try:
        rule = rrulestr(campaign.rrule, dtstart=first)
    except (ValueError, TypeError) as error:
        raise Invalid(
            "The campaign's rrule is none",
            errors=[{"pointer": "/send/rrule", "detail": str(error)}],
        ) from error
    for count, at in enumerate(rule):
        told = at.isoformat(timespec="minutes")
        if after is None or instant(told, timezone) > after:
            return told
        if count >= OCCURRENCES_LOOKED_AT:
            break
    return ""


def instant(local_at: str, timezone: str) -> datetime:
    """The instant of a local time in the workspace's zone."""
    at = datetime.fromisoformat(local_at)
    return from_s(instant_s(at.date(), at.time(), find_zone(timezone) or UTC_ZONE))


def begins(campaign: Campaign, local_at: str, timezone: str) -> datetime:
    """When taking up recipients begins: for local times, when the first clock shows it."""
    if campaign.local:
        return datetime.fromisoformat(local_at).replace(tzinfo=UTC) - FARTHEST_EAST
    return instant(local_at, timezone)


def local_of(begins_at: datetime) -> str:
    """The local time for which taking up recipients began at that instant."""
    return (begins_at + FARTHEST_EAST).strftime("%Y-%m-%dT%H:%M")
