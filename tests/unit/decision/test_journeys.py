"""Journeys: who enters, moves, waits and leaves, and what that does to messages on their way."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.decision.domain.inputs import ReceiptKind
from services.decision.domain.journeys import entering
from tests.unit.decision import builders as b

BERLIN = ZoneInfo("Europe/Berlin")


def test_where_decides_who_enters() -> None:
    big = b.journey("big", b.message("hi"), reentry="every")
    big["entry"]["where"] = {"property": "amount", "at_least": 100}
    anna = b.Person(b.catalog(big))

    anna.track("started", amount=99)
    anna.track("started")
    anna.track("started", amount="a lot")
    assert anna.sent == []
    anna.track("started", amount=100)

    assert anna.sent == ["hi"]


@pytest.mark.parametrize(
    ("reentry", "entered"), [("once", 1), ("after_exit", 2), ("every", 3)], ids=str
)
def test_reentry_rule_holds(reentry: str, entered: int) -> None:
    anna = b.Person(
        b.catalog(
            b.journey("again", b.wait("rest", duration="P3D"), reentry=reentry),
        )
    )

    anna.track("started")
    anna.sleep(timedelta(days=1))
    anna.track("started")
    anna.sleep(timedelta(days=3))
    anna.track("started")

    assert anna.state.passages["again"].entered == entered


def test_state_stays_small_however_often_and_with_however_much_somebody_enters() -> None:
    anna = b.Person(
        b.catalog(
            b.template("hi", variables=["event.note", "event.size"]),
            b.journey("many", b.wait("rest", duration="P9D"), b.message("hi"), reentry="every"),
        )
    )

    for _ in range(entering.RUNS_MAX + 5):
        anna.track("started", note="x" * 5_000, size="L")

    assert len(anna.state.positions) == entering.RUNS_MAX
    assert anna.state.positions[0].context == {"size": "L"}


def test_audience_is_asked_at_entry_and_again_at_the_message() -> None:
    pro = b.journey(
        "pro",
        b.wait("rest", duration="P1D"),
        b.message("hi"),
        audience={"segment": "pros"},
        reentry="every",
    )
    anna = b.Person(
        b.catalog(pro, {"kind": "segment", "key": "pros", "rule": {"trait": "plan", "is": "pro"}})
    )
    anna.track("started")
    assert anna.state.positions == []
    anna.identify(plan="pro")
    anna.track("started")
    anna.identify(plan="free")

    anna.sleep(timedelta(days=2))

    assert (anna.sent, anna.reasons) == ([], ["not_in_audience"])


def test_wait_keeps_the_local_time_of_day_over_a_dst_weekend() -> None:
    """PV's add({days: 1}) for "next 09:00" drifted when clocks changed."""
    anna = b.Person(
        b.catalog(
            b.workspace("Europe/Berlin"),
            b.journey(
                "slow",
                b.wait("rest", duration="P2D"),
                b.message("a", valid_for="PT1H"),
                b.wait("until", duration="P1D", until_local_time="09:00"),
                b.message("b", valid_for="PT1H"),
            ),
        ),
        at=datetime(2026, 3, 27, 9, 0, tzinfo=BERLIN).astimezone(UTC),
    )

    anna.track("started")
    anna.sleep(timedelta(days=5))

    sent_at = [order.ordered_at.astimezone(BERLIN).isoformat() for order in anna.orders]
    assert sent_at == ["2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"]


def test_wait_for_event_goes_one_way_or_the_other() -> None:
    nudge = b.catalog(
        b.journey(
            "nudge",
            {
                "key": "use",
                "type": "wait_for_event",
                "event": "used",
                "where": {"property": "minutes", "at_least": 5},
                "timeout": "P7D",
                "on_event": "thanks",
                "on_timeout": "help",
            },
            b.message("thanks", next="end"),
            b.message("help"),
            {"key": "end", "type": "exit"},
        )
    )
    active, idle = b.Person(nudge), b.Person(nudge)
    for person in (active, idle):
        person.track("started")
        person.sleep(timedelta(days=6))
        person.track("used", minutes=1)
    active.track("used", minutes=5)
    for person in (active, idle):
        person.sleep(timedelta(days=2))

    assert (active.sent, idle.sent) == (["thanks"], ["help"])


def test_wait_matches_a_property_to_the_entering_event() -> None:
    anna = b.Person(
        b.catalog(
            b.journey(
                "cart",
                {
                    "key": "paid",
                    "type": "wait_for_event",
                    "event": "paid",
                    "match": ["cart_id"],
                    "timeout": "P1D",
                    "on_event": "thanks",
                    "on_timeout": "remind",
                },
                b.message("thanks", next="end"),
                b.message("remind"),
                {"key": "end", "type": "exit"},
            )
        )
    )
    anna.track("started", cart_id="c1")
    anna.track("paid", cart_id="c2")
    assert anna.sent == []

    anna.track("paid", cart_id="c1")

    assert anna.sent == ["thanks"]


def test_event_that_happened_before_the_timeout_beats_it_even_if_it_comes_late() -> None:
    """The wait ended at noon; the event of 11:59 is processed a minute later."""
    anna = b.Person(
        b.catalog(
            b.journey(
                "race",
                {
                    "key": "use",
                    "type": "wait_for_event",
                    "event": "used",
                    "timeout": "PT1H",
                    "on_event": "thanks",
                    "on_timeout": "help",
                },
                b.message("thanks", next="end"),
                b.message("help"),
                {"key": "end", "type": "exit"},
            )
        )
    )
    anna.track("started")
    due = anna.next_wakeup
    assert due is not None
    anna.now = due + timedelta(minutes=1)

    anna.step(anna.event("used", occurred_at=due - timedelta(minutes=1)))

    assert anna.sent == ["thanks"]


def test_branch_asks_at_the_time_it_is_reached() -> None:
    anna = b.Person(
        b.catalog(
            b.journey(
                "either",
                b.wait("rest", duration="P1D"),
                {
                    "key": "which",
                    "type": "branch",
                    "condition": {"event": "used", "at_least": 2, "within": "P1D"},
                    "then": "much",
                    "else": "little",
                },
                b.message("much", next="end"),
                b.message("little"),
                {"key": "end", "type": "exit"},
            )
        )
    )
    anna.track("started")
    anna.track("used")
    anna.sleep(timedelta(hours=12))
    anna.track("used")

    anna.sleep(timedelta(days=1))

    assert anna.sent == ["much"]
    assert anna.moves[-1] == ("completed", "much")


def test_goal_ends_the_run_and_drops_what_is_held() -> None:
    """Issue 4: a cart reminder held overnight is dropped when the purchase comes first."""
    anna = b.Person(
        b.catalog(
            b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
            b.journey("cart", b.message("remind"), goal={"event": "bought"}),
        ),
        at=b.MONDAY.replace(hour=23),
    )
    anna.track("started")
    anna.sleep(timedelta(hours=8))
    anna.track("bought")

    anna.sleep(timedelta(days=2))

    assert (anna.sent, anna.reasons) == ([], ["quiet_hours", "goal_reached"])
    assert anna.moves[-1] == ("completed", "remind")
    assert anna.decisions[-1].reason_en == "Not sent: the goal of cart is reached (bought)."


@pytest.mark.parametrize("last_step", [True, False], ids=["run over", "run goes on"])
def test_exit_rule_reaches_a_message_already_on_its_way(last_step: bool) -> None:  # noqa: FBT001
    steps = [b.message("remind")] + ([] if last_step else [b.wait("rest", duration="P9D")])
    anna = b.Person(b.catalog(b.journey("cart", *steps, exit_when=[{"event": "bought"}])))
    anna.track("started")
    assert anna.permit(anna.orders[0]).granted

    anna.track("bought")

    answer = anna.permit(anna.orders[0])
    assert (answer.granted, answer.reason) == (False, "exit_rule")
    anna.receipt(anna.orders[0], ReceiptKind.CANCELLED)
    assert anna.reasons == ["exit_rule"]
    assert anna.state.contacts == []


def test_exit_rule_with_match_ends_only_the_run_it_means() -> None:
    anna = b.Person(
        b.catalog(
            b.journey(
                "order",
                b.wait("rest", duration="P9D"),
                reentry="every",
                exit_when=[{"event": "refunded", "match": ["order_id"]}],
            )
        )
    )
    anna.track("started", order_id=1)
    anna.track("started", order_id=2)

    anna.track("refunded", order_id=1)

    assert [position.context for position in anna.state.positions] == [{"order_id": 2}]


def test_imported_history_ends_only_what_began_before_it_happened() -> None:
    for days_ago, left in ((2, 1), (0, 0)):
        anna = b.Person(
            b.catalog(b.journey("cart", b.wait("rest", duration="P9D"), goal={"event": "bought"}))
        )
        anna.track("started")
        anna.sleep(timedelta(days=1))
        happened = anna.now - timedelta(days=days_ago)

        anna.step(anna.event("bought", history=True, occurred_at=happened))

        assert len(anna.state.positions) == left


@pytest.mark.parametrize(
    ("when_blocked", "waits", "last_move"),
    [
        ("hold", 1, ("entered", "offer")),
        ("skip", 0, ("advanced", "rest")),
        ("exit", 0, ("exited", "offer")),
    ],
    ids=str,
)
def test_step_says_what_to_do_while_blocked(
    when_blocked: str, waits: int, last_move: tuple[str, str]
) -> None:
    anna = b.Person(
        b.catalog(
            b.policy("night", type="quiet_hours", **{"from": "11:00", "to": "13:00"}),
            b.journey(
                "try",
                b.message("offer", when_blocked=when_blocked),
                b.wait("rest", duration="P1D"),
            ),
        )
    )

    anna.track("started")

    assert len(anna.state.pending) == waits
    assert anna.moves[-1] == last_move


def test_people_in_flight_keep_their_version() -> None:
    first = b.journey("path", b.wait("rest", duration="P1D"), b.message("old"))
    second = {**b.journey("path", b.message("new"), reentry="every"), "version": 2}
    anna = b.Person(b.catalog(first))
    anna.track("started")
    anna.catalog = b.catalog(first, second, revision=2)

    anna.track("started")
    anna.sleep(timedelta(days=2))

    assert anna.sent == ["new", "old"]
    assert [order.version for order in anna.orders] == [2, 1]


def test_version_gone_from_the_catalog_ends_the_run_with_a_reason() -> None:
    anna = b.Person(b.catalog(b.journey("path", b.wait("rest", duration="P1D"))))
    anna.track("started")
    anna.catalog = b.catalog(b.journey("other", b.message("new")), revision=2)

    anna.sleep(timedelta(days=2))

    assert anna.state.positions == []
    assert anna.effects[-1].reason == "journey_removed"


def test_order_carries_what_its_template_may_use_and_nothing_else() -> None:
    anna = b.Person(
        b.catalog(
            b.template("hi", variables=["profile.first_name", "event.product", "event.size"]),
            b.journey("hello", b.wait("rest", duration="P1D"), b.message("hi")),
        )
    )
    anna.identify(first_name="Anna", secret="x", locale="de-DE", timezone="Europe/Berlin")
    anna.track("started", product="mat", price=20)

    anna.sleep(timedelta(days=1))

    [order] = anna.orders
    assert order.variables == {"profile": {"first_name": "Anna"}, "event": {"product": "mat"}}
    assert (order.locale, order.timezone) == ("de-DE", "Europe/Berlin")
    assert order.endpoint == "anna@example.org"
    assert order.reason_en == ("Sent: started began the journey hello (step hi); consent given.")
