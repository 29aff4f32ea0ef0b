"""Each kind of step: what it does, and what it refuses to be."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.catalog import CatalogError
from services.decision.domain.inputs import PermissionPart, PermissionStatus, ReceiptKind
from services.decision.domain.journeys.steps.split import bounds, draw
from tests.unit.decision import builders as b

BERLIN = ZoneInfo("Europe/Berlin")
END = {"key": "end", "type": "exit"}


def step(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, **more}


@pytest.mark.parametrize(
    ("weekdays", "at", "began", "ends"),
    [
        (["mon"], None, "2026-03-04T15:00", "2026-03-09T15:00"),
        (["wed"], None, "2026-03-04T15:00", "2026-03-04T15:00"),
        (["wed"], "09:00", "2026-03-04T15:00", "2026-03-11T09:00"),
        (["wed"], "18:00", "2026-03-04T15:00", "2026-03-04T18:00"),
        (["sat", "sun"], "09:00", "2026-03-27T15:00", "2026-03-28T09:00"),
        (["sun"], "09:00", "2026-03-28T15:00", "2026-03-29T09:00"),
        (["sun"], "02:30", "2026-03-28T15:00", "2026-03-29T03:00"),
    ],
    ids=str,
)
def test_wait_for_a_weekday_ends_at_its_local_time(
    weekdays: list[str], at: str | None, began: str, ends: str
) -> None:
    """Sunday 29 March has no 02:30 in Berlin: it is 03:00 then."""
    more = {"until_local_time": at} if at else {}
    anna = b.Person(
        b.catalog(
            b.workspace("Europe/Berlin"),
            b.journey("j", b.wait("w", until_weekday=weekdays, **more)),
        ),
        at=datetime.fromisoformat(began).replace(tzinfo=BERLIN).astimezone(UTC),
    )

    anna.track("started")

    due = anna.next_wakeup or anna.now
    assert due.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M") == ends


def test_wait_for_a_date_of_the_person_moves_with_it() -> None:
    renewal = {"trait": "renews_on", "offset": "-P7D", "at": "09:00"}
    anna = b.Person(b.catalog(b.journey("j", b.wait("w", until_date=renewal), b.message("hi"))))
    anna.identify(renews_on="2026-04-20")
    anna.track("started")
    assert anna.next_wakeup == datetime(2026, 4, 13, 9, tzinfo=UTC)

    anna.identify(renews_on="2026-03-20")

    assert anna.next_wakeup == datetime(2026, 3, 13, 9, tzinfo=UTC)
    anna.sleep(timedelta(days=30))
    assert anna.sent == ["hi"]


@pytest.mark.parametrize("told", [None, "2020-01-01", "soon"], ids=str)
def test_wait_for_a_date_that_is_missing_or_past_keeps_nobody(told: str | None) -> None:
    renewal = {"trait": "renews_on", "offset": "-P7D"}
    anna = b.Person(b.catalog(b.journey("j", b.wait("w", until_date=renewal), b.message("hi"))))
    anna.identify(renews_on=told)

    anna.track("started")

    assert anna.sent == ["hi"]


def test_birthday_enters_every_year_and_publishing_fires_no_past_one() -> None:
    """mautic#3340: republishing fired every past event at once. 29 February is kept on the 28th."""
    birthday = {"trait": "born_on", "every_year": True, "at": "10:00"}
    feast = b.journey("feast", b.message("hi"), reentry="every")
    feast["entry"] = {"date": birthday}
    anna = b.Person(b.catalog(feast))
    anna.identify(born_on="1992-02-29")
    assert anna.sent == []

    anna.sleep(timedelta(days=365 * 2 + 5))

    assert [order.ordered_at.isoformat() for order in anna.orders] == [
        "2027-02-28T10:00:00+00:00",
        "2028-02-29T10:00:00+00:00",
    ]


def test_split_gives_the_same_person_the_same_way_in_every_run() -> None:
    """DF's RandomCohort draws again in every run."""
    split = step(
        "split", "s",
        variants=[{"key": v, "weight": 1, "next": v} for v in ("a", "b", "c")],
    )  # fmt: skip
    ends = [b.message("a", next="end"), b.message("b", next="end"), b.message("c"), END]
    anna = b.Person(b.catalog(b.journey("j", split, *ends, reentry="every")))

    for _ in range(6):
        anna.track("started")
        anna.sleep(timedelta(days=1))

    assert len(anna.sent) == 6
    assert len(set(anna.sent)) == 1
    notes = [one.note for one in anna.effects if getattr(one, "note", "")]
    assert set(notes) == set(anna.sent)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=8).filter(sum))
def test_shares_of_a_split_cover_every_lot(weights: list[float]) -> None:
    found = bounds(weights)

    assert found[-1] == 1.0
    assert list(found) == sorted(found)
    assert all(bound == 0 for bound, weight in zip(found, weights, strict=True) if not sum(
        weights[: found.index(bound) + 1]
    ) and not weight)  # fmt: skip


def test_lots_are_even_and_independent_of_each_other() -> None:
    people = [f"{n:032x}" for n in range(4_000)]
    first = [draw("a", person) < 0.5 for person in people]
    second = [draw("b", person) < 0.5 for person in people]

    both = sum(one and other for one, other in zip(first, second, strict=True))
    assert abs(sum(first) / len(people) - 0.5) < 0.03
    assert abs(both / len(people) - 0.25) < 0.03


def test_repeat_goes_back_so_often_and_no_more() -> None:
    anna = b.Person(
        b.catalog(
            b.journey(
                "j",
                b.message("remind"),
                b.wait("rest", duration="P2D"),
                step("repeat", "again", to="remind", times=2),
                b.message("last"),
            )
        )
    )

    anna.track("started")
    anna.sleep(timedelta(days=20))

    assert anna.sent == ["remind", "remind", "remind", "last"]
    assert len({order.message_id for order in anna.orders}) == 4


def test_trait_set_by_a_journey_counts_for_its_next_branch() -> None:
    anna = b.Person(
        b.catalog(
            b.journey(
                "j",
                step("set_trait", "mark", trait="plan", property="plan"),
                step("set_trait", "stamp", trait="seen", value=True),
                step("branch", "which", condition={"trait": "plan", "is": "pro"},
                     then="pro", **{"else": "end"}),
                b.message("pro"),
                END,
            )
        )
    )  # fmt: skip

    anna.track("started", plan="pro")

    assert anna.sent == ["pro"]
    told = {one.trait: one.value for one in anna.effects if hasattr(one, "trait")}
    assert told == {"plan": "pro", "seen": True}


def test_emitted_event_moves_and_begins_journeys_within_the_same_step() -> None:
    anna = b.Person(
        b.catalog(
            b.journey("first", step("emit_event", "tell", event="done", carry=["size"])),
            b.journey("second", b.message("hi"), on="done"),
            b.journey("waits", step("wait_for_event", "w", event="done", timeout="P9D",
                                    on_event="hello", on_timeout="end"), b.message("hello"), END),
        )
    )  # fmt: skip

    anna.track("started", size="L")

    assert "hi" in anna.sent
    assert ("advanced", "hello") in anna.moves
    assert anna.state.counters["done"].total == 1


def test_journeys_that_set_each_other_off_come_to_an_end() -> None:
    """NF#333: a cascade of triggers exhausted the pool."""
    ping = b.journey("ping", step("emit_event", "e", event="pong"), on="ping", reentry="every")
    pong = b.journey("pong", step("emit_event", "e", event="ping"), on="pong", reentry="every")
    anna = b.Person(b.catalog(ping, pong))

    anna.track("ping")

    assert 2 <= anna.state.counters["ping"].total <= 20
    assert anna.state.positions == []


def test_other_journey_is_entered_by_its_own_rules() -> None:
    first = b.journey("first", step("enter_journey", "go", journey="second"), reentry="every")
    second = b.journey("second", b.message("hi"), on="never")
    anna = b.Person(b.catalog(first, second))

    anna.track("started")
    anna.track("started")

    assert anna.sent == ["hi"]
    assert anna.state.passages["second"].entered == 1


def test_sunset_ends_marketing_and_only_the_person_lifts_it() -> None:
    anna = b.Person(
        b.catalog(b.journey("bye", step("sunset", "s"), b.message("too-late"))),
    )

    anna.track("started")

    assert (anna.sent, anna.reasons) == ([], ["suppressed"])
    [changed] = [one for one in anna.effects if getattr(one, "part", "") == "suppression"]
    assert (changed.reason, changed.basis) == ("sunset", "journey")


def test_withdrawn_topic_is_refused_and_no_step_can_grant() -> None:
    anna = b.Person(
        b.catalog(b.journey("bye", step("withdraw_topic", "w", topic="tips"), b.message("hi")))
    )

    anna.track("started")

    assert (anna.sent, anna.reasons) == ([], ["consent_withdrawn"])


def test_hand_over_orders_a_call_and_its_answer_is_waited_for_by_task() -> None:
    desk = {"kind": "webhook", "key": "desk", "url": "https://desk.example/tasks"}
    anna = b.Person(
        b.catalog(
            desk,
            b.journey(
                "talk",
                step("hand_over", "h", webhook="desk", title="Call back", traits=["plan"],
                     carry=["order_id"]),
                step("wait_for_event", "w", event="task_closed", match=["task_id"],
                     timeout="P9D", on_event="thanks", on_timeout="end"),
                b.message("thanks"),
                END,
            ),
        )
    )  # fmt: skip
    anna.identify(plan="pro")
    anna.track("started", order_id="o1")
    [call] = [one for one in anna.effects if hasattr(one, "webhook")]
    assert (call.webhook, call.kind) == ("desk", "journey.task")
    assert call.data["traits"] == {"plan": "pro"}
    assert call.data["event"] == {"order_id": "o1"}

    anna.track("task_closed", task_id="another")
    assert anna.sent == []
    anna.track("task_closed", task_id=str(call.id))

    assert anna.sent == ["thanks"]


FOLLOW = [
    b.message("mail"),
    step("follow_up", "heard", message="mail", within="P3D",
         on={"replied": "talk", "clicked": "end", "opened": "more", "not_sent": "text",
             "ignored": "text"}),
    b.message("text", next="end"),
    b.message("more", next="end"),
    b.message("talk"),
    END,
]  # fmt: skip


@pytest.mark.parametrize(
    ("receipts", "goes_to"),
    [
        ([ReceiptKind.ACCEPTED], "text"),
        ([ReceiptKind.ACCEPTED, ReceiptKind.OPENED], "more"),
        ([ReceiptKind.ACCEPTED, ReceiptKind.CLICKED], None),
        ([ReceiptKind.ACCEPTED, ReceiptKind.REPLIED], "talk"),
        ([ReceiptKind.REJECTED], "text"),
        ([ReceiptKind.ACCEPTED, ReceiptKind.BOUNCED], "text"),
        ([ReceiptKind.UNKNOWN], "text"),
    ],
    ids=str,
)
def test_follow_up_goes_on_by_the_outcome(receipts: list[ReceiptKind], goes_to: str | None) -> None:
    anna = b.Person(b.catalog(b.journey("talk-on", *FOLLOW)))
    anna.track("started")
    for kind in receipts:
        anna.sleep(timedelta(minutes=1))
        anna.receipt(anna.orders[0], kind)

    anna.sleep(timedelta(days=4))

    assert anna.sent[1:] == ([goes_to] if goes_to else [])


def test_ignored_counts_from_when_it_went_out() -> None:
    anna = b.Person(b.catalog(b.journey("talk-on", *FOLLOW)))
    anna.track("started")
    anna.sleep(timedelta(days=2))
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)

    anna.sleep(timedelta(days=2))
    assert anna.sent == ["mail"]
    anna.sleep(timedelta(days=2))

    assert anna.sent == ["mail", "text"]


def test_machine_that_opens_is_nobody_who_read() -> None:
    """NF and MA count Apple's prefetching as opens."""
    anna = b.Person(b.catalog(b.journey("talk-on", *FOLLOW)))
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.receipt(anna.orders[0], ReceiptKind.OPENED, machine=True)

    anna.sleep(timedelta(days=4))

    assert anna.sent == ["mail", "text"]


def test_unseen_scene_is_recapped_not_presumed() -> None:
    documents = [
        b.template("hook"),
        b.template("turn", builds_on="hook", recap="turn-recap"),
        b.template("turn-recap"),
        b.journey("path", b.message("hook"), b.wait("rest", duration="P2D"), b.message("turn")),
    ]
    reader, other = b.Person(b.catalog(*documents)), b.Person(b.catalog(*documents))
    for person in (reader, other):
        person.track("started")
        person.receipt(person.orders[0], ReceiptKind.ACCEPTED)
    reader.receipt(reader.orders[0], ReceiptKind.OPENED)

    for person in (reader, other):
        person.sleep(timedelta(days=3))

    assert (reader.sent[-1], other.sent[-1]) == ("turn", "turn-recap")


SMS = b.template("text", channel="sms")


def _two_channels(**more: Any) -> b.Person:
    night = b.policy("night", type="quiet_hours", channels=["email"], **{
        "from": "11:00", "to": "13:00"
    })  # fmt: skip
    journey = b.journey("reach", b.message("mail", or_else=["text"], **more))
    return b.Person(b.catalog(night, SMS, journey))


def test_blocked_message_goes_by_its_next_channel() -> None:
    anna = _two_channels()
    anna.identify(phone="+491701234567", timezone="UTC")
    anna.permission(PermissionPart.CONSENT, PermissionStatus.GRANTED, channel="sms", topic="tips")

    anna.track("started")

    assert anna.sent == ["text"]
    assert [one.reason for one in anna.decisions if one.order is None] == ["quiet_hours"]


def test_message_blocked_on_every_channel_is_tried_anew_when_the_first_may_go() -> None:
    anna = _two_channels()

    anna.track("started")
    assert anna.sent == []
    anna.sleep(timedelta(hours=2))

    assert anna.sent == ["mail"]
    assert "no_address" in anna.reasons


def test_once_per_value_lets_each_order_in_once() -> None:
    anna = b.Person(
        b.catalog(b.journey("order", b.wait("w", duration="P9D"), reentry="per_value", per="id"))
    )

    for order in ("a", "b", "a", None, "b"):
        anna.track("started", id=order)

    assert anna.state.passages["order"].entered == 2


def test_cool_down_keeps_people_out_for_a_while() -> None:
    anna = b.Person(
        b.catalog(b.journey("again", b.message("hi"), reentry="every", cool_down="P7D"))
    )

    anna.track("started")
    anna.sleep(timedelta(days=6))
    anna.track("started")
    anna.sleep(timedelta(days=2))
    anna.track("started")

    assert anna.state.passages["again"].entered == 2


def test_imported_history_enters_only_where_the_entry_says_so() -> None:
    silent = b.journey("silent", b.wait("w", duration="P9D"))
    asked = b.journey("asked", b.wait("w", duration="P9D"))
    asked["entry"]["imported"] = True
    anna = b.Person(b.catalog(silent, asked))

    anna.step(anna.event("started", history=True))

    assert set(anna.state.passages) == {"asked"}


def test_draft_is_checked_but_entered_by_nobody() -> None:
    live = b.journey("path", b.message("old"))
    draft = {**b.journey("path", b.message("new")), "version": 2, "status": "draft"}
    anna = b.Person(b.catalog(live, draft))

    anna.track("started")

    assert anna.sent == ["old"]


@pytest.mark.parametrize(("change", "entered"), [("entered", 1), ("left", 2)], ids=str)
def test_segment_that_is_entered_or_left_begins_a_journey(change: str, entered: int) -> None:
    pros = {"kind": "segment", "key": "pros", "rule": {"trait": "plan", "is": "pro"}}
    journey = b.journey("j", b.message("hi"))
    journey["entry"] = {"segment": "pros", "on": change}
    anna = b.Person(b.catalog(pros, journey))

    sent = []
    for plan in ("pro", "free"):
        anna.identify(plan=plan)
        sent.append(len(anna.sent))

    assert sent.index(1) + 1 == entered


def test_month_without_use_begins_a_journey_at_the_right_second_with_no_event() -> None:
    quiet = {
        "kind": "segment",
        "key": "quiet",
        "rule": {"all": [{"event": "used"}, {"event": "used", "at_most": 0, "within": "P30D"}]},
    }
    journey = b.journey("j", b.message("hi"))
    journey["entry"] = {"segment": "quiet"}
    anna = b.Person(b.catalog(quiet, journey))
    anna.track("used")

    anna.sleep(timedelta(days=40))

    [order] = anna.orders
    assert order.ordered_at == b.MONDAY + timedelta(days=30)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (step("follow_up", "f", message="nobody", on={"sent": "end"}), "the key of a message step"),
        (step("follow_up", "f", message="m", on={}), "a way for one of"),
        (step("webhook", "w", webhook="none"), "the key of a webhook in the catalog"),
        (step("enter_journey", "e", journey="none"), "the key of a journey in the catalog"),
        (step("withdraw_topic", "w", topic="none"), "the key of a topic in the catalog"),
        (step("repeat", "r", to="m", times=0), "`int` >= 1"),
        (step("grant_topic", "g", topic="tips"), "one of message, wait"),
        (b.wait("w", duration="P1D", until_date={"trait": "d"}), "nothing beside `until_date`"),
        (
            step("split", "s", variants=[{"key": "a", "weight": 0}, {"key": "b", "weight": 0}]),
            "at least one weight above 0",
        ),
        (b.message("n", or_else=["n"]), "another template"),
        (b.message("n", when_blocked="reroute"), "templates to try instead"),
    ],
    ids=str,
)
def test_step_that_cannot_work_is_named_with_its_place(
    broken: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        b.catalog(b.journey("j", b.message("m"), broken, END))

    assert any("journey j, at steps[1]" in str(one) and problem in str(one)
               for one in caught.value.problems), caught.value  # fmt: skip
