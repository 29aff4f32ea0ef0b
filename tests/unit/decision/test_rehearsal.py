"""Journey tests say exactly where what happened differs from what was written."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from cli import test as command
from services.decision.domain.rehearsal import JourneyTest, rehearse
from tests.unit.decision import builders as b

PACKS = sorted(path.parent for path in (Path(__file__).parents[3] / "examples").glob("*/tests"))

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


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.name)
def test_every_pack_keeps_its_own_tests(pack: Path) -> None:
    command.test([pack])


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
