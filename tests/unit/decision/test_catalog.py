"""The catalog: all or nothing, every problem named with path, expectation and finding."""

from typing import Any

import jsonschema
import msgspec
import pytest

from services.decision.domain.catalog import CatalogError, parse_catalog
from services.decision.domain.kinds import KINDS, schema_for
from tests.unit.decision import builders as b

GOOD: list[dict[str, Any]] = [
    b.workspace("Europe/Berlin", locale="de"),
    {"kind": "event", "key": "Page Viewed", "low_signal": True},
    b.topic(name="Tips"),
    b.ask("work-out", "worked_out", holds_for="P30D"),
    {"kind": "segment", "key": "pros", "rule": {"any": [{"trait": "plan", "in": ["pro"]}]}},
    b.template("hi", ask="work-out", role="hook", tags=["scene"], cool_down="P30D",
               variables=["profile.first_name", "event.product.name"],
               content={"de": {"subject": "Hallo"}}),
    b.policy("cap", type="cap", messages=4, within="P30D", channels=["email", "sms"]),
    b.policy("gap", type="minimum_gap", duration="PT20H"),
    b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
    b.journey(
        "welcome",
        b.message("hi", valid_for="P2D", when_blocked="skip"),
        b.wait("rest", duration="P3D", until_local_time="09:00"),
        {"key": "use", "type": "wait_for_event", "event": "worked_out", "timeout": "P7D",
         "on_event": "end", "on_timeout": "which"},
        {"key": "which", "type": "branch", "condition": {"segment": "pros"},
         "then": "again", "else": "end"},
        b.message("again", template="hi"),
        {"key": "end", "type": "exit"},
        audience={"trait": "plan", "exists": True},
        goal={"event": "worked_out"},
        exit_when=[{"event": "closed", "match": ["order_id"]}],
    ),
]  # fmt: skip


def problems(*documents: dict[str, Any]) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        parse_catalog(documents)
    return b.texts(caught.value.problems)


def test_good_documents_make_a_catalog() -> None:
    catalog = parse_catalog(GOOD, revision=7, revisions={("template", "hi"): 3})

    assert (catalog.revision, catalog.templates["hi"].revision) == (7, 3)
    assert catalog.traits == {"plan", "first_name"}
    assert set(catalog.journeys["welcome", 1].context) == {"product", "order_id"}
    assert catalog.low_signal_events == {"Page Viewed"}
    assert len(catalog.templates["hi"].policies) == 3


def test_published_schemas_accept_what_the_parser_accepts() -> None:
    for document in GOOD:
        jsonschema.validate(document, schema_for(document["kind"]))
    for kind in KINDS:
        jsonschema.Draft202012Validator.check_schema(schema_for(kind))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**GOOD[5], "channel": "fax"}, schema_for("template"))


def test_parse_is_the_same_for_json() -> None:
    again = msgspec.json.decode(msgspec.json.encode(GOOD))

    assert parse_catalog(again).traits == parse_catalog(GOOD).traits


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"key": "x"}, "document 1, at kind: expected one of workspace, event, topic"),
        ({"kind": "jurney", "key": "x"}, "jurney x, at kind: expected one of"),
        (b.topic(klass="x"), "topic tips: expected a known field, got `klass`"),
        ({"kind": "topic"}, "document 1: expected a field `key`, got none"),
        (b.topic("Große Tips"), "at key: expected `str` matching regex"),
        (
            b.template("hi", channel="fax"),
            "at channel: expected one of email, in_app, post, push, sms, social, webhook, got",
        ),
        (
            b.template("hi", ask="none"),
            "template hi, at ask: expected the key of an ask in the catalog, got `none`",
        ),
        (b.template("hi", topic="none"), "at topic: expected the key of a topic in the catalog"),
        (
            b.template("hi", variables=["first_name"]),
            "at variables[0]: expected `str` matching regex",
        ),
        (b.template("hi", cool_down="1 day"), "at cool_down: expected `str` matching regex"),
        (b.template("hi", cool_down="Pump"), "at cool_down: expected an ISO 8601 duration"),
        (
            b.policy("p", type="cap", messages=0, within="P1D"),
            "at rule.messages: expected `int` >= 1, got 0",
        ),
        (
            b.policy("p", type="cap", messages=1, within="P1M"),
            "at rule.within: expected days, hours or minutes",
        ),
        (
            b.policy("p", type="cup"),
            "at rule.type: expected one of cap, minimum_gap, block, quiet_hours, blackout, adap",
        ),
        (
            b.policy("p", type="cap", messages=1, within="P1D", topics=["none"]),
            "at rule.topics[0]: expected the key",
        ),
        (
            b.policy("p", type="quiet_hours", **{"from": "21:00", "to": "21:00"}),
            "another time than `from`",
        ),
        (
            b.policy("p", type="quiet_hours", **{"from": "21:00", "to": "25:00"}),
            "a time of day such as 09:00",
        ),
        (
            b.workspace("Mars"),
            "workspace shop, at timezone: expected an IANA time zone, got 'Mars'",
        ),
        (b.ask("a", "e", holds_for="PT"), "ask a, at holds_for: expected an ISO 8601 duration"),
        (b.journey("j"), "at steps: expected `array` of length >= 1, got []"),
        (b.journey("j", b.message("none")), "at steps[0].template: expected the key of a template"),
        (
            b.journey("j", b.message("hi", priority="high")),
            "at steps[0].priority: expected `int`, got `str`",
        ),
        (
            b.journey("j", b.message("hi", template="hi", when_blocked="wait")),
            "one of exit, hold, reroute, skip, got `wait`",
        ),
        (
            b.journey("j", {"key": "a", "type": "sleep"}),
            "at steps[0].type: expected one of message, wait",
        ),
        (
            b.journey("j", b.wait("a", duration="P1D", next="b")),
            "at steps[0].next: expected the key of a step (a), got `b`",
        ),
        (
            b.journey("j", b.wait("a", duration="P1D"), b.wait("a", duration="P1D")),
            "at steps[1].key: expected each step key once",
        ),
        (
            b.journey("j", b.wait("a")),
            "at steps[0]: expected `duration`, `until_weekday`, `until_local_time` or `until_date`",
        ),
        (
            b.journey("j", b.wait("a", duration="P1D"), b.wait("b", duration="P1D", next="a")),
            "expected no way back but by `repeat`, got a loop to `a`",
        ),
        (
            b.journey(
                "j",
                b.wait("a", duration="P1D", next="c"),
                b.wait("b", duration="P1D"),
                b.wait("c", duration="P1D"),
            ),
            "at steps[1].key: expected a step some way leads to, got `b`",
        ),
    ],
    ids=str,
)
def test_problem_is_named_with_its_place(document: dict[str, Any], problem: str) -> None:
    more = [] if document.get("kind") == "topic" or "kind" not in document else [b.topic()]
    found = problems(document, *more)

    assert any(problem in one for one in found), found


def test_all_problems_of_all_documents_come_at_once() -> None:
    found = problems(
        b.template("hi", topic="none"),
        b.policy("p", type="cap", messages=1, within="P1M"),
        b.journey("j", b.message("gone"), b.message("hi", next="nowhere")),
    )

    assert len(found) == 4


def test_journey_cannot_start_or_move_by_a_low_signal_event() -> None:
    waiting = {"key": "w", "type": "wait_for_event", "event": "noise", "timeout": "P1D"}
    found = problems(
        {"kind": "event", "key": "noise", "low_signal": True},
        b.journey("a", b.wait("w", duration="P1D"), on="noise"),
        b.journey("b", waiting),
    )

    assert [one.split(":")[0] for one in found] == [
        "journey a, at entry.event",
        "journey b, at steps[0].event",
    ]


def test_same_key_twice_is_refused_two_versions_are_not() -> None:
    one = b.journey("j", b.wait("w", duration="P1D"))

    assert "expected each key once" in problems(one, one)[0]
    catalog = b.catalog(one, {**one, "version": 2})
    assert [journey.version for journey in catalog.live["started"]] == [2]
    assert set(catalog.journeys) == {("j", 1), ("j", 2)}


def test_pinned_version_may_outlive_its_template() -> None:
    old = b.journey("j", b.message("gone", template="gone"))
    new = {**b.journey("j", b.message("hi", template="hi")), "version": 2}

    parse_catalog([b.topic(), b.template("hi"), old, new])
    assert (
        "at steps[0].template"
        in problems(b.topic(), b.template("hi"), {**old, "version": 3}, new)[0]
    )


def test_error_shows_the_first_problems_and_counts_the_rest() -> None:
    documents = [b.template(f"t-{i}", topic="none") for i in range(30)]
    with pytest.raises(CatalogError, match="and 10 more"):
        parse_catalog(documents)
