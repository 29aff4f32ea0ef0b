"""Merging: the survivor takes over the other's past, once, and the stricter permission holds."""

from datetime import timedelta

from services.decision.domain import state
from services.decision.domain.inputs import MergeInput, PermissionPart, PermissionStatus
from services.decision.domain.state import PersonState
from tests.unit.decision import builders as b

CATALOG = b.catalog(
    b.ask("buy", "bought"),
    b.template("offer", ask="buy", cool_down="P60D"),
    b.policy("two", type="cap", messages=2, within="P30D"),
    b.journey("welcome", b.wait("rest", duration="P2D"), b.message("hi")),
    b.journey("offer", b.message("offer"), on="viewed", reentry="every"),
)


def two_profiles() -> tuple[b.Person, b.Person]:
    """Anna as she signed in, and the anonymous visitor she was."""
    anna, visitor = b.Person(CATALOG), b.Person(CATALOG, email=None, consent=False)
    visitor.state.person = visitor.new_id("visitor")
    return anna, visitor


def merge(anna: b.Person, loser: PersonState) -> MergeInput:
    return MergeInput(anna.new_id("merge"), loser.person, state.encode(loser), anna.now)


def test_past_of_both_is_one() -> None:
    anna, visitor = two_profiles()
    anna.track("bought")
    visitor.track("bought")
    visitor.track("viewed")
    visitor.identify(timezone="Europe/Berlin", phone="+491701234567")

    anna.step(merge(anna, visitor.state))

    assert anna.state.counters["bought"].total == 2
    assert anna.state.timezone == "Europe/Berlin"
    assert set(anna.state.endpoints) == {"email", "sms"}
    assert anna.state.endpoints["email"].address == "anna@example.org"
    assert anna.state.asks["buy"].status == "answered"


def test_second_merge_and_late_repeats_change_nothing() -> None:
    anna, visitor = two_profiles()
    seen = visitor.event("seen", source=visitor.state.person)
    visitor.step(seen)
    anna.step(merge(anna, visitor.state))
    before = state.encode(anna.state)

    assert not anna.step(merge(anna, visitor.state)).changed
    assert not anna.step(seen).changed
    assert state.encode(anna.state) == before
    anna.step(visitor.event("seen", source=visitor.state.person))
    assert anna.state.counters["seen"].total == 2


def test_stricter_permission_holds() -> None:
    """Whatever came last: the visitor objected, Anna did not."""
    anna, visitor = two_profiles()
    visitor.permission(PermissionPart.OBJECTION, PermissionStatus.SET)
    anna.now += timedelta(hours=1)
    anna.permission(PermissionPart.OBJECTION, PermissionStatus.LIFTED)

    anna.step(merge(anna, visitor.state))
    anna.track("viewed")

    assert (anna.sent, anna.reasons[-1]) == ([], "objection")


def test_suppressions_of_both_hold() -> None:
    anna, visitor = two_profiles()
    suppression = PermissionPart.SUPPRESSION
    visitor.permission(suppression, PermissionStatus.SET, channel="email", reason="sunset")
    visitor.permission(suppression, PermissionStatus.SET, channel="sms", reason="stop")
    anna.now += timedelta(hours=1)
    anna.permission(suppression, PermissionStatus.SET, channel="push", reason="sunset")
    anna.permission(suppression, PermissionStatus.LIFTED, channel="sms")

    anna.step(merge(anna, visitor.state))

    found = anna.state.permission.suppressions
    assert {channel for channel, block in found.items() if block.on} == {"email", "sms", "push"}


def test_ledgers_and_once_keys_unite() -> None:
    anna, other = b.Person(CATALOG), b.Person(CATALOG)
    other.state.person = other.new_id("other")
    other.state.applied.clear()
    for person in (anna, other):
        person.track("viewed")
    other.track("started")

    anna.step(merge(anna, other.state))
    anna.track("started")
    anna.sleep(timedelta(days=5))

    assert len(anna.state.contacts) == 2
    assert anna.state.passages["welcome"].entered == 1
    assert anna.sent == ["offer"]
    assert anna.reasons == ["cap_reached", "expired"]
    assert anna.permit(other.orders[0]).reason is not None


def test_of_two_runs_of_a_once_journey_the_earlier_goes_on() -> None:
    anna, other = b.Person(CATALOG), b.Person(CATALOG)
    other.state.person = other.new_id("other")
    other.track("started")
    anna.now += timedelta(days=1)
    anna.track("started")

    anna.step(merge(anna, other.state))

    [position] = anna.state.positions
    assert position.entry == other.state.positions[0].entry
    assert anna.effects[-1].reason == "merged"
    anna.sleep(timedelta(days=4))
    assert anna.sent == ["hi"]
