"""The body of a call becomes items, or is refused where it is wrong and nowhere else."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.adapters.addresses import Addresses
from services.ingest.domain.items import Item, KeyKind, Kind, Reading, Refused, Source
from services.ingest.domain.reading import (
    BATCH_ITEMS_MAX,
    BODY_BYTES_MAX,
    DEPTH_MAX,
    ITEM_BYTES_MAX,
    read,
)
from services.ingest.domain.rules import Rules

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def source(
    key_kind: KeyKind = KeyKind.SERVER, rules: Rules | None = None, verified_user: str = ""
) -> Source:
    numbers = count(1)
    return Source(
        workspace="shop",
        key_kind=key_kind,
        received_at=NOW,
        client_ip="203.0.113.7",
        user_agent="Browser/1",
        traceparent="",
        new_message_id=lambda: f"made-{next(numbers)}",
        spelling=Addresses(),
        rules=rules or Rules(),
        verified_user=verified_user,
    )


def call(**members: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "userId": "anna", "messageId": "m-1"} | members


def batch(*items: Any, **members: Any) -> Reading:
    return read("batch", json.dumps({"batch": items} | members).encode(), source())


def single(kind: str, **members: Any) -> Item:
    body = {"userId": "anna", "messageId": "m-1"} | members
    return read(kind, json.dumps(body).encode(), source()).items[0]


def refusal_of(kind: str, body: bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        read(kind, body, source())
    return caught.value.refusal.status, caught.value.refusal.pointer


def test_track_is_read_whole() -> None:
    """Everything a client says ends up in the item."""
    item = single(
        "track",
        event="Order Completed",
        anonymousId="visitor",
        properties={"total": 12.5},
        context={"locale": "de-DE"},
        timestamp="2026-05-04T11:00:00.5Z",
    )

    assert (item.kind, item.name, item.message_id) == (Kind.TRACK, "Order Completed", "m-1")
    assert (item.user_id, item.anonymous_id) == ("anna", "visitor")
    assert item.properties_json == b'{"total":12.5}'
    assert item.context_json == b'{"locale":"de-DE"}'
    assert item.occurred_at == NOW - timedelta(hours=1) + timedelta(milliseconds=500)


def test_what_stands_beside_the_properties_is_kept() -> None:
    """A page's category, a group's id and an alias's previous id have no column of their own."""
    page = single("page", name="Pricing", category="Shop", properties={"path": "/p"})
    group = single("group", groupId="acme", traits={"plan": "pro"})
    alias = single("alias", previousId="visitor")

    assert (page.name, page.properties_json) == ("Pricing", b'{"category":"Shop","path":"/p"}')
    assert (group.properties_json, group.traits_json) == (b'{"groupId":"acme"}', b'{"plan":"pro"}')
    assert (alias.previous_id, alias.properties_json) == ("visitor", b'{"previousId":"visitor"}')


def test_null_counts_as_absent() -> None:
    """Stock clients send null for what they do not know."""
    item = single("track", event="Seen", anonymousId=None, properties=None, context=None)

    assert (item.anonymous_id, item.properties_json, item.context_json) == ("", b"", b"")


def test_missing_message_id_is_made() -> None:
    """A client without ids gives up on safe retries, not on its events."""
    assert single("track", event="Seen", messageId=None).message_id == "made-1"


@pytest.mark.parametrize(
    ("sent_at", "timestamp", "occurred_at"),
    [
        pytest.param(None, None, NOW, id="no time at all"),
        pytest.param(None, "2026-05-01T00:00:00Z", datetime(2026, 5, 1, tzinfo=UTC), id="trusted"),
        pytest.param("2020-01-01T00:10:00Z", "2020-01-01T00:00:00Z", NOW - timedelta(minutes=10),
                     id="clock six years behind"),
        pytest.param("2031-01-01T00:00:30+00:00", "2031-01-01T01:00:00+01:00",
                     NOW - timedelta(seconds=30), id="clock ahead, other offset"),
        pytest.param("2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z", NOW, id="future is clamped"),
        pytest.param(None, "2999-01-01T00:00:00Z", NOW, id="far future is clamped"),
    ],
)  # fmt: skip
def test_occurrence_is_corrected_for_skew(
    sent_at: str | None, timestamp: str | None, occurred_at: datetime
) -> None:
    """receivedAt − (sentAt − timestamp), never in the future."""
    read_ = batch(call(timestamp=timestamp), sentAt=sent_at)

    assert read_.items[0].occurred_at == occurred_at


def test_imported_time_is_taken_as_it_is() -> None:
    """An import knows its own times; what the importing machine's clock says does not matter."""
    body = {"batch": [call(timestamp="1997-01-01T00:00:00Z")], "sentAt": "2026-05-04T11:59:00Z"}
    item = read("history", json.dumps(body).encode(), source()).items[0]

    assert item.history
    assert item.occurred_at == datetime(1997, 1, 1, tzinfo=UTC)


def test_import_without_message_id_is_refused() -> None:
    """Without it the same file read twice would count twice."""
    body = json.dumps({"batch": [call(messageId=None)]}).encode()

    refused = read("history", body, source()).refused
    assert [each.pointer for each in refused] == ["/batch/0/messageId"]


@pytest.mark.parametrize(
    ("item", "pointer", "status"),
    [
        pytest.param(call(type="fly"), "/type", 422, id="unknown type"),
        pytest.param(call(type=None), "/type", 422, id="no type"),
        pytest.param(call(event=None), "/event", 422, id="no name"),
        pytest.param(call(event="  "), "/event", 422, id="blank name"),
        pytest.param(call(event="x" * 256), "/event", 422, id="long name"),
        pytest.param(call(userId=None), "/userId", 422, id="nobody"),
        pytest.param(call(userId=7), "/userId", 422, id="number for an id"),
        pytest.param(call(userId="undefined"), "/userId", 422, id="id of a broken client"),
        pytest.param(call(anonymousId="[object Object]"), "/anonymousId", 422, id="object as id"),
        pytest.param(call(userId="u" * 256), "/userId", 422, id="long id"),
        pytest.param(call(messageId="m" * 256), "/messageId", 422, id="long message id"),
        pytest.param(call(properties=[1]), "/properties", 422, id="list for properties"),
        pytest.param(call(timestamp="yesterday"), "/timestamp", 422, id="no timestamp"),
        pytest.param(call(timestamp="2026-01-01T00:00:00"), "/timestamp", 422, id="no offset"),
        pytest.param(call(timestamp="1969-12-31T23:59:59Z"), "/timestamp", 422, id="before 1970"),
        pytest.param(call(type="group"), "/groupId", 422, id="group without id"),
        pytest.param(call(type="alias"), "/previousId", 422, id="alias without previous"),
        pytest.param(call(properties={"a": {"b/c": "x\x00"}}), "/properties/a/b~1c", 422, id="NUL"),
        pytest.param(call(event="\x00"), "/event", 422, id="NUL in the name"),
        pytest.param(call(properties={"big": "x" * ITEM_BYTES_MAX}), "", 413, id="over 32 KB"),
        pytest.param("text", "", 422, id="not an object"),
    ],
)
def test_wrong_item_is_refused_and_nothing_else(item: Any, pointer: str, status: int) -> None:
    """The refusal names index, place and status; its neighbours are read."""
    read_ = batch(call(), item, call())

    assert [each.index for each in read_.items] == [0, 2]
    (refused,) = read_.refused
    assert (refused.index, refused.pointer, refused.status) == (1, f"/batch/1{pointer}", status)
    assert refused.reason


def test_lone_surrogate_is_refused_and_nothing_else() -> None:
    """Legal JSON that no UTF-8 can hold; a pair is a character like any other."""
    items = [json.dumps(call(properties={"x": "half"})).replace("half", "\\ud83d")]
    items.append(json.dumps(call(properties={"x": "whole"})).replace("whole", "\\ud83d\\ude00"))
    read_ = read("batch", f'{{"batch": [{",".join(items)}]}}'.encode(), source())

    assert [each.properties_json for each in read_.items] == ['{"x":"😀"}'.encode()]
    assert [(each.index, each.status) for each in read_.refused] == [(0, 422)]


def test_number_beyond_a_double_is_refused() -> None:
    """1e999 is JSON, but nobody downstream can hold it."""
    body = json.dumps({"batch": [call(properties={"n": "N"})]}).replace('"N"', "1e999").encode()

    assert len(read("batch", body, source()).refused) == 1


def test_escaped_backslash_before_u0000_is_no_nul() -> None:
    """The text backslash-u-0-0-0-0 is six harmless characters."""
    assert batch(call(properties={"x": "\\u0000"})).refused == ()


def test_deep_nesting_is_refused() -> None:
    """Readers have stacks."""
    shallow: Any = "x"
    for _ in range(DEPTH_MAX - 2):
        shallow = [shallow]

    assert batch(call(properties={"x": shallow})).refused == ()
    assert len(batch(call(properties={"x": [shallow]})).refused) == 1
    assert refusal_of("batch", b'{"batch":' + b"[" * 100_000 + b"]" * 100_000 + b"}") == (400, "")


@pytest.mark.parametrize(
    ("kind", "body", "status", "pointer"),
    [
        ("batch", b"{", 400, ""),
        ("batch", b'{"batch": [] } x', 400, ""),
        ("batch", b'{"batch": [{"x": "\xff"}]}', 400, ""),
        ("batch", b"[]", 422, ""),
        ("batch", b"{}", 422, "/batch"),
        ("batch", b'{"batch": {}}', 422, "/batch"),
        ("batch", b'{"batch": [], "sentAt": "x"}', 422, "/sentAt"),
        ("batch", b'{"batch": [], "sentAt": "2026-01-01T00:00:00"}', 422, "/sentAt"),
        ("batch", b'{"batch": [' + b"{}," * BATCH_ITEMS_MAX + b"{}]}", 413, "/batch"),
        ("batch", b" " * (BODY_BYTES_MAX + 1), 413, ""),
        ("track", b'{"userId": "anna"}', 422, "/event"),
        ("track", b'{"event": "x", "userId": 1}', 422, "/userId"),
        ("track", b'{"event": "\\ud800", "userId": "anna"}', 422, ""),
        ("track", b"nonsense", 400, ""),
        ("fly", b"{}", 404, ""),
    ],
)
def test_wrong_body_is_refused_as_a_whole(
    kind: str, body: bytes, status: int, pointer: str
) -> None:
    """400 is not readable, 413 too large, 422 readable and wrong."""
    assert refusal_of(kind, body) == (status, pointer)


def test_batch_context_is_merged_into_each_item() -> None:
    """What an item says itself weighs more."""
    items = batch(call(context={"locale": "de"}), context={"locale": "en", "app": "web"}).items

    assert msgspec.json.decode(items[0].context_json) == {"locale": "de", "app": "web"}


def test_browser_call_carries_where_it_came_from() -> None:
    """A server speaks for somebody else, so its own address says nothing about the person."""
    body = json.dumps(call()).encode()
    from_browser = read("track", body, source(KeyKind.BROWSER)).items[0]
    from_server = read("track", body, source()).items[0]

    expected = {"ip": "203.0.113.7", "userAgent": "Browser/1"}
    assert msgspec.json.decode(from_browser.context_json) == expected
    assert from_server.context_json == b""


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*call(), "properties"]), JSON_VALUES)))
def test_whatever_is_accepted_can_be_stored_and_read(items: list[dict[str, Any]]) -> None:
    """No NUL, surrogate or unreadable number gets past; nothing is lost without a reason."""
    body = json.dumps({"batch": [call() | item for item in items]}).encode()
    try:
        read_ = read("batch", body, source())
    except Refused:
        return  # NaN and Infinity are not JSON

    assert len(read_.items) + len(read_.refused) == len(items)
    for item in read_.items:
        assert "\x00" not in item.name + item.user_id + item.message_id
        assert b"\\u0000" not in item.properties_json.replace(b"\\\\", b"")
        msgspec.json.decode(item.properties_json or b"{}")


def read_with(body: dict[str, Any], **given: Any) -> Item:
    """One track or identify call, read under these circumstances."""
    return read("batch", json.dumps({"batch": [body]}).encode(), source(**given)).items[0]


def test_ids_of_other_systems_are_read_as_segment_sends_them() -> None:
    """By type and id; the same twice is once."""
    listed = [{"id": "c-1", "type": "crm"}, {"id": "c-1", "type": "crm", "collection": "users"}]
    item = read_with(call(context={"externalIds": listed}))

    assert item.further_ids == (("external:crm", "c-1"),)


@pytest.mark.parametrize(
    ("listed", "pointer"),
    [
        ("crm", "/batch/0/context/externalIds"),
        ([{"id": 7, "type": "crm"}], "/batch/0/context/externalIds/0"),
        ([{"id": "null", "type": "crm"}], "/batch/0/context/externalIds/0/id"),
        ([{"id": "x", "type": "crm"}] * 11, "/batch/0/context/externalIds"),
    ],
)
def test_wrong_external_id_is_named(listed: Any, pointer: str) -> None:
    """An id that stands for none would glue strangers together."""
    (refused,) = batch(call(context={"externalIds": listed})).refused

    assert refused.pointer == pointer


def test_address_is_an_id_only_where_the_workspace_says_so() -> None:
    """And never on the word of a public key alone."""
    body = {"type": "identify", "userId": "anna", "traits": {"email": "Anna@Example.com"}}
    rules = Rules(identify_by=frozenset({"email"}))

    assert read_with(body).further_ids == ()
    assert read_with(body, rules=rules).further_ids == (("email", "anna@example.com"),)
    browser = {"rules": rules, "key_kind": KeyKind.BROWSER}
    assert read_with(body, **browser).further_ids == ()
    assert read_with(body, **browser, verified_user="anna").further_ids != ()


def test_user_token_speaks_for_its_own_user_only() -> None:
    """A page cannot vouch for somebody else."""
    for user, verified in (("anna", True), ("bert", False)):
        item = read_with(call(userId=user), key_kind=KeyKind.BROWSER, verified_user="anna")
        assert item.user_verified is verified
        assert item.is_trusted is verified
