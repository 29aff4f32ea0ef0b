"""One English sentence for each thing that happens. German ones travel in the entry's data."""

from collections.abc import Iterable

_CHANNELS = {
    "email": "E-mail",
    "sms": "SMS",
    "push": "Push message",
    "in_app": "In-app message",
    "webhook": "Webhook call",
    "social": "Social message",
    "post": "Letter",
}
_ATTEMPTS = {
    "rejected": "was not accepted by {provider}",
    "unknown": "may or may not have reached {provider}: the call broke off",
    "expired": "was not sent in time and is no longer valid",
    "cancelled": "was cancelled right before sending",
    "retrying": "was not accepted by {provider} this time; it is tried again",
}
_RECEIPTS = {
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "replied": "answered",
    "bounced": "bounced",
    "complained": "reported as spam",
    "unsubscribed": "led to an unsubscribe",
    "dismissed": "was put away by the recipient",
    "not_relevant": "was called not relevant by the recipient",
}
_MOVES = {
    "entered": "Entered the journey {journey}",
    "advanced": "Went on in the journey {journey} to {step}",
    "exited": "Left the journey {journey}",
    "completed": "Completed the journey {journey}",
}
_STATUSES = {
    ("consent", "granted"): "Consent granted",
    ("consent", "withdrawn"): "Consent withdrawn",
    ("consent", "pending"): "Consent asked for, not yet confirmed",
    ("objection", "set"): "Objected to direct marketing",
    ("objection", "lifted"): "Objection to direct marketing lifted",
    ("suppression", "set"): "Address suppressed",
    ("suppression", "lifted"): "Suppression lifted",
    ("pause", "set"): "Asked for a pause",
    ("pause", "lifted"): "Pause ended",
    ("mute", "set"): "Marketing muted",
    ("mute", "lifted"): "Marketing no longer muted",
}
_NAMES_MAX = 6
"""Names listed in a sentence; the rest is counted."""


def channel(key: str) -> str:
    """A channel as people call it."""
    return _CHANNELS.get(key) or key.replace("_", " ").capitalize() or "Message"


def event(kind: str, name: str) -> str:
    """A call of a client app."""
    match kind:
        case "track":
            return name
        case "page":
            return f"Viewed the page {name}" if name else "Viewed a page"
        case "screen":
            return f"Viewed the screen {name}" if name else "Viewed a screen"
        case "group":
            return "Joined a group"
        case _:
            return "Was recognised by another id"


def traits(names: Iterable[str]) -> str:
    """What a person, or an app for them, told about themselves."""
    told = sorted(names)
    if not told:
        return "Was recognised"
    shown = ", ".join(told[:_NAMES_MAX])
    more = len(told) - _NAMES_MAX
    return f"Told {shown} and {more} more" if more > 0 else f"Told {shown}"


def decision(outcome: str, template: str, over: str, others: int) -> str:
    """What was decided; `others` candidates did not make it."""
    match outcome:
        case "message":
            against = f" over {others} other{'s' if others > 1 else ''}" if others else ""
            return f"Chose {template or 'a message'} by {channel(over).lower()}{against}"
        case "held":
            return f"Holds {template or 'a message'} back for now"
        case "ghost":
            return f"Kept {template or 'a message'} back for comparison"
        case "released":
            return f"Took {template or 'a message'} back"
        case _:
            return f"Kept silent: {template} was not sent" if template else "Kept silent"


def sent(over: str, subject: str) -> str:
    """A provider took responsibility for a message."""
    return f"{channel(over)} “{subject}” sent" if subject else f"{channel(over)} sent"


def attempt(over: str, outcome: str, provider: str) -> str:
    """An attempt that did not, or not surely, get a message out."""
    told = _ATTEMPTS.get(outcome, outcome).format(provider=provider or "the provider")
    return f"{channel(over)} {told}"


def receipt(over: str, kind: str, *, machine: bool) -> str:
    """What came back about a message."""
    by_whom = ", likely by a machine" if machine else ""
    return f"{channel(over)} {_RECEIPTS.get(kind, kind)}{by_whom}"


def permission(part: str, status: str, over: str, topic: str) -> str:
    """A change of permission."""
    told = _STATUSES.get((part, status), f"{part} {status}".capitalize())
    where = [channel(over).lower()] if over not in ("", "*") else []
    where += [f"topic {topic}"] if topic not in ("", "*") else []
    return f"{told} ({', '.join(where)})" if where else told


def contact(over: str, name: str, system: str) -> str:
    """A message that another system sent."""
    what = f"{channel(over)} “{name}”" if name else channel(over)
    return f"{what} sent by {system or 'another system'}"


def by_system(system: str) -> str:
    """Why a contact was made, as far as we know."""
    return f"Made by {system or 'another system'}, not decided here"


def journey(move: str, key: str, step: str) -> str:
    """A step of a person through a journey."""
    template = _MOVES.get(move, move.capitalize() + ": {journey}")
    return template.format(journey=key, step=step or "its next step")


def segment(move: str, key: str) -> str:
    """A person comes into a segment, or leaves it."""
    return f"{'Came into' if move == 'entered' else 'Left'} the segment {key}"


def trait_set(journey: str, trait: str) -> str:
    """A journey set a trait."""
    return f"The journey {journey} set {trait}"


def call_ordered(kind: str, webhook: str) -> str:
    """A journey turned to another system."""
    if kind == "journey.task":
        return f"Handed over to a human ({webhook})"
    return f"Told another system ({webhook})"


MERGED = "Turned out to be somebody known: the anonymous past was joined"
REPORTED = "{}, as imported"
