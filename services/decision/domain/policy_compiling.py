"""From documents of the contact policy to the rules that run."""

from collections.abc import Container
from datetime import time
from typing import Protocol

from services.decision.domain import documents, model
from services.decision.domain.civil import PERIOD_S_MAX
from services.decision.domain.policies import Blocked, Policy
from services.decision.domain.policy import adaptive
from services.decision.domain.policy.adaptive import PATIENCE_S, Adaptive
from services.decision.domain.policy.blackout import Blackout, Days, parse_days
from services.decision.domain.policy.block import Block
from services.decision.domain.policy.caps import Cap
from services.decision.domain.policy.minimum_gap import MinimumGap
from services.decision.domain.policy.quiet_hours import QuietHours
from services.decision.domain.scope import Scope, scope_of

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Reader(Protocol):
    """Reads texts of documents and notes what is wrong with them."""

    def seconds(self, text: str, where: str, path: str) -> int: ...

    def local_time(self, text: str, where: str, path: str) -> time: ...

    def problem(self, where: str, path: str, expected: str, got: str) -> None: ...


class PolicyCompiler:
    """Turns policies into rules.

    `horizon_s` is how long contacts matter to any of them, `keeps_transactional` whether they count
    transactional messages, `blocked` what each says of messages it holds.
    """

    def __init__(self, reader: Reader, topics: Container[str]) -> None:
        self._reader = reader
        self._topics = topics
        self._scopes: dict[Scope, Scope] = {}
        self.horizon_s = 0
        self.keeps_transactional = False
        self.blocked: dict[str, Blocked] = {}

    def compiled(self, policy: documents.Policy) -> Policy:
        """Return the rule of a policy; what is wrong with it is noted with the reader."""
        where, rule = f"policy {policy.key}", policy.rule
        scope = self._scope(rule, where, "rule")
        hold_s_max = self._optional_s(policy.hold_at_most, where, "hold_at_most")
        if policy.when_blocked or hold_s_max:
            self.blocked[policy.key] = Blocked(policy.when_blocked or "", hold_s_max)
        match rule:
            case documents.QuietHours():
                return self._quiet_hours(policy.key, rule, scope, where)
            case documents.Blackout():
                days = tuple(self._days(t, where, i) for i, t in enumerate(rule.dates))
                return Blackout.make(policy.key, scope, days)
            case documents.Adaptive():
                return self._adaptive(policy.key, rule, scope, where)
            case documents.Blocking():
                after = self._scope(rule.after, where, "rule.after")
                block_s = self._counted_s(rule.duration, where, "rule.duration", after)
                return Block.make(policy.key, scope, after, block_s)
            case documents.Cap():
                return self._cap(policy.key, rule, scope, where)
            case documents.MinimumGap():
                gap_s = self._counted_s(rule.duration, where, "rule.duration", scope)
                return MinimumGap.make(policy.key, scope, gap_s)

    def _cap(self, key: str, rule: documents.Cap, scope: Scope, where: str) -> Cap:
        if (rule.within is None) == (rule.per is None):
            got = "neither" if rule.within is None else "both"
            self._reader.problem(where, "rule", "either `within` or `per`", got)
        window_s, period = 0, rule.per or ""
        if rule.within is not None:
            window_s = self._counted_s(rule.within, where, "rule.within", scope)
        else:
            self._counts(PERIOD_S_MAX, scope)
        look_ahead_s = self._optional_s(rule.look_ahead, where, "rule.look_ahead")
        return Cap.make(key, scope, rule.messages, window_s, period, look_ahead_s)

    def _adaptive(self, key: str, rule: documents.Adaptive, scope: Scope, where: str) -> Adaptive:
        window_s = self._counted_s(rule.within, where, "rule.within", scope)
        look_back_s = self._counted_s(rule.look_back, where, "rule.look_back", scope)
        if look_back_s <= PATIENCE_S:
            self._reader.problem(where, "rule.look_back", "more than a day", repr(rule.look_back))
        if rule.at_least > rule.messages:
            expected = f"at most `messages` ({rule.messages})"
            self._reader.problem(where, "rule.at_least", expected, str(rule.at_least))
        return adaptive.make(
            key, scope, rule.messages, window_s, rule.halve_after, rule.at_least, look_back_s,
            opens=rule.opens,
        )  # fmt: skip

    def _quiet_hours(
        self, key: str, rule: documents.QuietHours, scope: Scope, where: str
    ) -> QuietHours:
        start = self._reader.local_time(rule.start, where, "rule.from")
        end = self._reader.local_time(rule.end, where, "rule.to")
        names = rule.weekdays or _WEEKDAYS
        weekdays = frozenset(_WEEKDAYS.index(name) for name in names)
        if start == end and len(weekdays) == len(_WEEKDAYS):
            self._reader.problem(where, "rule.to", "another time than `from`", rule.end)
        return QuietHours.make(key, scope, start, end, weekdays)

    def _days(self, text: str, where: str, index: int) -> Days:
        try:
            return parse_days(text)
        except ValueError as error:
            expected = str(error).removeprefix("expected ")
            self._reader.problem(where, f"rule.dates[{index}]", expected, repr(text))
            return ((0, 1, 1), (0, 1, 1))

    def _scope(self, document: documents.Scope, where: str, path: str) -> Scope:
        for i, topic in enumerate(document.topics):
            if topic not in self._topics:
                expected = "the key of a topic in the catalog"
                self._reader.problem(where, f"{path}.topics[{i}]", expected, f"`{topic}`")
        scope = scope_of(document)
        return self._scopes.setdefault(scope, scope)

    def _counted_s(self, text: str, where: str, path: str, scope: Scope) -> int:
        """Return the seconds of a span within which messages in `scope` count."""
        span_s = self._reader.seconds(text, where, path)
        self._counts(span_s, scope)
        return span_s

    def _counts(self, span_s: int, scope: Scope) -> None:
        self.horizon_s = max(self.horizon_s, span_s)
        counts_all = scope.classes is None or model.TRANSACTIONAL in scope.classes
        self.keeps_transactional |= counts_all

    def _optional_s(self, text: str | None, where: str, path: str) -> int:
        return 0 if text is None else self._reader.seconds(text, where, path)
