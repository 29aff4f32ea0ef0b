"""Journey tests say exactly where what happened differs from what was written."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from cli import test as command
from services.decision.domain.rehearsal import JourneyTest, rehearse
from tests.unit.decision import builders as b

CATALOG = b.catalog(
    b.workspace("Europe/Berlin"),
    b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
    b.journey(
        "welcome",
        b.wait("rest", duration="P2D", until_local_time="22:00"),
        b.message("hi"),
        b.wait("more", duration="P9D"),
        exit_when=[{"event": "closed"}],
    ),
)
GOOD: dict[str, Any] = {
    "test": "Anna is welcomed in the morning",
    "traits": {"timezone": "Europe/Berlin"},
    "consents": ["email/tips"],
    "happens": [{"day": 0, "event": "started"}],
    "until_day": 5,
    "gets": [{"day": 3, "at": "08:00", "message": "hi", "channel": "email"}],
    "not_because": [{"message": "hi", "because": "quiet_hours", "day": 2}],
    "journeys": {"welcome": "more", "other": "never"},
}


def problems(**changed: Any) -> tuple[str, ...]:
    return rehearse(CATALOG, msgspec.convert(GOOD | changed, JourneyTest)).problems


def test_true_test_passes() -> None:
    assert problems() == ()


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"gets": []}, "not expected: hi by email on day 3 08:00"),
        (
            {"gets": [{"day": 2, "message": "hi"}]},
            "gets[0]: hi on day 2, but hi by email on day 3 08:00",
        ),
        ({"consents": []}, "gets[0]: hi on day 3 08:00 never came"),
        (
            {"not_because": [{"message": "hi", "because": "cap_reached"}]},
            "not_because[0]: hi, expected cap_reached, but quiet_hours",
        ),
        ({"journeys": {"welcome": "completed"}}, "journeys.welcome: expected completed, but more"),
        (
            {"happens": [*GOOD["happens"], {"day": 1, "event": "closed"}]},
            "journeys.welcome: expected more, but exited",
        ),
        (
            {"happens": [*GOOD["happens"], {"day": 1, "objection": True}]},
            "gets[0]: hi on day 3 08:00 never came",
        ),
    ],
    ids=str,
)
def test_difference_is_named_with_its_place(changed: dict[str, Any], problem: str) -> None:
    assert any(problem in one for one in problems(**changed)), problems(**changed)


def test_misspelt_member_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `get`"):
        msgspec.convert({**GOOD, "get": []}, JourneyTest)


def test_task_handed_over_is_told_and_answered() -> None:
    """Who hands somebody to a human says so, and the human's answer carries the task's id."""
    catalog = b.catalog(
        {"kind": "webhook", "key": "desk", "url": "https://desk.example/tasks"},
        b.journey(
            "welcome",
            {"key": "call", "type": "hand_over", "webhook": "desk", "title": "Call her"},
            {"key": "answer", "type": "wait_for_event", "event": "called", "match": ["task_id"],
             "timeout": "P5D", "on_event": "done", "on_timeout": "late"},
            {"key": "late", "type": "message", "template": "hi"},
            {"key": "done", "type": "exit"},
        ),
    )  # fmt: skip
    answered = {"day": 2, "event": "called", "answers": True}
    told: dict[str, Any] = {
        "test": "Somebody calls her",
        "consents": ["email/tips"],
        "happens": [{"day": 1, "event": "started"}, answered],
        "tasks": [{"day": 1, "title": "Call her"}],
    }

    def problems(**changed: Any) -> tuple[str, ...]:
        return rehearse(catalog, msgspec.convert(told | changed, JourneyTest)).problems

    assert problems() == ()
    assert problems(tasks=[]) == ("task not expected: Call her () on day 1 10:00",)
    [wrong] = problems(tasks=[{"day": 2, "title": "Call her"}])
    assert wrong == "tasks[0]: Call her on day 2, but Call her () on day 1 10:00"
    [late] = problems(happens=[*told["happens"][:1], answered | {"answers": False}])
    assert late == "not expected: hi by email on day 6 10:00"
    with pytest.raises(ValueError, match="answers a task, but there is none yet"):
        problems(happens=[answered])


@pytest.mark.parametrize(
    ("happens", "reason"),
    [({"mute": "set"}, "muted"), ({"contact": "post"}, "cap_reached")],
    ids=str,
)
def test_what_others_do_counts(happens: dict[str, Any], reason: str) -> None:
    """An open ticket mutes; a contact of another system takes its place under the cap."""
    cap = b.policy("one", type="cap", messages=1, within="P7D")
    catalog = b.catalog(cap, b.journey("welcome", b.message("hi")))
    told = {
        "test": "Held",
        "consents": ["email/tips"],
        "happens": [happens, {"day": 1, "event": "started"}],
        "until_day": 2,
        "not_because": [{"message": "hi", "because": reason, "day": 1}],
    }
    assert rehearse(catalog, msgspec.convert(told, JourneyTest)).problems == ()


def test_reaction_to_a_message_never_sent_is_refused() -> None:
    """A misspelt template would otherwise make the test say less than it seems to."""
    with pytest.raises(ValueError, match="clicked on day 4, but no such message was sent"):
        problems(happens=[*GOOD["happens"], {"day": 4, "receipt": "clicked", "of": "ho"}])


def test_failed_test_ends_the_command_with_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = "kind: journey\nkey: j\nentry: {event: a}\nsteps: [{type: exit, key: e}]\n"
    tests = "test: late\nhappens: [{event: a, at: 22:00}]\njourneys: {j: e}\n"
    for folder, text in (("catalog", catalog), ("tests", tests)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.yaml").write_text(text)
    with pytest.raises((SystemExit, typer.Exit)):
        command.test([tmp_path])
    assert "expected e, but completed" in capsys.readouterr().out
