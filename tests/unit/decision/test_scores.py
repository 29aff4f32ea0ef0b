"""What messages compete on, and what is done for the one that wins."""

from datetime import timedelta
from typing import Any

import pytest

from services.decision.domain import rhythm
from services.decision.domain.catalog import CatalogError
from services.decision.domain.decisions import Decision, Responded
from services.decision.domain.inputs import PermissionPart, PermissionStatus, ReceiptKind
from services.decision.domain.response_model import NO_MODEL, Cell, Count, ResponseModel
from services.decision.domain.step import step
from tests.unit.decision import builders as b


def model(**rates: tuple[int, int]) -> ResponseModel:
    """A snapshot in which templates of the e-mail channel have these trials and responses."""
    cells = {Cell("email", key, "", "new"): Count(*count) for key, count in rates.items()}
    return ResponseModel(3, cells)


def decided(learnt: ResponseModel, *documents: dict[str, Any], **person: Any) -> Decision:
    """The decision for somebody whom one event makes all journeys want to write to."""
    anna = b.Person(b.catalog(*documents), **person)
    event = anna.event("started")
    result = step(anna.state, [event], anna.catalog, anna.now, model=learnt)
    return result.decisions[-1]


def ranked(decision: Decision) -> list[str]:
    return [one.template for one in decision.candidates]


PAIR = (b.journey("a", b.message("often")), b.journey("b", b.message("rarely")))


def test_equal_priority_goes_by_what_was_answered_more() -> None:
    for often, rarely in (((900, 90), (900, 9)), ((900, 9), (900, 90))):
        found = decided(model(often=often, rarely=rarely), *PAIR)
        better = "often" if often > rarely else "rarely"

        assert ranked(found)[0] == better
        assert found.model_revision == 3


def test_priority_goes_before_the_score() -> None:
    found = decided(
        model(often=(900, 90), rarely=(900, 9)),
        PAIR[0],
        b.journey("b", b.message("rarely", priority=51)),
    )

    assert ranked(found) == ["rarely", "often"]


def test_value_outweighs_the_rate() -> None:
    """A tenth of the answers, each worth twenty times as much."""
    learnt = model(often=(900, 90), rarely=(900, 9))
    found = decided(learnt, *PAIR, b.template("rarely", value=20))

    assert ranked(found) == ["rarely", "often"]


def test_score_is_the_product_of_its_factors_less_fatigue() -> None:
    found = decided(model(often=(900, 90), rarely=(900, 9)), *PAIR).candidates[0].score
    assert found is not None
    product = found.response_rate * found.context * found.value * found.urgency

    assert found.total == product - found.fatigue
    assert found.response_rate == pytest.approx(0.1, abs=0.005)
    assert found.urgency == pytest.approx(1.25)  # Three days left.


def test_message_not_worth_its_cost_is_silence_with_that_reason() -> None:
    """Three unanswered messages at 2 % each outweigh a response rate of 5 %."""
    costly = b.workspace(arbitration={"fatigue_cost": 0.05})
    anna = b.Person(b.catalog(costly, b.journey("j", b.message("hi"), reentry="every")))
    for _ in range(3):
        anna.track("started")
        if anna.decisions[-1].order is not None:
            anna.receipt(anna.orders[-1], ReceiptKind.ACCEPTED)
        anna.now += timedelta(days=1)

    assert len(anna.sent) == 2
    assert anna.reasons == ["not_worth_it"]
    anna.now += timedelta(days=28)
    anna.track("started")
    assert len(anna.sent) == 3


VARIANTS = b.template("hi", variants={"plain": {}, "kind": {}, "loud": {}})


def test_variant_is_drawn_with_the_probability_that_is_logged() -> None:
    counts = {"plain": Count(500, 20), "kind": Count(500, 60), "loud": Count(500, 20)}
    cells = {Cell("email", "hi", key, "new"): count for key, count in counts.items()}
    found = decided(ResponseModel(9, cells), VARIANTS, b.journey("j", b.message("hi")))
    shares = {one.variant: one.share for one in found.actions}
    assert found.order is not None

    assert sum(shares.values()) == 1_000_000
    assert shares["kind"] > shares["plain"] == shares["loud"] >= 33_333
    assert found.action_probability == shares[found.order.variant] / 1_000_000
    assert found.order.variables["variant"] == found.order.variant
    assert (found.model_revision, found.bucket) == (9, "new")


def test_every_variant_goes_out_before_anything_is_learnt() -> None:
    anna = b.Person(b.catalog(VARIANTS, b.journey("j", b.message("hi"), reentry="every")))
    for _ in range(60):
        anna.track("started")
        anna.now += timedelta(days=1)
    seen = [order.variant for order in anna.orders]

    assert {name: seen.count(name) > 8 for name in ("plain", "kind", "loud")} == dict.fromkeys(
        ("plain", "kind", "loud"), True
    )


ON_PUSH = b.template("nudge", channel="push")
EITHER = b.journey("j", b.message("hi", or_else=["nudge"], choose="best"))


def reachable(*documents: dict[str, Any], channel: str = "") -> b.Person:
    """Somebody who may be written to by e-mail and, with a token, by push."""
    anna = b.Person(b.catalog(*documents))
    anna.permission(PermissionPart.CONSENT, PermissionStatus.GRANTED, topic="tips", channel="push")
    anna.state.endpoints["push"] = anna.state.endpoints["email"]
    if channel:
        anna.identify(preferred_channel=channel)
    return anna


def test_alternative_is_drawn_among_the_channels_that_reach() -> None:
    anna = reachable(ON_PUSH, EITHER)
    anna.track("started")
    made = anna.decisions[-1]
    lost = [one for one in made.candidates if one.against]

    assert [one.share for one in made.actions] == [500_000, 500_000]
    assert len(anna.orders) == 1
    assert [str(one.against[-1].reason) for one in lost] == ["not_drawn"]
    assert anna.state.pending == []


def test_unreachable_channel_leaves_the_alternative() -> None:
    anna = b.Person(b.catalog(b.template("text", channel="sms"), b.journey(
        "j", b.message("text", or_else=["hi"], choose="best")), b.template("hi")))  # fmt: skip
    anna.track("started")

    assert anna.sent == ["hi"]
    assert anna.decisions[-1].action_probability == 1.0


@pytest.mark.parametrize(
    ("channel", "sent"), [("email", "hi"), ("push", "nudge"), ("sms", None)], ids=str
)
def test_wish_for_a_channel_holds_where_it_reaches(channel: str, sent: str | None) -> None:
    anna = reachable(ON_PUSH, EITHER, channel=channel)
    anna.track("started")

    assert anna.sent == [sent] if sent else len(anna.sent) == 1


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ((b.ask("x", "e"), b.template("nudge", ask="x"), EITHER), "one class, with the same ask"),
        ((b.journey("j", b.message("hi", choose="best")),), "templates to choose from"),
    ],
    ids=str,
)
def test_alternatives_that_are_none_are_refused(
    documents: tuple[dict[str, Any], ...], expected: str
) -> None:
    with pytest.raises(CatalogError, match=expected):
        b.catalog(*documents)


def responses(anna: b.Person) -> list[str]:
    return [one.kind for one in anna.effects if isinstance(one, Responded)]


def test_first_click_of_a_human_is_the_response() -> None:
    anna = b.Person(b.catalog(b.journey("j", b.message("hi"))))
    anna.track("started")
    order = anna.orders[0]
    anna.receipt(order, ReceiptKind.ACCEPTED)
    anna.receipt(order, ReceiptKind.CLICKED, machine=True)
    assert responses(anna) == []
    anna.receipt(order, ReceiptKind.OPENED)
    anna.receipt(order, ReceiptKind.CLICKED)
    anna.receipt(order, ReceiptKind.REPLIED)

    assert responses(anna) == ["clicked"]
    assert rhythm.counts_of(anna.state.rhythm) == {12: 1}  # Monday noon, UTC.


BUY = b.ask("buy", "bought")


@pytest.mark.parametrize(
    "documents",
    [
        (BUY, b.template("hi", ask="buy"), b.journey("j", b.message("hi"))),
        (b.journey("j", b.message("hi"), goal={"event": "bought"}),),
    ],
    ids=["ask", "goal"],
)
def test_ask_done_and_goal_reached_are_responses_once(
    documents: tuple[dict[str, Any], ...],
) -> None:
    """The goal counts for the message although the run is over by then."""
    anna = b.Person(b.catalog(*documents))
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.now += timedelta(hours=2)
    anna.track("bought")
    anna.track("bought")

    assert responses(anna) == ["bought"]


def test_habits_are_not_used_after_an_objection_to_profiling() -> None:
    anna = b.Person(b.catalog(b.journey("j", b.message("hi"), reentry="every")))
    anna.permission(
        PermissionPart.CONSENT, PermissionStatus.WITHDRAWN, purpose="profiling", topic="*"
    )
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.receipt(anna.orders[0], ReceiptKind.CLICKED)
    anna.now += timedelta(days=1)
    anna.track("started")

    assert anna.state.rhythm == b""
    assert anna.decisions[-1].bucket == "any"


def test_people_are_known_by_the_channel_they_answer() -> None:
    anna = b.Person(b.catalog(b.journey("j", b.message("hi"), reentry="every")))
    buckets = []
    for clicks in (False, True, True):
        anna.track("started")
        buckets.append(anna.decisions[-1].bucket)
        anna.receipt(anna.orders[-1], ReceiptKind.ACCEPTED)
        if clicks:
            anna.receipt(anna.orders[-1], ReceiptKind.CLICKED)
        anna.now += timedelta(days=1)

    assert buckets == ["new", "quiet", "email"]


def test_preferred_time_waits_for_the_hour_the_person_is_there() -> None:
    """Seen on evenings at eight; a message wanted at noon goes at eight, with no second wait."""
    anna = b.Person(
        b.catalog(b.template("hi", send_time="preferred"), b.journey("j", b.message("hi")))
    )
    for _ in range(9):
        anna.state.rhythm = rhythm.add(anna.state.rhythm, 20)
    anna.now += timedelta(minutes=25)
    anna.track("started")
    assert anna.reasons == ["preferred_time"]
    anna.sleep(timedelta(days=1))

    assert anna.sent == ["hi"]
    assert (anna.orders[0].ordered_at.hour, anna.orders[0].ordered_at.minute) == (20, 0)


def test_nobody_waits_for_a_time_nothing_speaks_for() -> None:
    anna = b.Person(
        b.catalog(b.template("hi", send_time="preferred"), b.journey("j", b.message("hi")))
    )
    anna.track("started")

    assert anna.sent == ["hi"]


def test_histogram_stays_small_and_keeps_what_is_frequent() -> None:
    histogram = b""
    for i in range(2_000):
        histogram = rhythm.add(histogram, 20 if i % 2 else i % 168)

    assert len(histogram) <= 2 * rhythm.HOURS_KEPT
    assert max(rhythm.counts_of(histogram), key=rhythm.counts_of(histogram).__getitem__) == 20
    shares = [rhythm.share(histogram, NO_MODEL, hour) for hour in range(168)]
    assert shares.index(max(shares)) == 20


def test_new_variant_starts_where_its_template_stands() -> None:
    learnt = ResponseModel(1, {Cell("email", "hi", "old", "new"): Count(2_000, 400)})

    assert learnt.of_variant_for("email", "hi", "young", "new").mean == pytest.approx(0.2, abs=0.01)
    assert learnt.of_template("email", "other").mean == pytest.approx(0.2, abs=0.01)
    assert learnt.of_template("sms", "other").mean == pytest.approx(0.05)
