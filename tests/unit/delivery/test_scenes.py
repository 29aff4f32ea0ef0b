"""The linter against labelled German scenes: it finds what is wrong, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.delivery.adapters.liquid.template import Liquid
from services.delivery.domain.scenes.making import Told, scene_of
from services.delivery.domain.scenes.rules import lint
from services.delivery.domain.scenes.scene import Scene
from services.delivery.domain.template import Copy, TemplateDocument
from tests.unit.delivery.orders import NOW

SCENES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scenes.yaml").read_text(encoding="utf-8")
)
IMPRINT = "FitShop GmbH, Musterstraße 1, 10115 Berlin"
UNSUBSCRIBE = "<a href='{{ unsubscribe_url }}'>Abmelden</a>"
FEET = {
    "full": f"<p>{IMPRINT} · {UNSUBSCRIBE}</p>",
    "imprint": f"<p>{IMPRINT}</p>",
    "unsubscribe": f"<p>{UNSUBSCRIBE}</p>",
    "none": "",
}
FOUND_MIN, FALSE_MAX = 0.95, 0.02


def scene(label: dict[str, Any]) -> Scene:
    channel = label.get("channel", "email")
    message_class = label.get("class", "marketing")
    html = ""
    if channel == "email":
        foot = FEET[label.get("foot", "full")]
        html = label["say"] + "<!-- -->" * (label.get("pad", 0) // 8) + foot
    copy = Copy(
        subject=label.get("subject", ""),
        html=html,
        text=label.get("text", ""),
        url=label.get("url", ""),
        sender=label.get("sender", ""),
        reply_to=label.get("reply_to", ""),
    )
    parsed = Liquid().parse(TemplateDocument(label["name"], channel, {"de": copy})).parsed("de")
    told = Told(
        key=label["name"],
        channel=channel,
        builds_on=label.get("builds_on"),
        variables=tuple(label.get("variables", ["profile.first_name"])),
        recap="willkommen-kurz" if label.get("recap") else None,
        expires=label.get("expires", ""),
        holds_for=label.get("holds_for"),
    )
    return scene_of(
        told,
        "content.de",
        parsed.source,
        parsed.variables(),
        message_class=message_class,
        now=NOW,
        valid_for_s=label.get("valid_for_s", 0),
    )


def test_set_is_large_and_balanced() -> None:
    good = [each for each in SCENES if not each["flaws"]]
    assert len(SCENES) >= 60
    assert len({each["name"] for each in SCENES}) == len(SCENES)
    assert len(good) >= 30


def test_linter_finds_what_is_wrong_and_nothing_else() -> None:
    """At least 95 % of all flaws, and at most 2 % of the scenes with a false alarm."""
    missed, false, flaws = [], [], 0
    for label in SCENES:
        found = {finding.flaw.value for finding in lint(scene(label))}
        expected = set(label["flaws"])
        flaws += len(expected)
        missed += [f"{label['name']}: {flaw}" for flaw in sorted(expected - found)]
        if found - expected:
            false.append(f"{label['name']}: {sorted(found - expected)}")
    assert len(missed) <= (1 - FOUND_MIN) * flaws, missed
    assert len(false) <= FALSE_MAX * len(SCENES), false


@pytest.mark.parametrize("name", ["ohne-abmeldung", "zwei-bitten"])
def test_finding_says_where_and_what_is_expected(name: str) -> None:
    label = next(each for each in SCENES if each["name"] == name)
    [finding] = lint(scene(label))
    assert finding.path == "content.de"
    assert finding.expected
    assert finding.refuses == (name == "ohne-abmeldung")
