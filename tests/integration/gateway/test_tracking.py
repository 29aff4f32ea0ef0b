"""The tracking calls: what goes to ingest, what comes back, what is refused where."""

import asyncio
import gzip
import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest

from contracts.gen.kairos.events.v1 import event_pb2
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.topology import ACCEPT, ACCEPT_MANY
from gateway.courier import GROUP_BYTES_MAX, WAIT_S_MAX, Courier
from gateway.wire.ingest import Delivery
from kit.bus.rpc import Caller, Request
from kit.clock import SystemClock
from kit.errors import Malformed, Overloaded, Unavailable
from tests.integration.gateway.conftest import Door

TRACK = {"userId": "u1", "event": "Order Completed"}
BASIC = httpx.BasicAuth("write-key", "")


def accepted(door: Door) -> ingest.AcceptRequest:
    """What ingest was asked last."""
    return ingest.AcceptRequest.FromString(door.toys.requests(ACCEPT)[-1].body)


def reply(accepted: int, *refused: tuple[int, str, str, int]) -> bytes:
    items = [
        ingest.Refusal(index=index, reason=reason, pointer=pointer, status=status)
        for index, reason, pointer, status in refused
    ]
    return ingest.AcceptReply(accepted=accepted, refused=items).SerializeToString()


CALLS = {
    "/v1/batch": "batch",
    "/v1/track": "track",
    "/v1/identify": "identify",
    "/v1/page": "page",
    "/v1/screen": "screen",
    "/v1/group": "group",
    "/v1/alias": "alias",
    "/v1/t": "track",
    "/v1/i": "identify",
}


async def test_call_reaches_ingest_as_it_came(door: Door) -> None:
    body = json.dumps(TRACK, indent=3).encode()
    for path, call in CALLS.items():
        answer = await door.http.post(
            path, content=body, auth=BASIC, headers={"user-agent": "analytics-python/2.3"}
        )

        assert answer.status_code == 200
        assert answer.content == b'{"success": true}'
        assert answer.headers["content-type"] == "application/json"
        asked = accepted(door)
        assert door.toys.requests(ACCEPT)[-1].workspace == "fitshop"
        assert (asked.call, asked.body_json) == (call, body)
        assert (asked.client_ip, asked.user_agent) == ("192.0.2.7", "analytics-python/2.3")
        assert asked.key_kind == event_pb2.KEY_KIND_SERVER
        assert asked.received_at_us > 0


async def test_browser_key_stays_what_it_is(door: Door) -> None:
    answer = await door.http.post("/v1/track", json=TRACK | {"writeKey": "browser-key"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert accepted(door).key_kind == event_pb2.KEY_KIND_BROWSER


async def test_gzip_is_unpacked(door: Door) -> None:
    body = json.dumps({"batch": [TRACK] * 100}).encode()
    await door.http.post(
        "/v1/batch", content=gzip.compress(body), auth=BASIC, headers={"content-encoding": "gzip"}
    )

    assert accepted(door).body_json == body


async def test_browser_may_ask_first(door: Door) -> None:
    answer = await door.http.options("/v1/batch")

    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"{", {}, 400, id="malformed without a key to be found"),
        pytest.param(b"{}", {}, 401, id="no key"),
        pytest.param(b'{"writeKey": "nobody"}', {}, 401, id="unknown key"),
        pytest.param(b"{}", {"authorization": "Bearer reader-key"}, 403, id="may only read"),
        pytest.param(b"x" * 512_001, {"authorization": "Bearer secret-key"}, 413, id="oversize"),
        pytest.param(b"{}", {"content-encoding": "br"}, 415, id="unknown encoding"),
    ],
)
async def test_bad_request_is_refused_before_ingest_hears_of_it(
    door: Door, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await door.http.post("/v1/batch", content=body, headers=headers)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert door.toys.requests(ACCEPT) == []


async def test_malformed_json_of_a_known_key_is_what_ingest_says(door: Door) -> None:
    def refuse(_: object) -> bytes:
        raise Malformed("The body is not JSON: line 1")

    door.toys.says(ACCEPT, refuse)
    answer = await door.http.post("/v1/track", content=b"{", auth=BASIC)

    assert answer.status_code == 400
    assert answer.json()["detail"] == "The body is not JSON: line 1"


@pytest.mark.parametrize(
    ("refused", "status", "slug"),
    [
        ([(0, "event must be a string", "/event", 422)], 422, "invalid"),
        ([(0, "over 32 KB", "", 413)], 413, "too-large"),
        ([(0, "over 32 KB", "", 413), (1, "no event", "/batch/1", 422)], 422, "invalid"),
    ],
)
async def test_call_that_stored_nothing_is_an_error(
    door: Door, refused: list[Any], status: int, slug: str
) -> None:
    door.toys.says(ACCEPT, lambda _: reply(0, *refused))
    answer = await door.http.post("/v1/batch", json={"batch": []}, auth=BASIC)
    problem = answer.json()

    assert answer.status_code == status
    assert problem["type"] == f"/problems/{slug}"
    assert [each["index"] for each in problem["errors"]] == [index for index, *_ in refused]
    assert problem["errors"][0]["reason"] == refused[0][1]


async def test_batch_with_some_refused_says_which(door: Door) -> None:
    door.toys.says(ACCEPT, lambda _: reply(2, (1, "no event", "/batch/1/event", 422)))
    answer = await door.http.post("/v1/batch", json={"batch": [{}] * 3}, auth=BASIC)

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "refused": [{"index": 1, "reason": "no event", "pointer": "/batch/1/event", "status": 422}],
    }


async def test_overload_says_when_to_come_back(door: Door) -> None:
    def refuse(_: object) -> bytes:
        raise Overloaded(retry_after_s=3)

    door.toys.says(ACCEPT, refuse)
    answer = await door.http.post("/v1/track", json=TRACK, auth=BASIC)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"


async def test_ingest_away_is_503_and_never_success(door: Door) -> None:
    await door.toys.stop("ingest")
    answer = await door.http.post("/v1/track", json=TRACK, auth=BASIC)

    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_too_many_at_once_are_refused_at_once(door: Door) -> None:
    """The gateway of these tests takes 100."""
    door.ctx.in_flight.now = 100
    answer = await door.http.post("/v1/track", json=TRACK, auth=BASIC)
    assert answer.status_code == 429

    door.ctx.in_flight.now = 0
    answers = await asyncio.gather(
        *(door.http.post("/v1/track", json=TRACK, auth=BASIC) for _ in range(50))
    )
    assert {each.status_code for each in answers} == {200}


async def test_other_methods_are_refused_as_problems(door: Door) -> None:
    answer = await door.http.get("/v1/batch")

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


async def test_write_key_is_found_wherever_clients_put_it(door: Door) -> None:
    """In the body, in the items of a batch, in a beacon that calls itself plain text."""
    bodies: list[dict[str, Any]] = [
        {"writeKey": "browser-key", "batch": [TRACK]},
        {"batch": [TRACK | {"writeKey": "browser-key"}]},
    ]
    for body in bodies:
        for kind in ("application/json", "text/plain;charset=UTF-8"):
            answer = await door.http.post(
                "/v1/batch", content=json.dumps(body), headers={"content-type": kind}
            )
            assert answer.content == b'{"success": true}'
            assert accepted(door).key_kind == event_pb2.KEY_KIND_BROWSER
    for body in ({"batch": []}, {"batch": [7]}, {"batch": [{"writeKey": 7}]}):
        answer = await door.http.post("/v1/batch", json=body)
        assert answer.status_code == 401


async def test_page_of_another_site_may_call_and_read(door: Door) -> None:
    """Beacons send credentials, so the origin is named; errors can be read too."""
    page = {"origin": "https://shop.example"}
    asked = await door.http.options("/v1/t", headers=page)
    stored = await door.http.post("/v1/t", json=TRACK | {"writeKey": "browser-key"}, headers=page)
    refused = await door.http.post("/v1/t", json=TRACK, headers=page)

    assert (asked.status_code, stored.status_code, refused.status_code) == (204, 200, 401)
    for answer in (asked, stored, refused):
        assert answer.headers["access-control-allow-origin"] == page["origin"]
        assert answer.headers["access-control-allow-credentials"] == "true"
    assert "kairos-user-token" in asked.headers["access-control-allow-headers"]
    assert stored.content == b'{"success": true}'


def user_token(secret: str, claims: dict[str, Any], **head: Any) -> str:
    """A JSON Web Token as a company's server makes it."""

    def part(content: Any) -> str:
        return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    signed = f"{part({'alg': 'HS256', 'kid': secret[:8]} | head)}.{part(claims)}"
    key = hashlib.sha256(secret.encode()).hexdigest().encode()
    mac = urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=").decode()
    return f"{signed}.{mac}"


SOON = 4_000_000_000


async def test_user_token_of_the_workspace_vouches_for_its_user(door: Door) -> None:
    token = user_token("secret-key", {"sub": "u1", "exp": SOON})
    answer = await door.http.post(
        "/v1/track",
        json=TRACK | {"writeKey": "browser-key"},
        headers={"kairos-user-token": token},
    )

    assert answer.status_code == 200
    assert accepted(door).verified_user == "u1"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(user_token("secret-key", {"sub": "u1", "exp": 1}), id="expired"),
        pytest.param(user_token("other-key", {"sub": "u1", "exp": SOON}), id="another workspace's"),
        pytest.param(user_token("browser-key", {"sub": "u1", "exp": SOON}), id="public key"),
        pytest.param(user_token("secret-key", {"sub": "", "exp": SOON}), id="nobody"),
        pytest.param(user_token("secret-key", {"sub": "u1", "exp": SOON}, alg="none"), id="none"),
        pytest.param(user_token("secret-key", {"sub": "u1"}), id="for ever"),
        pytest.param(user_token("secret-key", {"sub": "u1", "exp": SOON})[:-4], id="cut off"),
        pytest.param("a.b.c", id="no token"),
        pytest.param("x" * 5000, id="too long"),
    ],
)
async def test_other_user_token_is_refused(door: Door, token: str) -> None:
    """A page must not speak for a user by a token nobody of the company signed."""
    answer = await door.http.post(
        "/v1/track",
        json=TRACK | {"writeKey": "browser-key"},
        headers={"kairos-user-token": token},
    )

    assert answer.status_code == 401
    assert door.toys.requests(ACCEPT) == []


async def test_calls_that_wait_share_a_question(door: Door) -> None:
    """64 at once are a few questions; each gets its own answer, refused ones their own error."""

    def answer(request: Request) -> bytes:
        body = json.loads(ingest.AcceptRequest.FromString(request.body).body_json)
        if body["event"] == "wrong":
            raise Malformed("not this one")
        return reply(1)

    door.toys.says(ACCEPT, answer)
    answers = await asyncio.gather(
        *(
            door.http.post(
                "/v1/track", json=TRACK | {"event": "wrong" if n % 8 == 0 else "right"}, auth=BASIC
            )
            for n in range(64)
        )
    )

    assert [each.status_code for each in answers] == [400 if n % 8 == 0 else 200 for n in range(64)]
    assert len(door.toys.requests(ACCEPT)) == 64
    assert len(door.toys.requests(ACCEPT_MANY)) < 32


async def test_queue_that_stands_still_is_closed(door: Door) -> None:
    """Once the oldest has waited a second, further calls are told to come back at once."""
    held = asyncio.Event()

    async def carry(*_: object) -> bytes:
        await held.wait()
        return b""

    courier = Courier(SlowCaller(carry), door.ctx.clock)
    calls = [asyncio.create_task(courier.carry("fitshop", delivery())) for _ in range(10)]
    await asyncio.sleep(WAIT_S_MAX + 0.1)
    with pytest.raises(Overloaded):
        courier.check_open("fitshop")
    courier.check_open("othershop")
    held.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in answers)
    courier.check_open("fitshop")


class SlowCaller(Caller):
    """Asks nobody."""

    def __init__(self, carry: Any) -> None:
        self._carry = carry

    async def call(self, *arguments: Any, **_: Any) -> bytes:
        answer: bytes = await self._carry(*arguments)
        return answer


def delivery() -> Delivery:
    return Delivery(
        call="track",
        body=b"{}" * GROUP_BYTES_MAX,
        from_browser=False,
        received_at=SystemClock().now(),
        client_ip="",
        user_agent="",
    )
