"""What somebody would get now or later, and why not something else; nothing changes."""

from datetime import timedelta
from typing import Any

import pytest

from services.decision.domain import state as states
from services.decision.domain.inputs import PermissionPart, PermissionStatus
from services.decision.domain.model import NO_CONTROLS, Controls
from services.decision.domain.preview import Preview, World, preview
from services.decision.domain.response_model import NO_MODEL
from tests.unit.decision import builders as b

QUIET = b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"})
HELLO = b.journey("hello", b.wait("w", duration="P2D"), b.message("hi"))
NEWS = b.journey("news", b.message("news"), on="subscribed")


def tried(anna: b.Person, controls: Controls = NO_CONTROLS, **more: Any) -> Preview:
    at = more.pop("at", anna.now)
    return preview(anna.state, World(anna.catalog, controls, NO_MODEL), anna.now, at, **more)


def test_later_time_shows_what_will_be_sent_on_the_way_and_changes_nothing() -> None:
    anna = b.Person(b.catalog(HELLO))
    anna.track("started")
    before = states.encode(anna.state)

    assert tried(anna).final == ()
    told = tried(anna, at=anna.now + timedelta(days=5))

    assert [one.order.template for one in told.on_the_way if one.order] == ["hi"]
    assert states.encode(anna.state) == before
    anna.sleep(timedelta(days=5))
    assert anna.orders[0].ordered_at == told.on_the_way[0].at


def test_preview_of_now_lets_what_is_held_compete() -> None:
    anna = b.Person(b.catalog(QUIET, b.journey("hello", b.message("hi"))))
    anna.now = anna.now.replace(hour=22)
    anna.track("started")
    told = tried(anna)

    assert [str(one.reason) for one in told.final] == ["quiet_hours"]
    morning = tried(anna, at=anna.now + timedelta(hours=11))
    assert [one.order.template for one in morning.on_the_way if one.order] == ["hi"]


@pytest.mark.parametrize(
    ("happens", "asked", "standing"),
    [
        ((), "hi", "outside"),
        (("started",), "hi", "waiting"),
        (("started",), "news", "outside"),
    ],
    ids=str,
)
def test_why_not_says_where_the_person_stands(
    happens: tuple[str, ...], asked: str, standing: str
) -> None:
    anna = b.Person(b.catalog(HELLO, NEWS))
    for name in happens:
        anna.track(name)
    [told] = tried(anna, template=asked).why_not

    assert (told.standing, told.template) == (standing, asked)
    assert told.sentence_en
    assert told.sentence_de
    assert told.candidate is not None
    assert told.candidate.against == ()


def test_why_not_has_every_rules_word_although_it_is_not_wanted_yet() -> None:
    anna = b.Person(b.catalog(QUIET, HELLO, NEWS), consent=False)
    anna.now = anna.now.replace(hour=23)
    told = tried(anna, controls=Controls(marketing_stopped=True), journey="news")
    [one] = told.why_not
    assert one.candidate is not None

    assert {str(v.reason) for v in one.candidate.against} == {
        "marketing_stopped",
        "no_consent",
        "quiet_hours",
    }


def test_why_not_of_a_candidate_names_what_decided() -> None:
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi")), b.policy(
        "gap", type="minimum_gap", duration="P1D"), NEWS))  # fmt: skip
    anna.track("subscribed")
    anna.track("started")
    [told] = tried(anna, template="hi").why_not

    assert told.standing == "held"
    assert "since the last message" in told.sentence_en


def test_withdrawn_consent_is_seen_at_once() -> None:
    anna = b.Person(b.catalog(HELLO))
    anna.track("started")
    anna.permission(PermissionPart.CONSENT, PermissionStatus.WITHDRAWN, topic="tips")
    told = tried(anna, at=anna.now + timedelta(days=3))

    assert [str(one.reason) for one in told.on_the_way] == ["consent_withdrawn"]
