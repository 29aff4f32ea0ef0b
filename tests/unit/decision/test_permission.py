"""Permission: five parts, never mixed up, fail closed; the person's newest word counts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import permission
from services.decision.domain.civil import to_s
from services.decision.domain.inputs import (
    PermissionInput,
    PermissionPart,
    PermissionStatus,
    ReceiptKind,
)
from services.decision.domain.permission import PermissionVerdict
from services.decision.domain.state import Endpoint, Permission
from tests.unit.decision import builders as b

CONSENT, OBJECTION = PermissionPart.CONSENT, PermissionPart.OBJECTION
SUPPRESSION, PAUSE, MUTE = PermissionPart.SUPPRESSION, PermissionPart.PAUSE, PermissionPart.MUTE
GRANTED, WITHDRAWN, PENDING = (
    PermissionStatus.GRANTED,
    PermissionStatus.WITHDRAWN,
    PermissionStatus.PENDING,
)
SET, LIFTED = PermissionStatus.SET, PermissionStatus.LIFTED

ENDPOINTS = {"email": Endpoint("anna@example.org"), "sms": Endpoint("+491700000000")}
ANY_ID = b.PERSON


def said(
    part: PermissionPart, status: PermissionStatus, minutes: int = 0, **more: object
) -> PermissionInput:
    at = b.MONDAY + timedelta(minutes=minutes)
    return PermissionInput(ANY_ID, part, status, at, **more)  # type: ignore[arg-type]


def after(*changes: PermissionInput) -> Permission:
    found = Permission()
    for change in changes:
        found = permission.change(found, change, ENDPOINTS)
    return found


def judged(
    found: Permission, message_class: str = "marketing", channel: str = "email", topic: str = "tips"
) -> PermissionVerdict:
    now_s = to_s(b.MONDAY + timedelta(hours=1))
    return permission.judge(found, ENDPOINTS, channel, topic, message_class, now_s)


OPT_IN = said(CONSENT, GRANTED, channel="email", topic="tips", basis="double_opt_in")
OBJECTED = said(OBJECTION, SET, 1)
MEASURE = said(CONSENT, GRANTED, purpose="measurement")
LIFTS = said(OBJECTION, LIFTED, 2)
TICKET = said(MUTE, SET, reason="ticket 123")
WITHDREW = said(CONSENT, WITHDRAWN, 1)


def suppressed(reason: str, channel: str = "*") -> PermissionInput:
    return said(SUPPRESSION, SET, channel=channel, reason=reason)


def paused(minutes: int) -> PermissionInput:
    return said(PAUSE, SET, until=b.MONDAY + timedelta(minutes=minutes))


TABLE = [
    ("nothing known", [], "marketing", "no_consent"),
    ("nothing known", [], "service", "requested"),
    ("nothing known", [], "transactional", "contract"),
    ("opt-in", [OPT_IN], "marketing", "double_opt_in"),
    ("opt-in for sms", [said(CONSENT, GRANTED, channel="sms")], "marketing", "no_consent"),
    ("opt-in, other topic", [said(CONSENT, GRANTED, topic="news")], "marketing", "no_consent"),
    ("opt-in to measure", [MEASURE], "marketing", "no_consent"),
    ("unconfirmed", [said(CONSENT, PENDING)], "marketing", "consent_pending"),
    ("withdrawn", [OPT_IN, WITHDREW], "marketing", "consent_withdrawn"),
    ("withdrawn", [OPT_IN, WITHDREW], "service", "consent_withdrawn"),
    ("withdrawn", [OPT_IN, WITHDREW], "transactional", "contract"),
    ("granted again", [WITHDREW, said(CONSENT, GRANTED, 2)], "marketing", "opt_in"),
    ("objection", [OPT_IN, OBJECTED], "marketing", "objection"),
    ("objection", [OPT_IN, OBJECTED], "service", "requested"),
    ("objection lifted", [OPT_IN, OBJECTED, LIFTS], "marketing", "double_opt_in"),
    ("bounce", [OPT_IN, suppressed("hard_bounce", "email")], "transactional", "suppressed"),
    ("complaint", [OPT_IN, suppressed("complaint")], "service", "suppressed"),
    ("complaint", [OPT_IN, suppressed("complaint")], "transactional", "contract"),
    ("sunset", [OPT_IN, suppressed("sunset")], "marketing", "suppressed"),
    ("sunset", [OPT_IN, suppressed("sunset")], "service", "requested"),
    ("stop on sms", [OPT_IN, suppressed("stop", "sms")], "marketing", "double_opt_in"),
    ("pause", [OPT_IN, paused(90)], "marketing", "paused_by_person"),
    ("pause over", [OPT_IN, paused(5)], "marketing", "double_opt_in"),
    ("open ticket", [OPT_IN, TICKET], "marketing", "muted"),
    ("open ticket", [OPT_IN, TICKET], "service", "requested"),
]


@pytest.mark.parametrize(
    ("changes", "message_class", "expected"),
    [pytest.param(*row[1:], id=f"{row[0]}, {row[2]}") for row in TABLE],
)
def test_what_was_said_decides(
    changes: list[PermissionInput], message_class: str, expected: str
) -> None:
    """Each part for itself: none stands in for another."""
    verdict = judged(after(*changes), message_class)

    assert (verdict.basis if verdict.allowed else verdict.reason) == expected


def test_post_needs_no_consent_but_ends_with_an_objection() -> None:
    """Art. 21 GDPR reaches every channel, post included."""
    assert judged(Permission(), channel="post").basis == "legitimate_interest"
    assert judged(after(said(OBJECTION, SET)), channel="post").reason == "objection"
    withdrawn = after(said(CONSENT, WITHDRAWN, channel="post", topic="*"))
    assert judged(withdrawn, channel="post").reason == "consent_withdrawn"


def test_double_opt_in_binds_consent_to_the_address_it_proved() -> None:
    proved = said(CONSENT, GRANTED, channel="email", topic="tips", address="anna@example.org")
    elsewhere = said(CONSENT, GRANTED, channel="email", topic="tips", address="old@example.org")

    assert judged(after(proved)).allowed
    assert judged(after(elsewhere)).reason == "consent_for_other_address"


def test_hard_bounce_binds_the_address_that_bounced() -> None:
    bounced = said(
        SUPPRESSION, SET, channel="email", reason="hard_bounce", address="old@example.org"
    )

    assert judged(after(OPT_IN, bounced)).allowed


def test_late_report_of_an_older_wish_changes_nothing() -> None:
    known = after(said(CONSENT, WITHDRAWN, 5), said(OBJECTION, LIFTED, 0), said(OBJECTION, SET, 4))
    for late in (said(CONSENT, GRANTED, 3), said(OBJECTION, LIFTED, 3)):
        assert permission.change(known, late, ENDPOINTS) is known


def test_lifted_objection_is_not_brought_back_by_an_older_report() -> None:
    known = after(said(OBJECTION, SET, 1), said(OBJECTION, LIFTED, 5))

    assert permission.change(known, said(OBJECTION, SET, 3), ENDPOINTS) is known


def test_lifting_what_was_never_set_changes_nothing() -> None:
    nothing = Permission()

    for part in (OBJECTION, SUPPRESSION, PAUSE, MUTE):
        assert permission.change(nothing, said(part, LIFTED), ENDPOINTS) is nothing


def test_of_two_wishes_at_the_same_instant_the_stricter_holds() -> None:
    for order in ((GRANTED, WITHDRAWN), (WITHDRAWN, GRANTED)):
        assert not judged(after(*(said(CONSENT, status) for status in order))).allowed
    for order in ((SET, LIFTED), (LIFTED, SET)):
        found = after(OPT_IN, *(said(OBJECTION, status) for status in order))
        assert not judged(found).allowed


def test_withdrawal_of_everything_ends_each_consent_until_it_is_given_anew() -> None:
    found = after(OPT_IN, said(CONSENT, WITHDRAWN, 1, channel="*", topic="*"))
    assert judged(found).reason == "consent_withdrawn"

    found = permission.change(
        found, said(CONSENT, GRANTED, 2, channel="email", topic="tips"), ENDPOINTS
    )
    assert judged(found).allowed


def test_part_and_status_that_do_not_belong_together_are_refused() -> None:
    for change in (said(CONSENT, SET), said(OBJECTION, GRANTED)):
        with pytest.raises(ValueError, match="cannot be"):
            permission.change(Permission(), change, ENDPOINTS)


CHANGES = st.lists(
    st.builds(
        lambda status, minutes, channel, topic: said(
            CONSENT, status, minutes, channel=channel, topic=topic
        ),
        st.sampled_from([GRANTED, WITHDRAWN, PENDING]),
        st.integers(0, 5),
        st.sampled_from(["email", "*"]),
        st.sampled_from(["tips", "*"]),
    ),
    max_size=6,
)


@given(CHANGES, st.randoms())
def test_order_of_arrival_does_not_matter(changes: list[PermissionInput], random: object) -> None:
    shuffled = list(changes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert judged(after(*changes)) == judged(after(*shuffled))


@given(CHANGES, CHANGES)
def test_merged_permission_never_allows_what_one_side_refused_in_words(
    mine: list[PermissionInput], theirs: list[PermissionInput]
) -> None:
    one, other = after(*mine), after(*theirs)
    merged = permission.merge(one, other)

    for key in {*one.consents, *other.consents}:
        statuses = {side.consents[key].status for side in (one, other) if key in side.consents}
        if "withdrawn" in statuses:
            assert merged.consents[key].status == "withdrawn"


def test_withdrawal_stops_what_waits_and_what_is_on_its_way() -> None:
    anna = b.Person(
        b.catalog(
            b.policy("one", type="cap", messages=1, within="P1D"),
            b.journey("hello", b.message("hi", valid_for="P3D"), reentry="every"),
        )
    )
    anna.track("started")
    anna.track("started")
    assert len(anna.state.pending) == 1

    anna.permission(CONSENT, WITHDRAWN, channel="*", topic="*")

    answer = anna.permit(anna.orders[0])
    assert (answer.granted, answer.reason) == (False, "consent_withdrawn")
    anna.sleep(timedelta(days=3))
    assert anna.sent == ["hi"]
    assert anna.reasons[-1] == "consent_withdrawn"


def test_unproven_address_gets_no_marketing_and_never_replaces_a_proven_one() -> None:
    """Browser keys are public: anybody can claim any address."""
    hello = b.catalog(b.journey("hello", b.message("hi"), reentry="every"))
    stranger = b.Person(hello, email=None)
    stranger.identify(email="victim@example.org", trusted=False)
    stranger.track("started")
    assert (stranger.sent, stranger.reasons) == ([], ["address_unproven"])

    anna = b.Person(hello)
    anna.identify(email="thief@example.org", trusted=False)
    anna.track("started")
    assert anna.orders[0].endpoint == "anna@example.org"


@pytest.mark.parametrize(
    ("outcome", "more", "reasons"),
    [
        (ReceiptKind.UNSUBSCRIBED, {}, ["consent_withdrawn"]),
        (ReceiptKind.COMPLAINED, {}, ["suppressed"]),
        (ReceiptKind.BOUNCED, {"hard_bounce": True}, ["suppressed"]),
        (ReceiptKind.BOUNCED, {"hard_bounce": False}, []),
    ],
    ids=str,
)
def test_receipt_that_is_an_opt_out_counts_at_once(
    outcome: ReceiptKind, more: dict[str, bool], reasons: list[str]
) -> None:
    """mautic#9190: one soft bounce is no opt-out."""
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi"), reentry="every")))
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)

    anna.receipt(anna.orders[0], outcome, **more)
    anna.track("started")

    assert anna.reasons == reasons
    assert len(anna.sent) == 2 - len(reasons)


def test_stop_ends_the_channel_and_only_start_lifts_it() -> None:
    """By the carriers' rules: every topic of the channel, until the person's own START."""
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi"), reentry="every")))
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.receipt(anna.orders[0], ReceiptKind.UNSUBSCRIBED, word="stop")
    anna.track("started")
    assert anna.reasons == ["suppressed"]
    anna.receipt(anna.orders[0], ReceiptKind.REPLIED)
    anna.track("started")
    assert len(anna.orders) == 1
    anna.sleep(timedelta(minutes=1))
    anna.receipt(anna.orders[0], ReceiptKind.REPLIED, word="start")
    anna.track("started")
    assert len(anna.orders) == 2


def test_start_lifts_no_complaint() -> None:
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi"), reentry="every")))
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.COMPLAINED)
    anna.receipt(anna.orders[0], ReceiptKind.REPLIED, word="start")
    anna.track("started")
    assert len(anna.orders) == 1


def test_opt_out_of_a_forgotten_message_still_counts() -> None:
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi"), reentry="every")))
    anna.track("started")
    order = anna.orders[0]
    anna.state.contacts.clear()

    anna.receipt(order, ReceiptKind.UNSUBSCRIBED, channel="email", topic="tips")
    anna.track("started")

    assert anna.reasons == ["consent_withdrawn"]


def test_opens_are_tracked_only_with_consent_to_measure() -> None:
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi"), reentry="every")))
    anna.track("started")
    anna.permission(CONSENT, GRANTED, purpose="measurement", channel="email")
    anna.track("started")

    assert [order.measure for order in anna.orders] == [False, True]
