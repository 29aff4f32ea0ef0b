"""The facts a rule may use: one candidate at one moment of one person."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.decision.domain.civil import from_s, local
from services.decision.domain.decisions import Fact, Ruling, Verdict
from services.decision.domain.model import Controls, Journey, Template
from services.decision.domain.permission import PermissionVerdict, judge
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Pending, PersonState


class Moment:
    """One person at one time. What several candidates ask alike is worked out once.

    `own` is the message whose permit is asked: its own slot does not count against it.
    """

    __slots__ = (
        "_local",
        "controls",
        "memo",
        "now",
        "now_s",
        "own",
        "permissions",
        "state",
        "zone",
    )

    def __init__(
        self,
        state: PersonState,
        now: datetime,
        now_s: int,
        zone: ZoneInfo,
        controls: Controls,
        own: UUID | None = None,
    ) -> None:
        self.state = state
        self.now = now
        self.now_s = now_s
        self.zone = zone
        self.controls = controls
        self.own = own
        self.memo: dict[str, Verdict] = {}
        self.permissions: dict[tuple[str, str, str], PermissionVerdict] = {}
        self._local: datetime | None = None

    @property
    def local(self) -> datetime:
        """The date and time clocks show where the person is."""
        if self._local is None:
            self._local = local(self.now_s, self.zone)
        return self._local

    def permission(self, channel: str, topic: str, message_class: str) -> PermissionVerdict:
        """Whether and on which basis this person may be contacted so."""
        key = (channel, topic, message_class)
        verdict = self.permissions.get(key)
        if verdict is None:
            verdict = judge(
                self.state.permission, self.state.endpoints, channel, topic, message_class,
                self.now_s,
            )  # fmt: skip
            self.permissions[key] = verdict
        return verdict


class Case:
    """One candidate at one moment."""

    __slots__ = ("journey", "moment", "now_s", "pending", "state", "template")

    def __init__(
        self, moment: Moment, pending: Pending, journey: Journey, template: Template
    ) -> None:
        self.moment = moment
        self.state = moment.state
        self.now_s = moment.now_s
        self.pending = pending
        self.journey = journey
        self.template = template


def passed(rule: str) -> Verdict:
    """Return the verdict of a rule that has nothing against a candidate."""
    return Verdict(rule, Ruling.PASSED)


def refused(rule: str, reason: Reason, facts: Mapping[str, Fact] | None = None) -> Verdict:
    """Return the verdict of a rule that ends a candidate."""
    return Verdict(rule, Ruling.REFUSED, reason, None, dict(facts or {}))


def held(
    rule: str, reason: Reason, until_s: int | None, facts: Mapping[str, Fact] | None = None
) -> Verdict:
    """Return the verdict of a rule that holds a candidate back until a time, or until a change."""
    until = None if until_s is None else from_s(until_s)
    return Verdict(rule, Ruling.HELD, reason, until, dict(facts or {}))
