"""The arbitration moment: what wants to go out is weighed, the best goes, the rest waits or ends.

Transactional and service messages each stand for themselves; of marketing at most one goes out
per step. A chosen message takes its slot at once. Which of its templates and variants goes is drawn
(`actions.py`).
"""

from typing import NamedTuple
from uuid import UUID

import msgspec

from services.decision.domain import actions, bandit, sentences
from services.decision.domain.arbitrate import Wanted, Weighed, appraise, candidate, lost_to, weigh
from services.decision.domain.case import refused
from services.decision.domain.civil import from_s, to_s_up
from services.decision.domain.decisions import (
    Action,
    Candidate,
    Decision,
    MessageOrder,
    Outcome,
    Ruling,
    Verdict,
)
from services.decision.domain.holdout import EVERYTHING, Holdout
from services.decision.domain.ids import derive_id, seed_of
from services.decision.domain.journeys import engine as journeys
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.model import MARKETING
from services.decision.domain.permission import fingerprint, measurement_allowed
from services.decision.domain.reasons import Reason
from services.decision.domain.requests import is_asked_for
from services.decision.domain.state import GHOST, RESERVED, Ask, Contact, Flight, Pending
from services.decision.domain.turn import Turn, index_of

#: A message that ends may bring up the next one at once; so many rounds of that per step.
ROUNDS_MAX = 8


def decide(turn: Turn) -> None:
    """Decide everything that is due, together with all else that waits."""
    pending = turn.state.pending
    if not any(one.due_s <= turn.now_s for one in pending):
        return
    competing = list(pending) if turn.showable is None else _asked_for(turn)
    decided: set[int] = set()
    for _ in range(ROUNDS_MAX):
        if not competing:
            return
        decided.update([one.id.int for one in competing])
        wanted = [one for pending in competing for one in _resolve(turn, pending)]
        appraise(turn.moment, wanted, turn.catalog.fatigue_cost)
        for group in _groups(wanted):
            _decide_group(turn, group)
        due = [one for one in turn.state.pending if one.due_s <= turn.now_s]
        competing = [one for one in due if one.id.int not in decided]


def _asked_for(turn: Turn) -> list[Pending]:
    """Return what a client can show that asks for the next message; the others keep waiting."""
    channels, placement = turn.showable or ((), "")
    return [
        one
        for one in turn.state.pending
        if any(
            is_asked_for(template, channels, placement)
            for template in turn.catalog.templates_for(turn.state, one)
        )
    ]


def _groups(wanted: list[Wanted]) -> list[list[Wanted]]:
    """Return who competes with whom, in order: each other message alone, all marketing at once."""
    alone: dict[int, list[Wanted]] = {}
    marketing = []
    for one in wanted:
        if one.template.message_class == MARKETING:
            marketing.append(one)
        else:
            alone.setdefault(one.pending.id.int, []).append(one)
    return [*alone.values(), marketing] if marketing else list(alone.values())


def _resolve(turn: Turn, pending: Pending) -> list[Wanted]:
    """Return a pending message as each of its step's templates; end it where they are gone."""
    wanted = turn.catalog.wanted_by(pending)
    if wanted is None:
        facts = {"journey": pending.journey}
        end(turn, pending, refused("catalog", Reason.JOURNEY_REMOVED, facts))
        return []
    journey, step = wanted
    found = [
        Wanted(pending, journey, step, template, place)
        for place, template in enumerate(turn.catalog.templates_at(turn.state, pending, step))
        if turn.showable is None or is_asked_for(template, *turn.showable)
    ]
    if not found:
        named = step.templates[min(pending.choice, len(step.templates) - 1)]
        verdict = refused("catalog", Reason.TEMPLATE_REMOVED, {"template": named})
        end(turn, pending, verdict)
    return found


def _decide_group(turn: Turn, group: list[Wanted]) -> None:
    """Choose the first free one of a group in order of rank; settle the others."""
    moment = turn.moment
    weighed = [weigh(moment, one) for one in group]
    for one in weighed:
        one.drop_unworthy()
    seq = turn.say()
    decision_id = turn.derive("decision", seq)
    drawn = _draw(turn, weighed, seed_of(decision_id))
    winner = drawn.winner
    if winner is not None:
        again_s = turn.now_s + turn.catalog.compete_again_s
        lost = lost_to(winner.wanted, from_s(again_s))
        for one in weighed:
            if one.decisive is None and one is not winner:
                one.lose(lost, again_s)
    ghost = None if winner is None else _ghost(turn, winner)
    order = None
    if winner is not None and ghost is None:
        order = _order(turn, winner.wanted, decision_id, drawn.variant)
    basis = order.basis if order else ""
    leading = (winner or weighed[0]).decisive
    turn.decisions.append(
        Decision(
            decision_id,
            turn.state.person,
            seq,
            turn.now,
            Outcome.GHOST if ghost else _outcome(weighed, order),
            turn.trigger(),
            tuple([candidate(one, basis if one is winner else "") for one in weighed]),
            turn.catalog.revision,
            seed_of(decision_id),
            order.reason_en if order else _sentence(turn, leading, "en"),
            order.reason_de if order else _sentence(turn, leading, "de"),
            leading.reason if leading else None,
            order.message_id if order else None,
            order,
            drawn.probability,
            turn.model.revision,
            drawn.bucket,
            drawn.actions,
        )
    )
    if winner is not None and order is not None:
        _reserve(turn, winner.wanted, order)
    elif winner is not None and ghost is not None:
        _pass_by(turn, winner.wanted, decision_id, ghost)
    for one in _one_each(weighed):
        if winner is None or one.wanted.pending is not winner.wanted.pending:
            _settle(turn, one)


def _ghost(turn: Turn, winner: Weighed) -> Holdout | None:
    """Make a ghost of the message that won where the person is held out of it."""
    wanted = winner.wanted
    if wanted.template.message_class != MARKETING:
        return None
    for holdout in (turn.catalog.holdout, wanted.journey.holdout):
        if holdout is not None and holdout.has(turn.state.person):
            winner.haunt(holdout.ghost)
            return holdout
    return None


def _pass_by(turn: Turn, wanted: Wanted, decision_id: UUID, holdout: Holdout) -> None:
    """Go on as if a ghost had been sent.

    Who is held out of everything gets only ghosts, which take their slots from each other; a ghost
    of one journey takes none from the real messages of others.
    """
    pending, template = wanted.pending, wanted.template
    _drop(turn, pending)
    if holdout.scope == EVERYTHING:
        turn.state.contacts.append(
            Contact(
                derive_id(decision_id, "ghost"), template.key, template.channel, template.topic,
                template.message_class, template.tags, to_s_up(turn.now), GHOST,
            )
        )  # fmt: skip
        turn.changed()
    turn.marketing_sent = True
    journeys.go_on(turn, pending, wanted.step.next)


class _Drawn(NamedTuple):
    """What was drawn for the message that won; no winner where none is free."""

    winner: Weighed | None
    variant: str = ""
    probability: float = 1.0
    bucket: str = ""
    actions: tuple[Action, ...] = ()


def _draw(turn: Turn, weighed: list[Weighed], seed: int) -> _Drawn:
    """Draw which of the first free message's templates and variants goes."""
    first = next((one for one in weighed if one.decisive is None), None)
    if first is None:
        return _Drawn(None)
    free = [
        one
        for one in weighed
        if one.decisive is None and one.wanted.pending is first.wanted.pending
    ]
    free.sort(key=lambda one: one.wanted.place)
    moment = turn.moment
    found = actions.eligible(moment, [one.wanted.template for one in free])
    table = actions.tabulated(moment, found, turn.catalog.exploration)
    action = table[bandit.draw([one.share for one in table], seed)]
    winner = next(one for one in free if one.wanted.template.key == action.template)
    for one in free:
        if one is not winner:
            one.stand_back(winner.wanted)
    bucket = moment.habits.bucket if winner.wanted.score else ""
    return _Drawn(winner, action.variant, action.share / bandit.WHOLE, bucket, table)


def _one_each(weighed: list[Weighed]) -> list[Weighed]:
    """Return, for each message, the template that may go soonest, else the first."""
    found: dict[int, Weighed] = {}
    for one in weighed:
        key = one.wanted.pending.id.int
        known = found.get(key)
        sooner = known is not None and (one.due_s < known.due_s or not known.waits)
        if known is None or (one.waits and sooner):
            found[key] = one
    return list(found.values())


def _sentence(turn: Turn, verdict: Verdict | None, language: sentences.Language) -> str:
    return "" if verdict is None else sentences.sentence(verdict, language, turn.moment.zone)


def _outcome(weighed: list[Weighed], order: MessageOrder | None) -> Outcome:
    if order is not None:
        return Outcome.MESSAGE
    return Outcome.HELD if any(one.waits for one in weighed) else Outcome.SILENCE


def _settle(turn: Turn, weighed: Weighed) -> None:
    """Let a candidate wait, or end it and go on or leave, as its step says."""
    pending, step = weighed.wanted.pending, weighed.wanted.step
    if weighed.action == "reroute" and _rerouted(turn, weighed):
        return
    if weighed.waits:
        # Never due at once again: a rule that errs must not make a hot loop (mautic#7057).
        due_s = max(weighed.due_s, turn.now_s + 1)
        waiting = turn.state.pending
        waiting[index_of(waiting, pending)] = msgspec.structs.replace(pending, due_s=due_s)
        return
    _drop(turn, pending)
    _after_end(turn, pending, step, weighed.action, weighed.decisive)


def _rerouted(turn: Turn, weighed: Weighed) -> bool:
    """Try the step's next template at once; after the last, begin anew when the soonest is free.

    False where none of them can ever go, and where it only gave way to another message.
    """
    pending, step = weighed.wanted.pending, weighed.wanted.step
    if weighed.decisive is not None and weighed.decisive.ruling is Ruling.LOST:
        return False
    run = (pending.entry, pending.journey, pending.step)
    if weighed.waits:
        turn.soonest[run] = min(weighed.due_s, turn.soonest.get(run, weighed.due_s))
    choice, due_s = pending.choice + 1, turn.now_s
    if choice >= len(step.templates):
        if run not in turn.soonest:
            return False
        choice, due_s = 0, max(turn.soonest.pop(run), turn.now_s + 1)
    waiting = turn.state.pending
    waiting[index_of(waiting, pending)] = msgspec.structs.replace(
        pending, id=derive_id(pending.id, "choice", choice), choice=choice, due_s=due_s
    )
    return True


def _drop(turn: Turn, pending: Pending) -> None:
    del turn.state.pending[index_of(turn.state.pending, pending)]


def _after_end(
    turn: Turn, pending: Pending, step: MessageStep, action: str, why: Verdict | None
) -> None:
    if action != "exit":
        journeys.go_on(turn, pending, step.next)
        return
    position = journeys.find(turn, pending.journey, pending.entry)
    if position is not None:
        journeys.leave(turn, position, why.reason if why else None)


def _order(turn: Turn, wanted: Wanted, decision_id: UUID, variant: str) -> MessageOrder:
    state, pending, template = turn.state, wanted.pending, wanted.template
    endpoint = state.endpoints.get(template.channel)
    permission = turn.moment.permission(template.channel, template.topic, template.message_class)
    reasons = [
        sentences.sent(pending.event, pending.journey, pending.step, permission.basis, language)
        for language in ("en", "de")
    ]
    traits, context = state.traits, pending.context
    return MessageOrder(
        derive_id(decision_id, "message"),
        decision_id,
        template.key,
        template.revision,
        template.channel,
        endpoint.address if endpoint else "",
        template.topic,
        template.message_class,
        state.locale or turn.catalog.locale,
        turn.moment.zone.key,
        {
            "profile": {n: traits[n] for n in template.profile_variables if n in traits},
            "event": {n: context[n] for n in template.event_variables if n in context},
            **({"variant": variant} if variant else {}),
        },
        turn.now,
        from_s(pending.valid_until_s),
        reasons[0],
        reasons[1],
        permission.basis,
        pending.journey,
        pending.version,
        pending.step,
        template.ask,
        template.tags,
        measurement_allowed(state.permission, template.channel, template.topic),
        variant,
    )


def _reserve(turn: Turn, wanted: Wanted, order: MessageOrder) -> None:
    """Take the slot of a chosen message, put its ask, and go on in its journey."""
    state, pending, template = turn.state, wanted.pending, wanted.template
    _drop(turn, pending)
    state.contacts.append(
        Contact(
            order.message_id,
            template.key,
            template.channel,
            template.topic,
            template.message_class,
            template.tags,
            to_s_up(turn.now),
            RESERVED,
            0,
            Flight(pending, fingerprint(order.endpoint) if order.endpoint else b""),
        )
    )
    turn.changed()
    if template.message_class == MARKETING:
        turn.marketing_sent = True
    if template.ask:
        state.asks[template.ask] = Ask("open", turn.now_s, pending.journey, pending.valid_until_s)
        turn.asked(template.ask, "open", order.message_id)
    journeys.remember_sent(turn, pending, order.message_id)
    journeys.go_on(turn, pending, wanted.step.next)


def end(turn: Turn, pending: Pending, verdict: Verdict) -> None:
    """End a pending message for a reason of its own, as a decision, and go on or leave."""
    wanted = turn.catalog.wanted_by(pending)
    _drop(turn, pending)
    record(turn, pending, verdict, Outcome.SILENCE)
    if wanted is not None:
        _after_end(turn, pending, wanted[1], wanted[1].when_blocked, verdict)
        return
    position = journeys.find(turn, pending.journey, pending.entry)
    if position is not None:
        journeys.leave(turn, position, verdict.reason)


def record(turn: Turn, pending: Pending, verdict: Verdict, outcome: Outcome) -> None:
    """Record a decision about one message alone."""
    seq = turn.say()
    decision_id = turn.derive("decision", seq)
    turn.decisions.append(
        Decision(
            decision_id,
            turn.state.person,
            seq,
            turn.now,
            outcome,
            turn.trigger(),
            (_lone(turn, pending, verdict),),
            turn.catalog.revision,
            seed_of(decision_id),
            _sentence(turn, verdict, "en"),
            _sentence(turn, verdict, "de"),
            verdict.reason,
        )
    )


def _lone(turn: Turn, pending: Pending, verdict: Verdict) -> Candidate:
    wanted = turn.catalog.wanted_by(pending)
    template = turn.catalog.template_for(turn.state, pending)
    if wanted is not None and template is not None:
        return candidate(Weighed(Wanted(pending, *wanted, template), (verdict,)))
    return Candidate(
        pending.id, "", "", "", "", 0, from_s(pending.valid_until_s), (verdict,),
        pending.journey, pending.version, pending.step,
    )  # fmt: skip
