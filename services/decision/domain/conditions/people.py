"""Conditions on what is known of a person beside traits and events: messages, consent, segments."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from services.decision.domain.civil import add
from services.decision.domain.conditions.compare import all_of, comparison
from services.decision.domain.conditions.context import Context
from services.decision.domain.conditions.counts import COMPARISONS as COUNTS
from services.decision.domain.conditions.rule import NEVER, NOTHING, Rule
from services.decision.domain.conditions.windows import any_duration, rolling_s
from services.decision.domain.documents import Condition
from services.decision.domain.permission import ANY, newest_consent
from services.decision.domain.state import (
    ACCEPTED,
    CLICKED,
    DAY_S,
    DELIVERED,
    OPENED,
    REPLIED,
    Contact,
    PersonState,
)
from services.decision.domain.zones import place_of

#: A message nobody reacted to is ignored from then on.
IGNORED_AFTER_S = 3 * DAY_S
MESSAGE_WINDOW_S_MAX = 90 * DAY_S
_CONSENTS = ("granted", "pending", "withdrawn", "none")
_REACTIONS = OPENED | CLICKED | REPLIED
_BITS = {"delivered": DELIVERED, "opened": OPENED, "clicked": CLICKED, "replied": REPLIED}


def message_rule(condition: Condition, path: str, compared: list[str], context: Context) -> Rule:
    """How many messages of a window were sent, opened, ..., or ignored.

    The window counts from when a message was sent. What a machine opened counts as unopened.
    """
    if condition.within is UNSET:
        context.report(path, "a `within` of at most P90D", "none")
        return NOTHING
    window_s = rolling_s(str(condition.within), f"{path}.within", context.report)
    if window_s > MESSAGE_WINDOW_S_MAX:
        context.report(f"{path}.within", "at most P90D", str(condition.within))
    context.uses.message_window_s = max(context.uses.message_window_s, window_s)
    for name in compared:
        value = getattr(condition, name)
        if name not in COUNTS or not isinstance(value, int) or isinstance(value, bool):
            names = ", ".join(each.strip("_") for each in COUNTS)
            got = f"{name.strip('_')}: {value}"
            context.report(path, f"a whole number with one of {names}", got)
            return NOTHING
    parts = tuple(comparison(name, getattr(condition, name)) for name in compared)
    check = all_of(parts) if parts else comparison("at_least", 1)
    spans = _spans(condition, window_s)

    def count(state: PersonState, now_s: int) -> int:
        return sum(begin_s <= now_s < end_s for begin_s, end_s in spans(state))

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(count(state, now_s))

    def flip(state: PersonState, now_s: int) -> int:
        holds = check(count(state, now_s))
        times = sorted({at_s for span in spans(state) for at_s in span if at_s > now_s})
        return next((at_s for at_s in times if check(count(state, at_s)) != holds), NEVER)

    return Rule(test, flip)


def _spans(condition: Condition, window_s: int) -> Callable[[PersonState], list[tuple[int, int]]]:
    """Return what gives, for each message meant, from when until when it counts."""
    sign, bit = str(condition.message), _BITS.get(str(condition.message), 0)
    waits_s = IGNORED_AFTER_S if sign == "ignored" else 0
    wanted = [
        (field, value)
        for field in ("channel", "topic", "template")
        if (value := getattr(condition, field)) is not UNSET
    ]

    def fits(contact: Contact) -> bool:
        if contact.state != ACCEPTED or (bit and not contact.seen & bit):
            return False
        if waits_s and contact.seen & _REACTIONS:
            return False
        return all(getattr(contact, field) == value for field, value in wanted)

    def spans(state: PersonState) -> list[tuple[int, int]]:
        return [(one.at_s + waits_s, one.at_s + window_s) for one in state.contacts if fits(one)]

    return spans


def consent_rule(condition: Condition, path: str, compared: list[str], context: Context) -> Rule:
    """What the person last said about being contacted on a channel about a topic.

    Only consent: objection, suppression and pause are parts of their own.
    """
    context.uses.permission = True
    for name in compared:
        operand = getattr(condition, name)
        said = operand if isinstance(operand, tuple) else (operand,)
        if name not in ("is_", "is_not", "in_", "not_in") or not set(said) <= set(_CONSENTS):
            expected = f"is, is_not, in or not_in with {', '.join(_CONSENTS)}"
            context.report(path, expected, f"{name.strip('_')}: {operand}")
            return NOTHING
    if not compared:
        context.report(path, "is, is_not, in or not_in", "none")
        return NOTHING
    channel, _, topic = str(condition.consent).partition("/")
    check = all_of(tuple(comparison(name, getattr(condition, name)) for name in compared))

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        consent = newest_consent(state.permission, "contact", channel, topic or ANY)
        return check("none" if consent is None else consent.status)

    return Rule(test)


def member_for(number: int, text: str, path: str, context: Context) -> Rule:
    """Whether the person has been in a segment at least so long, without leaving."""
    context.uses.zone = True
    duration, default = any_duration(text, path, context.report), context.zone

    def due_s(state: PersonState) -> int:
        since_s = state.segments.get(number)
        if since_s is None:
            return NEVER
        return add(since_s, duration, place_of(state, default).zones[0])

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return due_s(state) <= now_s

    def flip(state: PersonState, now_s: int) -> int:
        at_s = due_s(state)
        return at_s if at_s > now_s else NEVER

    return Rule(test, flip)
