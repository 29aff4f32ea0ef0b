"""What would be decided for a person, now or at a later time, and why something would not go.

Nothing changes: the core is run on the state as it is, through every wake-up until then, as if
nothing else happened in between and whatever was ordered on the way was accepted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain import sentences
from services.decision.domain.arbitrate import Wanted, appraise, candidate, weigh
from services.decision.domain.case import Moment
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s, to_s
from services.decision.domain.decisions import Candidate, Decision, Verdict
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import ReceiptInput, ReceiptKind, WakeupInput
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.model import Controls, Journey
from services.decision.domain.response_model import ResponseModel
from services.decision.domain.state import Pending, PersonState, Position
from services.decision.domain.step import next_wakeup, step

#: So many wake-ups are lived through; who has more until then gets an answer for the last of them.
WAKEUPS_MAX = 500


class Standing(msgspec.Struct, frozen=True):
    """Where a person stands with one message of one journey.

    `standing`: chosen, held, lost, refused (it is a candidate), waiting (on the way to it, until
    `until`), sent (its step is behind them), outside (not in the journey). `candidate` has every
    rule's verdict as if it were wanted at that moment; `entered` says how often they were in.
    """

    journey: str
    step: str
    template: str
    standing: str
    sentence_en: str
    sentence_de: str
    candidate: Candidate | None = None
    at_step: str = ""
    until: datetime | None = None
    entered: int = 0


class Preview(msgspec.Struct, frozen=True):
    """Decisions on the way in their order; `final` are those of the moment asked about."""

    at: datetime
    on_the_way: tuple[Decision, ...]
    final: tuple[Decision, ...]
    why_not: tuple[Standing, ...]


class World(msgspec.Struct, frozen=True):
    """What holds beside the person's state."""

    catalog: Catalog
    controls: Controls
    model: ResponseModel


def preview(
    state: PersonState,
    world: World,
    now: datetime,
    at: datetime,
    *,
    template: str = "",
    journey: str = "",
) -> Preview:
    """Return what would be decided at `at`, which is not before `now`.

    Everything held competes at that moment. With `template` or `journey`, also where the person
    stands with each message of that name. Equal arguments, equal answer.
    """
    on_the_way: list[Decision] = []
    for _ in range(WAKEUPS_MAX):
        due = next_wakeup(state)
        if due is None or due >= at:
            break
        moment = max(due, now)
        state, made = _lived(state, world, moment, reconsider=False)
        on_the_way += made
    _, final = _lived(state, world, at, reconsider=True)
    found: Sequence[Standing] = ()
    if template or journey:
        found = _standings(state, world, at, final, template, journey)
    return Preview(at, tuple(on_the_way), tuple(final), tuple(found))


def _lived(
    state: PersonState, world: World, at: datetime, *, reconsider: bool
) -> tuple[PersonState, list[Decision]]:
    """Let a wake-up happen, and everything it orders be accepted."""
    base = derive_id(_id_at(at), "preview", state.person.hex)
    wakeup = WakeupInput(base, at, reconsider)
    result = step(state, [wakeup], world.catalog, at, world.controls, world.model)
    made = list(result.decisions)
    for order in result.orders:
        told = ReceiptInput(
            derive_id(base, "accepted", order.message_id), order.message_id, ReceiptKind.ACCEPTED,
            at, order.channel, order.topic,
        )  # fmt: skip
        result = step(result.state, [told], world.catalog, at, world.controls, world.model)
        made += result.decisions
    return result.state, made


def _id_at(at: datetime) -> UUID:
    return UUID(int=(to_s(at) * 1000) << 80 | 0x7 << 76 | 0b10 << 62)


def _standings(
    state: PersonState,
    world: World,
    at: datetime,
    final: Sequence[Decision],
    template: str,
    journey: str,
) -> list[Standing]:
    found = []
    for _, one in sorted(world.catalog.current.items()):
        if journey and one.key != journey:
            continue
        for wanted in one.steps.values():
            if not isinstance(wanted, MessageStep):
                continue
            found += [
                _standing(state, world, at, final, (one, wanted, key))
                for key in wanted.templates
                if not template or key == template
            ]
    return found


def _standing(
    state: PersonState,
    world: World,
    at: datetime,
    final: Sequence[Decision],
    what: tuple[Journey, MessageStep, str],
) -> Standing:
    journey, wanted, template = what
    passage = state.passages.get(journey.key)
    entered = passage.entered if passage else 0

    def told(standing: str, en: str, de: str, one: Candidate | None, **more: Any) -> Standing:
        return Standing(
            journey.key, wanted.key, template, standing, en, de, one, entered=entered, **more
        )

    for decision in final:
        for one in decision.candidates:
            if (one.journey, one.step) == (journey.key, wanted.key) and one.template == template:
                standing, verdict = _fate(one)
                en, de = _sentences(verdict, decision)
                return told(standing, en, de, one)
    supposed = _supposed(state, world, at, what)
    positions = [one for one in state.positions if one.journey == journey.key]
    if positions:
        where = max(positions, key=lambda one: one.entered_s)
        standing, en, de = _on_the_way(journey, wanted, where)
        until = from_s(where.due_s) if where.due_s else None
        return told(standing, en, de, supposed, at_step=where.step, until=until)
    if entered:
        en = f"The person has been in {journey.key} and is out again."
        de = f"Die Person war in {journey.key} und ist wieder draußen."
    else:
        en = f"The person has never entered {journey.key}: what begins it has not happened."
        de = f"Die Person hat {journey.key} nie betreten: Was sie beginnt, ist nicht geschehen."
    return told("outside", en, de, supposed)


def _fate(one: Candidate) -> tuple[str, Verdict | None]:
    """Return what became of a candidate, and the verdict that says why."""
    if not one.against:
        return "chosen", None
    rank = {"refused": 0, "lost": 1, "ghost": 2, "held": 3}
    decisive = min(one.against, key=lambda verdict: rank[verdict.ruling])
    return str(decisive.ruling), decisive


def _sentences(verdict: Verdict | None, decision: Decision) -> tuple[str, str]:
    if verdict is None:
        return decision.reason_en, decision.reason_de
    return sentences.sentence(verdict, "en"), sentences.sentence(verdict, "de")


def _on_the_way(journey: Journey, wanted: MessageStep, where: Position) -> tuple[str, str, str]:
    """Return whether a message is still to come or behind, in words."""
    order = list(journey.steps)
    ahead = order.index(where.step) <= order.index(wanted.key) if where.step in order else True
    if ahead:
        return (
            "waiting",
            f"The person is in {journey.key} at the step {where.step} and has not come to it yet.",
            f"Die Person ist in {journey.key} beim Schritt {where.step} und noch nicht so weit.",
        )
    return (
        "sent",
        f"The person is in {journey.key} at the step {where.step}, beyond it.",
        f"Die Person ist in {journey.key} beim Schritt {where.step}, schon darüber hinaus.",
    )


def _supposed(
    state: PersonState,
    world: World,
    at: datetime,
    what: tuple[Journey, MessageStep, str],
) -> Candidate | None:
    """Return every rule's verdict as if the message were wanted now; None where it is gone."""
    journey, wanted, key = what
    catalog = world.catalog
    template = catalog.templates.get(key)
    if template is None:
        return None
    now_s = to_s(at)
    run = derive_id(_id_at(at), "supposed", state.person.hex, journey.key, wanted.key)
    pending = Pending(
        run, journey.key, journey.version, wanted.key, run, now_s, now_s + wanted.valid_for_s,
        now_s,
    )  # fmt: skip
    zone = catalog.zone_of(state)
    moment = Moment(state, at, zone, world.controls, plans=catalog, model=world.model)
    supposed = Wanted(pending, journey, wanted, template)
    appraise(moment, [supposed], catalog.fatigue_cost)
    weighed = weigh(moment, supposed)
    weighed.drop_unworthy()
    return candidate(weighed)
