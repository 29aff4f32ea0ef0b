"""From documents to what runs: resolves references, compiles conditions, collects problems."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import TypeVar

import msgspec

from services.decision.domain import documents, model
from services.decision.domain.civil import Duration, parse_duration, parse_local_time
from services.decision.domain.conditions.compile import Uses, compile_condition
from services.decision.domain.conditions.counts import rolling_s
from services.decision.domain.conditions.rule import Rule
from services.decision.domain.policies import (
    Labels,
    Policy,
    PolicyCheck,
    checks_for,
    policy_checks_for,
)
from services.decision.domain.policy.caps import Cap
from services.decision.domain.policy.minimum_gap import MinimumGap
from services.decision.domain.policy.quiet_hours import QuietHours
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope, scope_of
from services.decision.domain.segmentation import Segmentation, SegmentCompiler

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
    ) -> None:
        self._documents = list(parsed)
        self._revision = revision
        self._revisions = revisions
        self._problems = problems
        self._templates: dict[str, model.Template] = {}
        self._template_keys = {t.key for t in self._of(documents.Template)}
        self._scopes: dict[Scope, Scope] = {}
        self._shared: dict[tuple[str, ...], tuple[PolicyCheck, ...]] = {}
        self.uses = Uses()
        self.horizon_s = 0
        self.keeps_transactional = False
        self.workspace = next(iter(self._of(documents.Workspace)), _NO_WORKSPACE)
        self.low_signal = {e.key for e in self._of(documents.Event) if e.low_signal}
        self._topics = {topic.key: topic for topic in self._of(documents.Topic)}
        self._ask_holds_s = {ask.key: self._holds_s(ask) for ask in self._of(documents.Ask)}
        self._segments = SegmentCompiler(
            self._of(documents.Segment), self._revision_of, self.rule, self.problem
        )
        self._segments.compile_all()

    def _of(self, kind: type[_Document]) -> list[_Document]:
        return [document for document in self._documents if isinstance(document, kind)]

    def templates(self) -> dict[str, model.Template]:
        """Return every template with the rules it must pass."""
        policies = [self._policy(policy) for policy in self._of(documents.Policy)]
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
            cool_down_s > 0,
        )  # fmt: skip
        judged = policy_checks_for(labels, policies)
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
        )

    def _policy(self, policy: documents.Policy) -> Policy:
        where, rule = f"policy {policy.key}", policy.rule
        scope = scope_of(rule)
        scope = self._scopes.setdefault(scope, scope)
        for i, topic in enumerate(rule.topics):
            if topic not in self._topics:
                self._missing(where, f"rule.topics[{i}]", "topic", topic)
        if isinstance(rule, documents.QuietHours):
            start = self.local_time(rule.start, where, "rule.from")
            end = self.local_time(rule.end, where, "rule.to")
            if start == end:
                self.problem(where, "rule.to", "another time than `from`", rule.end)
            return QuietHours.make(policy.key, scope, start, end)
        self.keeps_transactional |= scope.classes is None or model.TRANSACTIONAL in scope.classes
        if isinstance(rule, documents.Cap):
            window_s = self.seconds(rule.within, where, "rule.within")
            self.horizon_s = max(self.horizon_s, window_s)
            return Cap.make(policy.key, scope, rule.messages, window_s)
        gap_s = self.seconds(rule.duration, where, "rule.duration")
        self.horizon_s = max(self.horizon_s, gap_s)
        return MinimumGap.make(policy.key, scope, gap_s)

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
        for journey in self._of(documents.Journey):
            newest[journey.key] = max(journey.version, newest.get(journey.key, 0))
        return {
            (journey.key, journey.version): JourneyCompiler(self, journey).compiled(
                self._templates,
                self._template_keys if journey.version == newest[journey.key] else None,
            )
            for journey in self._of(documents.Journey)
        }

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
        settle_at = self._revision_of("workspace", self.workspace.key)
        return self._segments.segmentation(settle_at)

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

        rule = compile_condition(condition, path, uses, segment, report)
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

    def _missing(self, where: str, path: str, kind: str, key: str) -> None:
        article = "an" if kind[0] in "aeiou" else "a"
        self.problem(where, path, f"the key of {article} {kind} in the catalog", f"`{key}`")

    def problem(self, where: str, path: str, expected: str, got: str) -> None:
        """Note something wrong."""
        self._problems.append(Problem(where, path, expected, got))


class JourneyCompiler:
    """Turns one version of a journey into the graph that runs."""

    def __init__(self, compiler: Compiler, journey: documents.Journey) -> None:
        self._compiler = compiler
        self._journey = journey
        self._where = f"journey {journey.key}"
        self._keys = [step.key for step in journey.steps]
        self._of_person = Uses()
        self._of_event = Uses()
        self._context: dict[str, None] = {}

    def compiled(
        self, templates: Mapping[str, model.Template], must_exist: set[str] | None
    ) -> model.Journey:
        """Return the journey; what is wrong with it is noted with the compiler.

        Templates of a live version must be among `must_exist`; a pinned one may outlive them.
        """
        journey, compiler, where = self._journey, self._compiler, self._where
        for i, key in enumerate(self._keys):
            if key in self._keys[:i]:
                compiler.problem(where, f"steps[{i}].key", "each step key once", f"`{key}` again")
        if journey.entry.match:
            compiler.problem(where, "entry.match", "no `match` at the entry", "one")
        entry = compiler.trigger(journey.entry, where, "entry", self._of_event)
        self._refuse_low_signal(entry.event, "entry.event")
        audience = None
        if journey.audience is not None:
            audience = compiler.condition(journey.audience, where, "audience", self._of_person)
        endings = self._endings()
        steps = {
            step.key: self._step(step, f"steps[{i}]", i) for i, step in enumerate(journey.steps)
        }
        self._check_graph(steps)
        for i, step in enumerate(journey.steps):
            if isinstance(step, documents.MessageStep):
                template = templates.get(step.template)
                if template is not None:
                    self._context.update(dict.fromkeys(template.event_variables))
                elif must_exist is not None and step.template not in must_exist:
                    expected = "the key of a template in the catalog"
                    path = f"steps[{i}].template"
                    compiler.problem(where, path, expected, f"`{step.template}`")
        self._context.update(dict.fromkeys(sorted(self._of_person.properties)))
        return model.Journey(
            journey.key, journey.version, entry, journey.reentry, audience, endings,
            self._keys[0], steps, tuple(self._context),
        )  # fmt: skip

    def _endings(self) -> dict[str, tuple[tuple[Reason, model.Trigger], ...]]:
        rules = [
            (Reason.EXIT_RULE, f"exit_when[{i}]", rule)
            for i, rule in enumerate(self._journey.exit_when)
        ]
        if self._journey.goal is not None:
            rules.append((Reason.GOAL_REACHED, "goal", self._journey.goal))
        endings: dict[str, tuple[tuple[Reason, model.Trigger], ...]] = {}
        for reason, path, rule in rules:
            trigger = self._compiler.trigger(rule, self._where, path, self._of_event)
            self._context.update(dict.fromkeys(rule.match))
            endings[rule.event] = (*endings.get(rule.event, ()), (reason, trigger))
        return endings

    def _step(self, step: documents.AnyStep, path: str, index: int) -> model.Step:
        compiler, where = self._compiler, self._where
        following = self._keys[index + 1] if index + 1 < len(self._keys) else ""
        if isinstance(step, documents.MessageStep):
            valid_for = compiler.seconds(step.valid_for, where, f"{path}.valid_for")
            return model.MessageStep(
                step.key, step.template, step.priority, valid_for, step.when_blocked,
                self._target(step.next, following, f"{path}.next"),
            )  # fmt: skip
        if isinstance(step, documents.WaitStep):
            return self._wait(step, path, following)
        if isinstance(step, documents.WaitForEventStep):
            self._refuse_low_signal(step.event, f"{path}.event")
            self._context.update(dict.fromkeys(step.match))
            rule = documents.EventRule(step.event, step.where, step.match)
            return model.WaitForEventStep(
                step.key,
                compiler.trigger(rule, where, path, self._of_event),
                compiler.duration(step.timeout, where, f"{path}.timeout"),
                self._target(step.on_event, following, f"{path}.on_event"),
                self._target(step.on_timeout, following, f"{path}.on_timeout"),
            )
        if isinstance(step, documents.BranchStep):
            return model.BranchStep(
                step.key,
                compiler.condition(step.condition, where, f"{path}.condition", self._of_person),
                self._target(step.then, following, f"{path}.then"),
                self._target(step.otherwise, following, f"{path}.else"),
            )
        return model.ExitStep(step.key)

    def _wait(self, step: documents.WaitStep, path: str, following: str) -> model.WaitStep:
        compiler, where = self._compiler, self._where
        if step.duration is None and step.until_local_time is None:
            compiler.problem(where, path, "`duration`, `until_local_time` or both", "neither")
        duration, until = Duration(), None
        if step.duration is not None:
            duration = compiler.duration(step.duration, where, f"{path}.duration")
        if step.until_local_time is not None:
            until = compiler.local_time(step.until_local_time, where, f"{path}.until_local_time")
        target = self._target(step.next, following, f"{path}.next")
        return model.WaitStep(step.key, duration, until, target)

    def _target(self, named: str, following: str, path: str) -> str:
        if named and named not in self._keys:
            self._compiler.problem(
                self._where, path, f"the key of a step ({', '.join(self._keys)})", f"`{named}`"
            )
            return following
        return named or following

    def _refuse_low_signal(self, event: str, path: str) -> None:
        if event in self._compiler.low_signal:
            expected = "an event that may trigger (low-signal events never do)"
            self._compiler.problem(self._where, path, expected, f"`{event}`")

    def _check_graph(self, steps: Mapping[str, model.Step]) -> None:
        """Note steps nobody can come to, and loops: nothing bounds them yet."""
        ways = {key: _ways(step) for key, step in steps.items()}
        reached, on_path = set(), set()

        def visit(key: str) -> None:
            reached.add(key)
            on_path.add(key)
            for target in ways[key]:
                if target in on_path:
                    at = f"steps[{self._keys.index(key)}]"
                    self._compiler.problem(self._where, at, "no way back", f"a loop to `{target}`")
                elif target not in reached:
                    visit(target)
            on_path.discard(key)

        visit(self._keys[0])
        for i, key in enumerate(self._keys):
            if key not in reached:
                at = f"steps[{i}].key"
                self._compiler.problem(self._where, at, "a step some way leads to", f"`{key}`")


def _ways(step: model.Step) -> tuple[str, ...]:
    """Return the steps that can follow."""
    if isinstance(step, model.WaitForEventStep):
        ways: tuple[str, ...] = (step.on_event, step.on_timeout)
    elif isinstance(step, model.BranchStep):
        ways = (step.then, step.otherwise)
    elif isinstance(step, model.ExitStep):
        ways = ()
    else:
        ways = (step.next,)
    return tuple(way for way in dict.fromkeys(ways) if way)
