"""The step: once per event, the same result from the same arguments, one marketing message."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import decisions, inputs, state
from services.decision.domain.decisions import Outcome
from services.decision.domain.inputs import (
    EventKind,
    PermissionPart,
    PermissionStatus,
    ReceiptKind,
    WakeupInput,
)
from services.decision.domain.model import Controls
from services.decision.domain.step import next_wakeup, step
from tests.unit.decision import builders as b

WELCOME = b.catalog(
    b.policy("two-a-week", type="cap", messages=2, within="P7D"),
    b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
    b.policy("gap", type="minimum_gap", duration="PT20H"),
    b.ask("work-out", "worked_out"),
    b.template("hi", ask="work-out", variables=["profile.first_name", "event.product"]),
    b.template("how-to", ask="work-out", cool_down="P30D"),
    b.journey(
        "welcome",
        b.message("hi", valid_for="P2D"),
        b.wait("rest", duration="P3D", until_local_time="09:00"),
        b.message("how-to", priority=20),
        goal={"event": "worked_out"},
        exit_when=[{"event": "closed"}],
    ),
    b.journey("offer", b.message("offer", priority=80), on="viewed", reentry="every"),
)


def test_fifty_identical_entries_enter_a_once_journey_once() -> None:
    """Issue 2; NF's `once` let two parallel events enrol twice."""
    anna = b.Person(WELCOME)

    anna.step(*(anna.event("started") for _ in range(25)))
    for _ in range(25):
        anna.track("started")

    assert anna.state.passages["welcome"].entered == 1
    assert [move for move, _ in anna.moves].count("entered") == 1
    assert anna.sent == ["hi"]


def test_repeated_event_changes_nothing() -> None:
    anna = b.Person(WELCOME)
    event = anna.event("viewed")
    anna.step(event)
    before = state.encode(anna.state)

    result = anna.step(event, event)

    assert not result.changed
    assert [note.result for note in result.notes] == ["duplicate", "duplicate"]
    assert (result.decisions, result.effects) == ((), ())
    assert state.encode(anna.state) == before


def test_events_of_two_sources_with_equal_numbers_are_two_events() -> None:
    """After a merge, numbers of the other profile go on beside one's own."""
    anna = b.Person(WELCOME)
    other = anna.new_id("profile")

    anna.step(anna.event("seen", seq=7), anna.event("seen", seq=7, source=other))

    assert anna.state.counters["seen"].total == 2


def test_step_leaves_its_argument_alone() -> None:
    anna = b.Person(WELCOME)
    before = state.encode(anna.state)

    step(anna.state, [anna.event("started"), anna.event("viewed")], WELCOME, anna.now)

    assert state.encode(anna.state) == before


def test_one_step_sends_one_marketing_message_the_loser_goes_later() -> None:
    anna = b.Person(b.catalog(
        b.journey("low", b.message("low", priority=10)),
        b.journey("high", b.message("high", priority=90)),
        b.workspace(compete_again_after="PT4H"),
    ))  # fmt: skip

    anna.track("started")

    [decision] = anna.decisions
    assert anna.sent == ["high"]
    lost = decision.candidates[1].verdicts[-1]
    assert (lost.ruling, lost.facts) == ("lost", {"to": "high"})
    assert lost.until == anna.now + timedelta(hours=4)
    anna.sleep(timedelta(hours=5))
    assert anna.sent == ["high", "low"]


def test_decision_names_the_input_that_made_the_message_wanted() -> None:
    anna = b.Person(WELCOME)

    anna.step(anna.event("noise"), anna.event("viewed"), anna.event("noise"))

    assert anna.decisions[0].trigger.name == "viewed"


def test_two_message_steps_in_a_row_do_not_go_out_together() -> None:
    anna = b.Person(b.catalog(b.journey("both", b.message("first"), b.message("second"))))

    anna.track("started")
    assert anna.sent == ["first"]
    anna.sleep(timedelta(hours=1))

    assert anna.sent == ["first", "second"]


def test_everything_said_is_numbered_densely() -> None:
    """History checks timelines for gaps by these numbers."""
    anna = b.Person(WELCOME)

    anna.track("started")
    anna.track("viewed")
    anna.sleep(timedelta(days=6))
    anna.track("worked_out")

    said = [one.seq for one in anna.decisions]
    said += [one.seq for one in anna.effects if hasattr(one, "seq")]
    assert sorted(said) == list(range(1, anna.state.said + 1))
    ids = [one.id for one in (*anna.decisions, *anna.effects) if hasattr(one, "id")]
    assert len(set(ids)) == len(ids)


def test_stopped_marketing_waits_and_goes_when_reconsidered() -> None:
    anna = b.Person(WELCOME, controls=Controls(marketing_stopped=True))
    anna.track("started")
    assert (anna.sent, anna.reasons) == ([], ["marketing_stopped"])

    anna.controls = Controls()
    anna.step(WakeupInput(anna.new_id("wakeup"), anna.now, reconsider=True))

    assert anna.sent == ["hi"]


def test_paused_journey_waits() -> None:
    anna = b.Person(WELCOME, controls=Controls(paused_journeys=("welcome",)))

    anna.track("started")
    anna.track("viewed")

    assert anna.sent == ["offer"]
    assert anna.decisions[0].outcome is Outcome.HELD
    anna.sleep(timedelta(days=3))
    assert "expired" in anna.reasons


def test_message_nobody_could_send_in_time_expires_with_its_reason() -> None:
    anna = b.Person(b.catalog(
        b.policy("one", type="cap", messages=1, within="P30D"),
        b.journey("offer", b.message("offer", valid_for="P2D"), reentry="every"),
    ))  # fmt: skip
    anna.track("started")
    anna.track("started")
    assert next_wakeup(anna.state) == anna.now + timedelta(days=2)

    anna.sleep(timedelta(days=3))

    assert anna.decisions[-1].outcome is Outcome.SILENCE
    assert anna.reasons[-1] == "expired"
    assert anna.state.pending == []


def test_low_signal_and_history_count_but_never_trigger() -> None:
    quiet = b.catalog(
        {"kind": "event", "key": "noise", "low_signal": True},
        b.journey("welcome", b.message("hi")),
    )
    anna = b.Person(quiet)

    results = anna.step(
        anna.event("started", history=True),
        anna.event("started", low_signal=True),
        anna.event("noise"),
    ).notes

    assert [note.result for note in results] == ["history", "low_signal", "low_signal"]
    assert anna.state.counters["started"].total == 2
    assert anna.sent == []
    assert anna.state.passages == {}


EVENTS = ["started", "viewed", "worked_out", "closed", "noise"]
STORIES = st.lists(
    st.tuples(
        st.sampled_from([*EVENTS, "wake", "grant", "withdraw", "accepted", "rejected", "opened"]),
        st.integers(0, 40 * 3600),
    ),
    min_size=1,
    max_size=25,
)


def told(story: list[tuple[str, int]]) -> list[tuple[Any, Any, Any, Any]]:
    """Play a story; return what each step took in and gave out."""
    anna = b.Person(WELCOME)
    anna.identify(first_name="Anna")
    steps: list[tuple[Any, Any, Any, Any]] = []
    for name, pause_s in story:
        anna.sleep(timedelta(seconds=pause_s))
        before = state.encode(anna.state)
        given_: list[inputs.Input]
        if name in EVENTS:
            given_ = [anna.event(name, properties={"product": "mat"})]
        elif name == "wake":
            given_ = [WakeupInput(anna.new_id("wakeup"), anna.now)]
        elif name in ("grant", "withdraw"):
            status = PermissionStatus.GRANTED if name == "grant" else PermissionStatus.WITHDRAWN
            given_ = [inputs.PermissionInput(
                anna.new_id("permission"), PermissionPart.CONSENT, status, anna.now,
                channel="email", topic="tips",
            )]  # fmt: skip
        elif anna.orders:
            given_ = [inputs.ReceiptInput(
                anna.new_id("receipt"), anna.orders[-1].message_id, ReceiptKind(name), anna.now
            )]  # fmt: skip
        else:
            continue
        result = anna.step(*given_)
        steps.append((before, inputs.encode(given_), anna.now, result))
    return steps


@given(STORIES)
def test_stored_step_computed_again_agrees_to_the_bit(story: list[tuple[str, int]]) -> None:
    """I10: from the stored pre-state, inputs and time alone."""
    for before, given_, now, result in told(story):
        again = step(state.decode(before), inputs.decode(given_), WELCOME, now)

        assert again.decisions == result.decisions
        assert again.effects == result.effects
        assert state.encode(again.state) == state.encode(result.state)
        for one in result.decisions:
            assert decisions.decode(decisions.encode(one)) == one


@given(STORIES)
def test_state_survives_encoding_after_any_story(story: list[tuple[str, int]]) -> None:
    for _, _, _, result in told(story):
        assert state.decode(state.encode(result.state)) == result.state


@given(STORIES)
def test_marketing_never_goes_to_those_who_withdrew(story: list[tuple[str, int]]) -> None:
    withdrawn = False
    for _, given_, _, result in told(story):
        for one in inputs.decode(given_):
            if isinstance(one, inputs.PermissionInput):
                withdrawn = one.status is PermissionStatus.WITHDRAWN
        if withdrawn:
            assert result.orders == ()


def test_page_and_screen_calls_are_events_by_kind() -> None:
    anna = b.Person(b.catalog(
        b.journey("pricing", b.message("hi"), on="$page"),
    ))  # fmt: skip

    anna.step(anna.event("Pricing", kind=EventKind.PAGE))

    assert anna.sent == ["hi"]
    assert anna.state.counters["$page"].total == 1
