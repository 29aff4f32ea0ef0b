"""A place under a cap is kept for a more important message that is already planned.

Planned is what waits for its turn, and what a wait of a journey will lead to, with a higher
priority, within the cap's look-ahead and its window. The idea is that of Adobe Journey Optimizer's
look-ahead and of Infobip's pending sends.
"""

from collections.abc import Iterator

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Fact, Verdict
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.journeys.steps.wait import WaitStep
from services.decision.domain.journeys.steps.wait_for_event import WaitForEventStep
from services.decision.domain.model import MARKETING
from services.decision.domain.policy.caps import Cap, window
from services.decision.domain.reasons import Reason

NAME = "look_ahead"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold while the places left are needed by what is planned."""
    step = case.journey.steps.get(case.pending.step)
    priority = step.priority if isinstance(step, MessageStep) else 0
    planned = list(_planned(case, priority))
    if not planned:
        return PASSED
    for cap in case.template.look_aheads:
        verdict = _kept_free(case, cap, planned)
        if verdict is not None:
            return verdict
    return PASSED


def _kept_free(case: Case, cap: Cap, planned: list[tuple[int, str]]) -> Verdict | None:
    after_s, end_s = window(cap, case.moment)
    horizon_s = min(case.now_s + cap.look_ahead_s, end_s or case.now_s + cap.window_s)
    templates = case.moment.plans.templates if case.moment.plans else {}
    needed = []
    for due_s, key in planned:
        template = templates[key]
        labels = (template.channel, template.topic, template.message_class, template.tags)
        if due_s <= horizon_s and cap.scope.covers(*labels):
            needed.append((due_s, key))
    taken = sum(at_s > after_s for at_s in case.moment.times(cap.scope))
    if not needed or taken + len(needed) < cap.messages or taken >= cap.messages:
        return None
    due_s, key = min(needed)
    facts: dict[str, Fact] = {"policy": cap.key, "to": key, "limit": cap.messages}
    return held(f"{NAME}:{cap.key}", Reason.KEPT_FREE, due_s + 1, facts)


def _planned(case: Case, priority: int) -> Iterator[tuple[int, str]]:
    """Return when what is more important than `priority` will be wanted, and its template."""
    plans, state = case.moment.plans, case.state
    if plans is None:
        return
    for one in state.pending:
        if one.id != case.pending.id and one.due_s > case.now_s:
            journey = plans.journeys.get((one.journey, one.version))
            step = journey.steps.get(one.step) if journey else None
            template = _more_important(case, step, one.choice, priority)
            if template:
                yield one.due_s, template
    for position in state.positions:
        journey = plans.journeys.get((position.journey, position.version))
        waits = journey.steps.get(position.step) if journey and position.due_s else None
        if isinstance(waits, WaitStep | WaitForEventStep) and journey is not None:
            target = waits.next if isinstance(waits, WaitStep) else waits.on_timeout
            template = _more_important(case, journey.steps.get(target), 0, priority)
            if template:
                yield position.due_s, template


def _more_important(case: Case, step: object, choice: int, priority: int) -> str:
    """Return the template of a step that wants marketing of a higher priority, else nothing."""
    plans = case.moment.plans
    if not isinstance(step, MessageStep) or step.priority <= priority or plans is None:
        return ""
    if choice >= len(step.templates):
        return ""
    template = plans.templates.get(step.templates[choice])
    return template.key if template and template.message_class == MARKETING else ""
