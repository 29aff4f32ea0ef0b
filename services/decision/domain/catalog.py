"""The catalog: documents checked against each other and made into something that runs.

`parse_catalog` is all or nothing: it returns a catalog, or raises CatalogError with every problem
it found, each with the document, the path in it, what was expected and what was there.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.decision.domain import documents
from services.decision.domain.campaigns.compiling import VERSION, Campaign
from services.decision.domain.civil import UTC_ZONE, find_zone
from services.decision.domain.compiling import Compiler, Problem
from services.decision.domain.holdout import EVERYTHING, Holdout
from services.decision.domain.journeys.documents import Webhook
from services.decision.domain.journeys.steps.follow_up import FollowUpStep
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.kinds import KINDS, schema_for
from services.decision.domain.model import (
    DIRECT,
    Ask,
    ExistingCustomers,
    Journey,
    Template,
    Trigger,
)
from services.decision.domain.reasons import Reason
from services.decision.domain.segmentation import Need, Segmentation
from services.decision.domain.state import (
    ACCEPTED,
    BOUNCED,
    CLICKED,
    DAY_S,
    OPENED,
    REPLIED,
    Pending,
    PersonState,
    Position,
)
from services.decision.domain.zones import place_of

__all__ = ["Catalog", "CatalogError", "Problem", "parse_catalog"]

_PROBLEMS_SHOWN = 20
#: Contacts are kept at least so long, so that a cap added today knows the past month.
_HORIZON_S_MIN = 31 * DAY_S
_READ = OPENED | CLICKED | REPLIED
#: Channels on which reading is reported; on the others what was accepted counts as seen.
_REPORTS_READING = frozenset({"email", "in_app"})

_MISMATCH = re.compile(r"Expected (?P<expected>.+), got (?P<got>.+)")
_AT_PATH = re.compile(r"(?P<what>.*) - at `\$(?P<path>.*)`", re.DOTALL)


class CatalogError(ValueError):
    """The documents do not make a catalog; `problems` says why, one by one."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        shown = [str(problem) for problem in problems[:_PROBLEMS_SHOWN]]
        if len(problems) > _PROBLEMS_SHOWN:
            shown.append(f"and {len(problems) - _PROBLEMS_SHOWN} more")
        super().__init__("; ".join(shown))


class Catalog(msgspec.Struct, frozen=True):
    """A workspace's catalog at one revision, ready to decide with.

    `journeys` by (key, version) hold every version given, `live` the newest of each by its entry
    event; `asks_by_event` and `ending_events` say who listens to an event. `traits` are those the
    state must keep. `horizon_s` is how long contacts matter to any rule. `rewards` tells, by event,
    which templates an event is a response to: their ask is done, or the goal of their journey is.
    """

    revision: int
    timezone: str
    locale: str
    compete_again_s: int
    templates: dict[str, Template]
    journeys: dict[tuple[str, int], Journey]
    live: dict[str, tuple[Journey, ...]]
    current: dict[str, Journey]
    entered_by_segment: dict[str, tuple[Journey, ...]]
    entered_by_date: dict[str, Journey]
    follows: bool
    archived: frozenset[str]
    webhooks: dict[str, Webhook]
    campaigns: dict[str, Campaign]
    campaigns_need_approval: bool
    asks_by_event: dict[str, tuple[Ask, ...]]
    ending_events: frozenset[str]
    counted_events: frozenset[str]
    low_signal_events: frozenset[str]
    traits: frozenset[str]
    horizon_s: int
    keeps_transactional: bool
    segments: Segmentation = Segmentation()
    exploration: float = 0.1
    fatigue_cost: float = 0.0
    response_window_s: int = 7 * DAY_S
    rewards: dict[str, tuple[tuple[Trigger, frozenset[str]], ...]] = {}
    holdout: Holdout | None = None
    existing_customers: dict[str, ExistingCustomers] = {}

    def zone_of(self, state: PersonState) -> ZoneInfo:
        """Return the zone the person is likeliest in; where nothing tells, the workspace's."""
        return place_of(state, find_zone(self.timezone) or UTC_ZONE).zones[0]

    def journey_of(self, one: Position | Pending) -> Journey | None:
        """Return the version of the journey a person is in; None if it is gone."""
        journey = self.journeys.get((one.journey, one.version))
        return None if journey is None or one.journey in self.archived else journey

    def wanted_by(self, pending: Pending) -> tuple[Journey, MessageStep] | None:
        """Return the journey and the step that want a message; None if they are gone."""
        if not pending.journey:
            return _direct(pending) if pending.step in self.templates else None
        journey = self.journey_of(pending)
        step = journey.steps.get(pending.step) if journey else None
        return (journey, step) if journey and isinstance(step, MessageStep) else None

    def ask_of(self, pending: Pending) -> str:
        """Return what a pending message would ask; empty for nothing."""
        template = self.template_of(pending)
        return template.ask if template else ""

    def template_of(self, pending: Pending) -> Template | None:
        """Return the template a pending message tries; None if it is gone."""
        wanted = self.wanted_by(pending)
        return None if wanted is None else self.templates.get(_tried(wanted[1], pending))

    def template_for(self, state: PersonState, pending: Pending) -> Template | None:
        """Return the template as this person gets it: the recap, where what it builds on was not
        seen.
        """
        template = self.template_of(pending)
        return None if template is None else self._as_seen(state, template)

    def templates_for(self, state: PersonState, pending: Pending) -> list[Template]:
        """Return the templates of which one may go out now, each as this person gets it."""
        wanted = self.wanted_by(pending)
        return [] if wanted is None else self.templates_at(state, pending, wanted[1])

    def templates_at(
        self, state: PersonState, pending: Pending, step: MessageStep
    ) -> list[Template]:
        """Return `templates_for` a message of which it is known already which step wants it."""
        keys = step.templates if step.draws else (_tried(step, pending),)
        known = [self.templates[key] for key in keys if key in self.templates]
        return [self._as_seen(state, one) if one.recap else one for one in known]

    def _as_seen(self, state: PersonState, template: Template) -> Template:
        if not template.recap or has_seen(state, template.builds_on):
            return template
        return self.templates.get(template.recap, template)


def _tried(step: MessageStep, pending: Pending) -> str:
    """Return the key of the template whose turn it is."""
    return step.templates[min(pending.choice, len(step.templates) - 1)]


def _direct(pending: Pending) -> tuple[Journey, MessageStep]:
    """Return what stands for journey and step of a message that was asked for directly."""
    valid_for_s = pending.valid_until_s - pending.since_s
    return DIRECT, MessageStep(pending.step, (pending.step,), 50, valid_for_s, "hold", "")


def parse_catalog(
    raw: Iterable[Mapping[str, Any]],
    *,
    revision: int = 1,
    revisions: Mapping[tuple[str, str], int] | None = None,
    since: Mapping[Need, int] | None = None,
) -> Catalog:
    """Return the catalog `raw` documents make; raise CatalogError naming every problem.

    A journey may be given in several versions: the highest is live, the others serve people in
    flight. `revisions` tells, by (kind, key), since which catalog revision a document reads as it
    does (templates are fetched by it), `since` from which on the catalog needs something of a
    state; `revision` where they are silent.
    """
    problems: list[Problem] = []
    parsed = _parsed(raw, problems)
    compiler = Compiler(parsed, revision, revisions or {}, problems, since or {})
    workspace = compiler.workspace
    where = f"workspace {workspace.key}"
    if find_zone(workspace.timezone) is None:
        problems.append(Problem(where, "timezone", "an IANA time zone", repr(workspace.timezone)))
    templates = compiler.templates()
    campaigns = compiler.campaigns()
    journeys = compiler.journeys()
    serving = _serving(journeys.values())
    current = {key: journey for key, journey in serving.items() if journey.status == "live"}
    asks = compiler.asks()
    existing_customers = compiler.existing_customers()
    segments = compiler.segmentation()
    compete_again_s = compiler.seconds(workspace.compete_again_after, where, "compete_again_after")
    arbitration = workspace.arbitration
    response_window_s = compiler.seconds(
        arbitration.response_window, where, "arbitration.response_window"
    )
    if problems:
        raise CatalogError(problems)
    return Catalog(
        revision=revision,
        timezone=workspace.timezone,
        locale=workspace.locale,
        compete_again_s=compete_again_s,
        templates=templates,
        journeys=journeys | {(one.journey.key, VERSION): one.journey for one in campaigns.values()},
        campaigns=campaigns,
        campaigns_need_approval=workspace.campaigns_need_approval,
        archived=frozenset(key for key, j in serving.items() if j.status == "archived"),
        webhooks={one.key: one for one in parsed if isinstance(one, Webhook)},
        live=_by_event_of_entry(current),
        current=current,
        entered_by_segment=_by_segment(current),
        entered_by_date={key: j for key, j in current.items() if j.entry.date is not None},
        follows=_follows(journeys.values()),
        asks_by_event=_by_event(asks),
        ending_events=frozenset(event for j in journeys.values() for event in j.endings),
        counted_events=frozenset(compiler.uses.events),
        low_signal_events=frozenset(compiler.low_signal),
        traits=frozenset(compiler.uses.traits),
        horizon_s=max(_HORIZON_S_MIN, compiler.horizon_s, response_window_s),
        keeps_transactional=compiler.keeps_transactional,
        segments=segments,
        exploration=arbitration.exploration,
        fatigue_cost=arbitration.fatigue_cost,
        response_window_s=response_window_s,
        holdout=compiler.holdout(workspace.holdout, EVERYTHING),
        existing_customers=existing_customers,
        rewards=_rewards(templates.values(), asks, journeys.values()),
    )


def _parsed(raw: Iterable[Mapping[str, Any]], problems: list[Problem]) -> list[documents.Document]:
    """Return the documents by their kinds; raises CatalogError where one has not its shape."""
    parsed = [
        document
        for index, one in enumerate(raw)
        if (document := _parse(one, index, problems)) is not None
    ]
    if problems:
        raise CatalogError(problems)
    _refuse_doubles(parsed, problems)
    return parsed


def _parse(
    raw: Mapping[str, Any], index: int, problems: list[Problem]
) -> documents.Document | None:
    """Return one document by its kind, or None with the problem noted."""
    kind = raw.get("kind")
    where = f"{kind} {raw.get('key')}" if kind and raw.get("key") else f"document {index + 1}"
    if not isinstance(kind, str) or kind not in KINDS:
        problems.append(Problem(where, "kind", f"one of {', '.join(KINDS)}", repr(kind)))
        return None
    try:
        return msgspec.convert(raw, KINDS[kind])
    except msgspec.ValidationError as error:
        problems.append(_explained(str(error), kind, where, raw))
        return None


def _explained(message: str, kind: str, where: str, raw: Mapping[str, Any]) -> Problem:
    """Return msgspec's message as a problem with path, expectation and finding."""
    placed = _AT_PATH.fullmatch(message)
    what, path = (placed["what"], placed["path"].lstrip(".")) if placed else (message, "")
    if mismatch := _MISMATCH.fullmatch(what):
        return Problem(where, path, mismatch["expected"], mismatch["got"])
    quoted = re.findall(r"`(.*?)`|'(.*?)'", what)
    name = next((one or other for one, other in quoted), "")
    if "unknown field" in what:
        return Problem(where, path, "a known field", f"`{name}`")
    if "missing required field" in what:
        return Problem(where, path, f"a field `{name}`", "none")
    if what.startswith(("Invalid enum value", "Invalid value")):
        return Problem(where, path, _choices(kind, path), f"`{name}`")
    return Problem(where, path, what.removeprefix("Expected "), repr(_at(raw, path)))


def _choices(kind: str, path: str) -> str:
    """Return the values a field may take, as the schema says."""
    name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    found: dict[str, None] = {}
    for definition in schema_for(kind)["$defs"].values():
        field = definition.get("properties", {}).get(name, {})
        for choice in field.get("enum") or field.get("items", {}).get("enum") or ():
            found[str(choice)] = None
    return "one of " + ", ".join(found)


def _at(raw: Any, path: str) -> Any:
    """Return what stands at a path such as steps[0].template."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        try:
            raw = raw[int(index)] if index else raw[name]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _refuse_doubles(parsed: list[documents.Document], problems: list[Problem]) -> None:
    seen = set()
    for document in parsed:
        version = getattr(document, "version", 0)
        one = (document.kind, "" if document.kind == "workspace" else document.key, version)
        if one in seen:
            where = f"{document.kind} {document.key}"
            expected = "one workspace" if document.kind == "workspace" else "each key once"
            problems.append(Problem(where, "key", expected, f"`{document.key}` again"))
        seen.add(one)


def has_seen(state: PersonState, template: str) -> bool:
    """Return whether a scene reached the person, as far as the ledger remembers.

    A channel that can report reading must have done so; one that cannot counts once accepted.
    """
    for contact in state.contacts:
        if contact.template == template and contact.state == ACCEPTED:
            if contact.seen & _READ or contact.channel not in _REPORTS_READING:
                return not contact.seen & BOUNCED
    return False


def _follows(journeys: Iterable[Journey]) -> bool:
    """Return whether any journey asks what became of a message."""
    return any(
        isinstance(step, FollowUpStep) for journey in journeys for step in journey.steps.values()
    )


def _serving(journeys: Iterable[Journey]) -> dict[str, Journey]:
    """Return the version of each journey that is in force: its newest that is no draft."""
    newest: dict[str, Journey] = {}
    for journey in journeys:
        if journey.status != "draft":
            if journey.key not in newest or journey.version > newest[journey.key].version:
                newest[journey.key] = journey
    return dict(sorted(newest.items()))


def _by_event_of_entry(current: Mapping[str, Journey]) -> dict[str, tuple[Journey, ...]]:
    live: dict[str, tuple[Journey, ...]] = {}
    for journey in current.values():
        if journey.entry.trigger is not None:
            event = journey.entry.trigger.event
            live[event] = (*live.get(event, ()), journey)
    return live


def _by_segment(current: Mapping[str, Journey]) -> dict[str, tuple[Journey, ...]]:
    found: dict[str, tuple[Journey, ...]] = {}
    for journey in current.values():
        if journey.entry.segment:
            found[journey.entry.segment] = (*found.get(journey.entry.segment, ()), journey)
    return found


def _rewards(
    templates: Iterable[Template], asks: Iterable[Ask], journeys: Iterable[Journey]
) -> dict[str, tuple[tuple[Trigger, frozenset[str]], ...]]:
    """Return by event what it rewards, asks first, then goals, each in the order of keys."""
    found: dict[str, tuple[tuple[Trigger, frozenset[str]], ...]] = {}
    asking = {
        ask.key: frozenset(one.key for one in templates if one.ask == ask.key) for ask in asks
    }
    rewards = [(ask.trigger, asking[ask.key]) for ask in sorted(asks, key=lambda one: one.key)]
    for journey in sorted(journeys, key=lambda one: (one.key, one.version)):
        steps = [step for step in journey.steps.values() if isinstance(step, MessageStep)]
        used = frozenset(key for step in steps for key in step.templates)
        for endings in journey.endings.values():
            rewards += [(t, used) for why, t in endings if why is Reason.GOAL_REACHED]
    for trigger, keys in rewards:
        # A goal tied to one run by `match` cannot be told from another's once the run is over.
        if keys and not trigger.match:
            found[trigger.event] = (*found.get(trigger.event, ()), (trigger, keys))
    return found


def _by_event(asks: Iterable[Ask]) -> dict[str, tuple[Ask, ...]]:
    found: dict[str, tuple[Ask, ...]] = {}
    for ask in sorted(asks, key=lambda one: one.key):
        found[ask.trigger.event] = (*found.get(ask.trigger.event, ()), ask)
    return found
