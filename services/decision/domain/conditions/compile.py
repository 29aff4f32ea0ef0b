"""From a condition of a document to a rule, with every problem told by its path."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from services.decision.domain.conditions import compare, counts, dates, people
from services.decision.domain.conditions.context import Context, Uses
from services.decision.domain.conditions.rule import NOTHING, Rule, group
from services.decision.domain.documents import Condition
from services.decision.domain.model import Test
from services.decision.domain.segment_numbers import number_of
from services.decision.domain.state import PersonState

_GROUPS = ("all", "any", "none")

#: What may stand beside each subject, apart from comparisons.
_BESIDE: dict[str, tuple[str, ...]] = {
    "trait": ("as_",),
    "property": ("as_",),
    "score": (),
    "event": ("within", "where", "sum", "which"),
    "message": ("within", "channel", "topic", "template"),
    "consent": (),
    "segment": ("for_",),
}
_SUBJECTS = tuple(_BESIDE)
_MODIFIERS = tuple(dict.fromkeys(name for names in _BESIDE.values() for name in names))


def compile_condition(condition: Condition, path: str, context: Context) -> Rule:
    """Return `condition` as a rule.

    What it refers to is noted in the context, and problems are told to it; a rule with problems
    must not be used.
    """
    given = [name for name in (*_GROUPS, *_SUBJECTS) if getattr(condition, name) is not UNSET]
    if len(given) != 1:
        choices = ", ".join((*_GROUPS, *_SUBJECTS))
        context.report(path, f"exactly one of {choices}", ", ".join(given) or "none of them")
        return NOTHING
    subject = given[0]
    _refuse_strangers(condition, subject, path, context)
    compared = [name for name in compare.PLAIN if getattr(condition, name) is not UNSET]
    dated = [name for name in dates.COMPARISONS if getattr(condition, name) is not UNSET]
    if dated and subject != "trait" and condition.which is UNSET:
        expected = f"`{dated[0]}` only with `trait`, or with `event` and `which`"
        context.report(path, expected, f"`{dated[0]}` with `{subject}`")
    if subject in _GROUPS:
        _expect_none(path, subject, compared, context)
        parts = tuple(
            compile_condition(part, f"{path}.{subject}[{i}]", context)
            for i, part in enumerate(getattr(condition, subject))
        )
        return group(subject, parts)
    if subject == "segment":
        return _segment(condition, path, compared, context)
    if subject == "event":
        context.uses.events.add(str(condition.event))
        where = _where(condition, path, context)
        return counts.rule(condition, path, compared, where, context)
    if subject == "message":
        return people.message_rule(condition, path, compared, context)
    if subject == "consent":
        return people.consent_rule(condition, path, compared, context)
    return _value(condition, subject, path, compared, context)


def _refuse_strangers(condition: Condition, subject: str, path: str, context: Context) -> None:
    """Note modifiers that say nothing about this subject."""
    for name in _MODIFIERS:
        if getattr(condition, name) is not UNSET and name not in _BESIDE.get(subject, ()):
            named = name.strip("_")
            friends = " or ".join(f"`{one}`" for one, names in _BESIDE.items() if name in names)
            context.report(path, f"`{named}` only with {friends}", f"`{named}` with `{subject}`")


def _expect_none(path: str, subject: str, compared: list[str], context: Context) -> None:
    if compared:
        got = ", ".join(name.strip("_") for name in compared)
        context.report(path, f"no comparison with `{subject}`", got)


def _segment(condition: Condition, path: str, compared: list[str], context: Context) -> Rule:
    _expect_none(path, "segment", compared, context)
    key = str(condition.segment)
    context.uses.segments.add(key)
    rule = context.segment(key, f"{path}.segment") or NOTHING
    if condition.for_ is UNSET:
        return rule
    return people.member_for(number_of(key), str(condition.for_), f"{path}.for", context)


def _where(condition: Condition, path: str, context: Context) -> Test | None:
    """Return the filter of an event condition: what is counted may depend on the event only."""
    if condition.where is UNSET:
        return None
    inside = context._replace(uses=Uses())
    rule = compile_condition(condition.where, f"{path}.where", inside)
    uses = inside.uses
    if uses.traits or uses.events or uses.segments or uses.permission or uses.message_window_s:
        context.report(f"{path}.where", "conditions on `property` only", "another subject")
    return rule.test


def _value(
    condition: Condition, subject: str, path: str, compared: list[str], context: Context
) -> Rule:
    """A trait, score or property: its value, and for a trait also what date it is."""
    name = str(getattr(condition, subject))
    if subject == "score":
        name = f"scores.{name}"
    parts = []
    if subject == "trait":
        parts = dates.rules(condition, dates.trait_instant(name), path, context)
    if condition.as_ is not UNSET:
        for one in [each for each in compared if each not in compare.VERSIONS]:
            names = ", ".join(each.strip("_") for each in compare.VERSIONS)
            context.report(path, f"a comparison of versions ({names})", one.strip("_"))
            return NOTHING
    if compared or not parts:
        if not compared:
            choices = [*compare.PLAIN, *(dates.COMPARISONS if subject == "trait" else ())]
            named = ", ".join(each.strip("_") for each in choices)
            context.report(path, f"a comparison ({named})", "none")
            return NOTHING
        check = compare.checks(condition, compared, path, context.report)
        parts = [_compared(subject, name, check), *parts]
    (context.uses.properties if subject == "property" else context.uses.traits).add(name)
    return parts[0] if len(parts) == 1 else group("all", tuple(parts))


def _compared(subject: str, name: str, check: compare.Check) -> Rule:
    def of_person(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(state.traits.get(name))

    def of_event(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(properties.get(name))

    return Rule(of_event if subject == "property" else of_person)
