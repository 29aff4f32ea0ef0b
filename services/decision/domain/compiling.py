"""From documents to what runs: resolves references, compiles conditions, collects problems."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import TypeVar

import msgspec

from services.decision.domain import documents, model
from services.decision.domain.campaigns import documents as written
from services.decision.domain.campaigns.compiling import Campaign, compile_campaign
from services.decision.domain.civil import (
    UTC_ZONE,
    Duration,
    find_zone,
    parse_duration,
    parse_local_time,
)
from services.decision.domain.conditions.compile import compile_condition
from services.decision.domain.conditions.context import Context, Uses
from services.decision.domain.conditions.rule import Rule
from services.decision.domain.conditions.windows import rolling_s
from services.decision.domain.holdout import Holdout
from services.decision.domain.journeys.compiling import JourneyCompiler
from services.decision.domain.journeys.documents import Journey
from services.decision.domain.policies import (
    Blocked,
    Labels,
    Policy,
    PolicyCheck,
    checks_for,
    look_aheads_for,
    policy_checks_for,
)
from services.decision.domain.policy_compiling import PolicyCompiler
from services.decision.domain.segmentation import Need, Segmentation, SegmentCompiler

_Document = TypeVar("_Document", bound=documents.Document)

_NO_WORKSPACE = documents.Workspace(kind="workspace", key="workspace")


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with a document: where, what was expected there, what was found."""

    document: str
    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        at = f", at {self.path}" if self.path else ""
        return f"{self.document}{at}: expected {self.expected}, got {self.got}"


class Compiler:
    """Turns the documents of one catalog into the structures of `model.py`.

    Methods note problems and go on, so that one pass finds them all; what they return is only
    good if there are none.
    """

    def __init__(
        self,
        parsed: Iterable[documents.Document],
        revision: int,
        revisions: Mapping[tuple[str, str], int],
        problems: list[Problem],
        since: Mapping[Need, int],
    ) -> None:
        self._documents = list(parsed)
        self._known = {(document.kind, document.key) for document in self._documents}
        self._revision = revision
        self._revisions = revisions
        self._problems = problems
        self._since = since
        self._templates: dict[str, model.Template] = {}
        self._template_keys = {t.key for t in self._of(documents.Template)}
        self._blocked: dict[str, Blocked] = {}
        self._shared: dict[tuple[str, ...], tuple[PolicyCheck, ...]] = {}
        self.uses = Uses()
        self.horizon_s = 0
        self.keeps_transactional = False
        self.workspace = next(iter(self._of(documents.Workspace)), _NO_WORKSPACE)
        self.low_signal = {e.key for e in self._of(documents.Event) if e.low_signal}
        self._topics = {topic.key: topic for topic in self._of(documents.Topic)}
        self._ask_holds_s = {ask.key: self._holds_s(ask) for ask in self._of(documents.Ask)}
        self._zone = find_zone(self.workspace.timezone) or UTC_ZONE
        self._segments = SegmentCompiler(self._of(documents.Segment), self.rule, self.problem)
        self._segments.compile_all()

    def _of(self, kind: type[_Document]) -> list[_Document]:
        return [document for document in self._documents if isinstance(document, kind)]

    def templates(self) -> dict[str, model.Template]:
        """Return every template with the rules it must pass."""
        compiler = PolicyCompiler(self, self._topics)
        policies = [compiler.compiled(policy) for policy in self._of(documents.Policy)]
        self._blocked = compiler.blocked
        self.horizon_s = max(self.horizon_s, compiler.horizon_s)
        self.keeps_transactional |= compiler.keeps_transactional
        for template in self._of(documents.Template):
            where = f"template {template.key}"
            topic = self._topics.get(template.topic)
            if topic is None:
                self._missing(where, "topic", "topic", template.topic)
                continue
            if template.ask is not None and template.ask not in self._ask_holds_s:
                self._missing(where, "ask", "ask", template.ask)
            if template.builds_on is not None and template.builds_on not in self._template_keys:
                self._missing(where, "builds_on", "template", template.builds_on)
            if template.recap is not None:
                self.needs(where, "recap", "template", template.recap)
                if template.builds_on is None:
                    self.problem(where, "recap", "`builds_on` beside `recap`", "none")
            self._templates[template.key] = self._template(template, topic, policies)
        return self._templates

    def _template(
        self, template: documents.Template, topic: documents.Topic, policies: list[Policy]
    ) -> model.Template:
        cool_down_s = 0
        if template.cool_down is not None:
            cool_down_s = self.seconds(template.cool_down, f"template {template.key}", "cool_down")
            self.horizon_s = max(self.horizon_s, cool_down_s)
        message_class = template.message_class or topic.message_class
        self.keeps_transactional |= bool(cool_down_s) and message_class == model.TRANSACTIONAL
        tags = tuple(dict.fromkeys(template.tags))
        labels = Labels(
            template.channel, topic.key, message_class, tags, template.ask is not None,
            cool_down_s > 0, at_preferred_time=template.send_time == "preferred",
            on_request=template.on_request,
        )  # fmt: skip
        look_aheads = look_aheads_for(labels, policies)
        labels = labels._replace(has_look_ahead=bool(look_aheads))
        judged = policy_checks_for(labels, policies, self._blocked)
        variables = [variable.split(".")[:2] for variable in template.variables]
        profile = tuple(dict.fromkeys(name for kind, name in variables if kind == "profile"))
        self.uses.traits.update(profile)
        return model.Template(
            template.key,
            self._revision_of("template", template.key),
            template.channel,
            topic.key,
            message_class,
            template.role,
            template.ask or "",
            self._ask_holds_s.get(template.ask or "", 0),
            tags,
            profile,
            tuple(dict.fromkeys(name for kind, name in variables if kind == "event")),
            cool_down_s,
            checks_for(labels),
            self._shared.setdefault(tuple(judged), tuple(judged.values())),
            template.builds_on or "",
            template.recap or "",
            look_aheads,
            template.value,
            tuple(template.variants),
            template.placement,
        )

    def holdout(self, written: documents.Holdout | None, scope: str) -> Holdout | None:
        """Return a holdout as it runs."""
        if written is None:
            return None
        return Holdout(scope, written.percent, written.salt, written.version)

    def existing_customers(self) -> dict[str, model.ExistingCustomers]:
        """Return, by topic, on what its existing-customer exception rests."""
        found = {}
        for topic in self._topics.values():
            written = topic.existing_customers
            if written is not None:
                where = f"topic {topic.key}"
                bought = self.condition(written.bought, where, "existing_customers.bought", Uses())
                self.uses.traits.add(written.notice)
                found[topic.key] = model.ExistingCustomers(bought, written.notice)
        return found

    def asks(self) -> list[model.Ask]:
        """Return every ask with the event that answers it."""
        found = []
        for ask in self._of(documents.Ask):
            if ask.done_when.match:
                self.problem(f"ask {ask.key}", "done_when.match", "no `match`", "one")
            trigger = self.trigger(ask.done_when, f"ask {ask.key}", "done_when", self.uses)
            found.append(model.Ask(ask.key, trigger, self._ask_holds_s[ask.key]))
        return found

    def _holds_s(self, ask: documents.Ask) -> int:
        """Return how long an answer counts, 0 for ever."""
        if ask.holds_for is None:
            return 0
        return self.seconds(ask.holds_for, f"ask {ask.key}", "holds_for")

    def journeys(self) -> dict[tuple[str, int], model.Journey]:
        """Return every version of every journey, the templates being known already."""
        newest: dict[str, int] = {}
        for journey in self._of(Journey):
            newest[journey.key] = max(journey.version, newest.get(journey.key, 0))
        return {
            (journey.key, journey.version): JourneyCompiler(
                self, journey, newest=journey.version == newest[journey.key]
            ).compiled(self._templates)
            for journey in self._of(Journey)
        }

    def campaigns(self) -> dict[str, Campaign]:
        """Return every campaign by key, the templates being known already."""
        return {one.key: compile_campaign(self, one) for one in self._of(written.Campaign)}

    def trigger(
        self, rule: documents.EventRule, where: str, path: str, uses: Uses
    ) -> model.Trigger:
        """Return an event rule as a trigger."""
        test = None
        if rule.where is not None:
            test = self.condition(rule.where, where, f"{path}.where", uses)
        return model.Trigger(rule.event, test, rule.match)

    def segmentation(self) -> Segmentation:
        """Return all segments, and which of them an event, a trait or a change concerns."""
        self.horizon_s = max(self.horizon_s, self.uses.message_window_s)

        def since(need: Need) -> int:
            return self._since.get(need, self._revision)

        return self._segments.segmentation(self.uses, self.workspace.timezone, since)

    def _revision_of(self, kind: str, key: str) -> int:
        return self._revisions.get((kind, key), self._revision)

    def condition(
        self, condition: documents.Condition, where: str, path: str, uses: Uses
    ) -> model.Test:
        """Return a condition as a function; what it uses is noted in `uses`."""
        return self.rule(condition, where, path, uses).test

    def rule(self, condition: documents.Condition, where: str, path: str, uses: Uses) -> Rule:
        """Return a condition as a rule; what it uses is noted in `uses`."""

        def report(at: str, expected: str, got: str) -> None:
            self.problem(where, at, expected, got)

        def segment(key: str, at: str) -> Rule | None:
            return self._segments.find(key, where, at)

        rule = compile_condition(condition, path, Context(uses, segment, report, self._zone))
        self.uses.add(uses)
        return rule

    def duration(self, text: str, where: str, path: str) -> Duration:
        """Return a duration of any kind."""
        try:
            return parse_duration(text)
        except ValueError as error:
            self.problem(where, path, str(error).removeprefix("expected "), repr(text))
            return Duration()

    def seconds(self, text: str, where: str, path: str) -> int:
        """Return the seconds of a duration that must have a fixed length."""

        def report(at: str, expected: str, got: str) -> None:
            self.problem(where, at, expected, got)

        return rolling_s(text, path, report)

    def local_time(self, text: str, where: str, path: str) -> time:
        """Return a time of day."""
        try:
            return parse_local_time(text)
        except ValueError as error:
            self.problem(where, path, str(error).removeprefix("expected "), repr(text))
            return time()

    def needs(self, where: str, path: str, kind: str, key: str) -> None:
        """Note it where a document another one names is not in the catalog."""
        if (kind, key) not in self._known:
            self._missing(where, path, kind, key)

    def _missing(self, where: str, path: str, kind: str, key: str) -> None:
        article = "an" if kind[0] in "aeiou" else "a"
        self.problem(where, path, f"the key of {article} {kind} in the catalog", f"`{key}`")

    def problem(self, where: str, path: str, expected: str, got: str) -> None:
        """Note something wrong."""
        self._problems.append(Problem(where, path, expected, got))
