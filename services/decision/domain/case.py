"""The facts a rule may use: one candidate at one moment of one person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from services.decision.domain import rhythm
from services.decision.domain.civil import from_s, local, to_s
from services.decision.domain.decisions import Fact, Ruling, Verdict
from services.decision.domain.habits import Habits
from services.decision.domain.model import Controls, ExistingCustomers, Journey, Template
from services.decision.domain.permission import PermissionVerdict, judge
from services.decision.domain.reasons import Reason
from services.decision.domain.response_model import HOURS, NO_MODEL, ResponseModel
from services.decision.domain.scope import Scope
from services.decision.domain.state import RESERVED, Contact, Pending, PersonState
from services.decision.domain.zones import Place, place_of


class Plans(Protocol):
    """What the catalog says about messages that are not wanted yet."""

    @property
    def journeys(self) -> Mapping[tuple[str, int], Journey]: ...

    @property
    def templates(self) -> Mapping[str, Template]: ...

    @property
    def existing_customers(self) -> Mapping[str, ExistingCustomers]: ...


class Moment:
    """One person at one time. What several candidates ask alike is worked out once.

    `asked`: a client app asked for the next message.
    `own` is the message whose permit is asked: its own slot does not count against it. `plans`
    tell what may come; without them nothing is planned.
    """

    __slots__ = (
        "_contacts", "_habits", "_hour_share", "_last_of", "_local", "_permissions", "_place",
        "_policies", "_times", "asked", "controls", "model", "now", "now_s", "own", "plans",
        "state", "zone",
    )  # fmt: skip

    def __init__(
        self,
        state: PersonState,
        now: datetime,
        zone: ZoneInfo,
        controls: Controls,
        own: UUID | None = None,
        plans: Plans | None = None,
        model: ResponseModel = NO_MODEL,
    ) -> None:
        self.state = state
        self.now = now
        self.now_s = to_s(now)
        self.zone = zone
        self.controls = controls
        self.own = own
        self.plans = plans
        self.model = model
        self.asked = False
        self._habits: Habits | None = None
        self._hour_share: float | None = None
        self._policies: dict[int, list[Verdict]] = {}
        self._permissions: dict[tuple[str, str, str], PermissionVerdict] = {}
        self._contacts: list[tuple[int, Contact]] | None = None
        self._last_of: dict[str, int] | None = None
        self._times: dict[int, list[int]] = {}
        self._local: datetime | None = None
        self._place: Place | None = None

    @property
    def local(self) -> datetime:
        """The date and time clocks show where the person is."""
        if self._local is None:
            self._local = local(self.now_s, self.zone)
        return self._local

    @property
    def place(self) -> Place:
        """Every zone the person may be in, and how that is known; `zone` is the likeliest."""
        if self._place is None:
            self._place = place_of(self.state, self.zone)
        return self._place

    @property
    def habits(self) -> Habits:
        """What the ledger tells of the person's answers."""
        if self._habits is None:
            self._habits = Habits(self.state, self.now_s)
        return self._habits

    @property
    def hour_share(self) -> float:
        """How much of the person's week falls into this hour, an even week's hour being 1."""
        if self._hour_share is None:
            if self.state.rhythm or self.model.hours_total:
                hour = rhythm.hour_of_week(self.local)
                self._hour_share = rhythm.share(self.state.rhythm, self.model, hour) * HOURS
            else:
                self._hour_share = 1.0
        return self._hour_share

    @property
    def contacts(self) -> list[tuple[int, Contact]]:
        """All messages but `own`, newest first, each with the second it counts from.

        A reserved one counts from now, since it may go out at any moment until its validity ends.
        """
        if self._contacts is None:
            own = self.own
            self._contacts = [
                (contact.at_s if contact.state != RESERVED else self._slot_s(contact), contact)
                for contact in self.state.contacts
                if own is None or contact.id != own
            ]
            self._contacts.sort(key=_when, reverse=True)
        return self._contacts

    def last_of(self, template: str) -> int | None:
        """The second at which the last message from a template counts, None where there is none."""
        if self._last_of is None:
            self._last_of = {one.template: at_s for at_s, one in reversed(self.contacts)}
        return self._last_of.get(template)

    def times(self, scope: Scope) -> list[int]:
        """The seconds at which messages in `scope` count, newest first.

        Worked out once per scope object: policies with equal scopes share one.
        """
        times = self._times.get(id(scope))
        if times is None:
            times = self._times[id(scope)] = [
                at_s
                for at_s, one in self.contacts
                if scope.covers(one.channel, one.topic, one.message_class, one.tags)
            ]
        return times

    def _slot_s(self, contact: Contact) -> int:
        """The second a reserved slot counts from."""
        flight = contact.flight
        return min(self.now_s, flight.pending.valid_until_s) if flight else self.now_s

    def permission(self, channel: str, topic: str, message_class: str) -> PermissionVerdict:
        """Whether and on which basis this person may be contacted so."""
        key = (channel, topic, message_class)
        verdict = self._permissions.get(key)
        if verdict is None:
            state = self.state
            verdict = self._permissions[key] = judge(
                state.permission, state.endpoints, channel, topic, message_class, self.now_s,
                self._is_customer(channel, topic),
            )  # fmt: skip
        return verdict

    def _is_customer(self, channel: str, topic: str) -> bool:
        """Whether the existing-customer exception may be derived: for e-mail, from the topic."""
        customers = self.plans.existing_customers.get(topic) if self.plans else None
        return (
            customers is not None
            and channel == "email"
            and customers.include(self.state, self.now_s)
        )

    def policies(self, template: Template) -> list[Verdict]:
        """What the contact policy says: the same for all templates it concerns alike."""
        verdicts = self._policies.get(id(template.policies))
        if verdicts is None:
            verdicts = [judged(self) for judged in template.policies]
            self._policies[id(template.policies)] = verdicts
        return verdicts


def _when(contact: tuple[int, Contact]) -> int:
    return contact[0]


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
