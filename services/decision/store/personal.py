"""The tables of decision with rows of people, what depends on others first."""

from typing import Any

import msgspec

from kit.bus.erasure import Personal
from services.decision.domain import decisions, state


def _state(data: bytes) -> Any:
    """A state as it is read: members by name, ranges and bits left out."""
    person = state.decode(data)
    shown = msgspec.structs.asdict(person)
    for name in ("applied", "merged", "said"):
        shown.pop(name)
    return msgspec.to_builtins(_named(shown), str_keys=True)


def _decision(data: bytes) -> Any:
    return msgspec.to_builtins(_named(decisions.decode(data)), str_keys=True)


def _named(value: Any) -> Any:
    """Structs, which are stored by position, with the names of their members."""
    if isinstance(value, msgspec.Struct):
        return _named(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return {_named(key): _named(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value


PERSONAL = (
    Personal("trials", "decision", "decisions.id", shown=False),
    Personal("steps", shown=False),
    Personal("decisions", decode={"decision": _decision}),
    Personal("permission_ledger"),
    Personal("opt_ins"),
    Personal("segment_members"),
    Personal("campaign_recipients"),
    Personal("journey_runs"),
    Personal("journey_calls"),
    Personal("wakeups"),
    Personal("person_states", decode={"state": _state}),
)
"""A step repeats what state and decisions say; a trial counts for nobody but a model."""
