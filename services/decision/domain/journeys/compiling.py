"""From the document of a journey to the graph that runs, with every problem named by its place."""

from collections.abc import Callable, Iterable, Mapping
from datetime import time
from typing import TYPE_CHECKING, Any

from services.decision.domain import actions, bandit, documents, model
from services.decision.domain.civil import Duration
from services.decision.domain.conditions.context import Uses
from services.decision.domain.journeys import documents as written
from services.decision.domain.journeys.dates import DateDocument, TraitDate, days_of
from services.decision.domain.journeys.steps import (
    branch,
    emit_event,
    exit,  # noqa: A004 -- a kind of step
    follow_up,
    hand_over,
    message,
    repeat,
    set_trait,
    split,
    start_journey,
    sunset,
    wait,
    wait_for_event,
    webhook,
    withdraw_topic,
)
from services.decision.domain.journeys.steps.base import Step
from services.decision.domain.reasons import Reason

if TYPE_CHECKING:
    from services.decision.domain.compiling import Compiler

#: The kinds of steps: how each is written, and how it is compiled.
STEPS: dict[type[Any], Callable[[Any, "Spot"], Step]] = {
    message.MessageDocument: message.compile_step,
    wait.WaitDocument: wait.compile_step,
    wait_for_event.WaitForEventDocument: wait_for_event.compile_step,
    follow_up.FollowUpDocument: follow_up.compile_step,
    branch.BranchDocument: branch.compile_step,
    split.SplitDocument: split.compile_step,
    repeat.RepeatDocument: repeat.compile_step,
    set_trait.SetTraitDocument: set_trait.compile_step,
    emit_event.EmitEventDocument: emit_event.compile_step,
    webhook.WebhookDocument: webhook.compile_step,
    hand_over.HandOverDocument: hand_over.compile_step,
    withdraw_topic.WithdrawTopicDocument: withdraw_topic.compile_step,
    sunset.SunsetDocument: sunset.compile_step,
    start_journey.StartJourneyDocument: start_journey.compile_step,
    exit.ExitDocument: exit.compile_step,
}


class JourneyCompiler:
    """Turns one version of a journey into the graph that runs."""

    def __init__(self, compiler: "Compiler", journey: written.Journey, *, newest: bool) -> None:
        self.compiler = compiler
        self.journey = journey
        self.newest = newest
        self.where = f"journey {journey.key}"
        self.keys = [step.key for step in journey.steps]
        self.of_person = Uses()
        self.of_event = Uses()
        self.context: dict[str, None] = {}
        self.wanted: list[tuple[str, str]] = []
        self.drawn: list[tuple[str, tuple[str, ...]]] = []
        self.followed: dict[str, str] = {}

    def compiled(self, templates: Mapping[str, model.Template]) -> model.Journey:
        """Return the journey; what is wrong with it is noted with the compiler.

        What the newest version names must be in the catalog; a pinned one may outlive it.
        """
        journey, compiler, where = self.journey, self.compiler, self.where
        for i, key in enumerate(self.keys):
            if key in self.keys[:i]:
                compiler.problem(where, f"steps[{i}].key", "each step key once", f"`{key}` again")
        entry = self._entry()
        audience = None
        if journey.audience is not None:
            audience = compiler.condition(journey.audience, where, "audience", self.of_person)
        endings = self._endings()
        steps: dict[str, Step] = {}
        for i, step in enumerate(journey.steps):
            following = self.keys[i + 1] if i + 1 < len(self.keys) else ""
            steps[step.key] = STEPS[type(step)](step, Spot(self, f"steps[{i}]", following))
        self._check_graph(steps)
        self._check_templates(templates)
        self._check_drawn(templates)
        for key, path in self.followed.items():
            if not isinstance(steps.get(key), message.MessageStep):
                compiler.problem(where, path, "the key of a message step", f"`{key}`")
        self.context.update(dict.fromkeys(sorted(self.of_person.properties)))
        return model.Journey(
            journey.key,
            journey.version,
            entry,
            journey.reentry,
            audience,
            endings,
            self.keys[0],
            dict(steps),
            tuple(self.context),
            journey.status,
            self._per(),
            compiler.seconds(journey.cool_down, where, "cool_down") if journey.cool_down else 0,
            frozenset(self.followed),
            compiler.holdout(journey.holdout, journey.key),
        )

    def _check_drawn(self, templates: Mapping[str, model.Template]) -> None:
        """Note templates that cannot stand for each other."""
        for path, keys in self.drawn:
            known = [templates[key] for key in keys if key in templates]
            if len({(one.message_class, one.ask) for one in known}) > 1:
                expected = "templates of one class, with the same ask"
                self.compiler.problem(self.where, path, expected, ", ".join(keys))
            arms = sum(max(1, len(one.variants)) for one in known)
            if arms > bandit.ARMS_MAX:
                expected = f"at most {bandit.ARMS_MAX} variants to choose from"
                self.compiler.problem(self.where, path, expected, str(arms))

    def _per(self) -> str:
        journey = self.journey
        if (journey.reentry == "per_value") != (journey.per is not None):
            expected = "`per` with `reentry: per_value`, and only there"
            self.compiler.problem(self.where, "per", expected, repr(journey.per))
        return journey.per or ""

    def _entry(self) -> model.Entry:
        entry, compiler, where = self.journey.entry, self.compiler, self.where
        given = [name for name in ("event", "segment", "date") if getattr(entry, name) is not None]
        if len(given) > 1 or (not given and not entry.api):
            expected = "one of `event`, `segment`, `date`, or `api: true`"
            compiler.problem(where, "entry", expected, ", ".join(given) or "none of them")
        trigger, date = None, None
        if entry.event is not None:
            rule = documents.EventRule(entry.event, entry.where)
            trigger = compiler.trigger(rule, where, "entry", self.of_event)
            Spot(self, "entry", "").refuse_low_signal(entry.event, "event")
        elif entry.where is not None or entry.imported:
            compiler.problem(where, "entry", "`event` beside `where` and `imported`", "none")
        if entry.segment is not None:
            compiler.needs(where, "entry.segment", "segment", entry.segment)
        if entry.date is not None:
            date = Spot(self, "entry", "").date(entry.date, "date")
        return model.Entry(
            trigger, entry.imported, entry.segment or "", entry.change == "entered", date, entry.api
        )

    def _endings(self) -> dict[str, tuple[tuple[Reason, model.Trigger], ...]]:
        rules = [
            (Reason.EXIT_RULE, f"exit_when[{i}]", rule)
            for i, rule in enumerate(self.journey.exit_when)
        ]
        if self.journey.goal is not None:
            rules.append((Reason.GOAL_REACHED, "goal", self.journey.goal))
        endings: dict[str, tuple[tuple[Reason, model.Trigger], ...]] = {}
        for reason, path, rule in rules:
            trigger = self.compiler.trigger(rule, self.where, path, self.of_event)
            self.context.update(dict.fromkeys(rule.match))
            endings[rule.event] = (*endings.get(rule.event, ()), (reason, trigger))
        return endings

    def _check_templates(self, templates: Mapping[str, model.Template]) -> None:
        for path, key in self.wanted:
            template = templates.get(key)
            if template is not None:
                self.context.update(dict.fromkeys(template.event_variables))
            elif self.newest:
                self.compiler.needs(self.where, path, "template", key)

    def _check_graph(self, steps: Mapping[str, Step]) -> None:
        """Note steps nobody can come to, and loops that no `repeat` bounds."""
        ways = {key: tuple(way for way in step.ways if way) for key, step in steps.items()}
        reached, on_path = set(), set()

        def visit(key: str) -> None:
            reached.add(key)
            on_path.add(key)
            for target in ways[key]:
                if target in on_path:
                    at = f"steps[{self.keys.index(key)}]"
                    expected = "no way back but by `repeat`"
                    self.compiler.problem(self.where, at, expected, f"a loop to `{target}`")
                elif target not in reached:
                    visit(target)
            on_path.discard(key)

        visit(self.keys[0])
        for i, key in enumerate(self.keys):
            if key not in reached:
                at = f"steps[{i}].key"
                self.compiler.problem(self.where, at, "a step some way leads to", f"`{key}`")


class Spot:
    """One step's place in its journey: what its compiler may ask, with paths of its own."""

    def __init__(self, journey: JourneyCompiler, path: str, following: str) -> None:
        self._of = journey
        self._path = path
        self._following = following

    @property
    def journey(self) -> str:
        """The key of the journey."""
        return self._of.journey.key

    def _at(self, path: str) -> str:
        return f"{self._path}.{path}" if path else self._path

    def problem(self, path: str, expected: str, got: str) -> None:
        """Note something wrong."""
        self._of.compiler.problem(self._of.where, self._at(path), expected, got)

    def target(self, named: str, path: str) -> str:
        """Return the step named, or the following one; "" is the end."""
        if named and named not in self._of.keys:
            keys = ", ".join(self._of.keys)
            self.problem(path, f"the key of a step ({keys})", f"`{named}`")
            return self._following
        return named or self._following

    def wants(self, templates: Iterable[str]) -> None:
        """Say which templates the step names."""
        for i, key in enumerate(templates):
            path = "template" if i == 0 else f"or_else[{i - 1}]"
            self._of.wanted.append((self._at(path), key))

    def draws(self, templates: tuple[str, ...]) -> None:
        """Say that one of these templates is drawn."""
        self._of.drawn.append((self._at("or_else"), templates))
        self.keep_trait(actions.PREFERRED_CHANNEL)

    def follows(self, step: str, path: str) -> None:
        """Say of which message step the outcome is asked."""
        self._of.followed[step] = self._at(path)

    def needs(self, kind: str, key: str, path: str) -> None:
        """Say that another document is needed."""
        if self._of.newest:
            self._of.compiler.needs(self._of.where, self._at(path), kind, key)

    def carry(self, properties: Iterable[str]) -> None:
        """Say which properties of the entering event the run must know."""
        self._of.context.update(dict.fromkeys(properties))

    def keep_trait(self, trait: str) -> None:
        """Say that the state must keep a trait."""
        self._of.compiler.uses.traits.add(trait)

    def condition(self, condition: documents.Condition, path: str) -> model.Test:
        """Return a question about the person and the entering event."""
        of = self._of
        return of.compiler.condition(condition, of.where, self._at(path), of.of_person)

    def trigger(self, rule: documents.EventRule) -> model.Trigger:
        """Return an event rule."""
        return self._of.compiler.trigger(rule, self._of.where, self._path, self._of.of_event)

    def duration(self, text: str, path: str) -> Duration:
        """Return a duration of any kind."""
        return self._of.compiler.duration(text, self._of.where, self._at(path))

    def seconds(self, text: str, path: str) -> int:
        """Return a duration that must have a fixed length."""
        return self._of.compiler.seconds(text, self._of.where, self._at(path))

    def local_time(self, text: str, path: str) -> time:
        """Return a time of day."""
        return self._of.compiler.local_time(text, self._of.where, self._at(path))

    def date(self, document: DateDocument, path: str) -> TraitDate:
        """Return a date trait."""
        self.keep_trait(document.trait)
        at = self.local_time(document.at, f"{path}.at")
        return TraitDate(document.trait, days_of(document.offset), at, document.every_year)

    def refuse_low_signal(self, event: str, path: str) -> None:
        """Note an event that never triggers anything."""
        if event in self._of.compiler.low_signal:
            self.problem(
                path, "an event that may trigger (low-signal events never do)", f"`{event}`"
            )
