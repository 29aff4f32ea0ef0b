"""Imports: NDJSON line by line, as history, in groups that ingest can take."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.topology import ACCEPT
from gateway.api import imports
from kit.bus.rpc import Request
from kit.errors import Unavailable
from tests.integration.gateway.conftest import Door


class Ingest:
    """Accepts what is there for the first time, refuses items with `bad`."""

    def __init__(self) -> None:
        self.groups: list[list[Any]] = []
        self.seen: set[str] = set()
        self.away = 0

    def answer(self, request: Request) -> bytes:
        if self.away:
            self.away -= 1
            raise Unavailable
        asked = ingest.AcceptRequest.FromString(request.body)
        assert asked.call == "history"
        items = json.loads(asked.body_json)["batch"]
        self.groups.append(items)
        told = ingest.AcceptReply()
        for index, item in enumerate(items):
            if "bad" in item:
                told.refused.add(index=index, reason="bad", pointer="/bad", status=422)
            elif item["messageId"] in self.seen:
                told.repeated_items += 1
            else:
                told.accepted += 1
                self.seen.add(item["messageId"])
        return told.SerializeToString()


@pytest.fixture
def toy(door: Door) -> Ingest:
    toy = Ingest()
    door.toys.says(ACCEPT, toy.answer)
    return toy


def line(number: int, **more: object) -> str:
    return json.dumps({"type": "track", "messageId": f"m{number}", **more})


async def post(door: Door, body: bytes | AsyncIterator[bytes], **headers: str) -> Any:
    return await door.http.post(
        "/v1/imports",
        content=body,
        headers={**door.key("secret"), "content-type": "application/x-ndjson", **headers},
    )


async def test_lines_are_imported_in_groups_and_counted(door: Door, toy: Ingest) -> None:
    text = "\n".join(line(number) for number in range(1201))
    answer = await post(door, text.encode())

    assert answer.json() == {"accepted": 1201, "repeated": 0, "refused": 0, "refusals": []}
    assert [len(group) for group in toy.groups] == [500, 500, 201]
    assert toy.groups[2][-1]["messageId"] == "m1200"

    again = await post(door, gzip.compress(text.encode()), **{"content-encoding": "gzip"})
    assert (again.json()["accepted"], again.json()["repeated"]) == (0, 1201)


async def test_long_lines_make_smaller_groups(door: Door, toy: Ingest) -> None:
    answer = await post(door, "\n".join(line(n, p="x" * 50_000) for n in range(20)).encode())

    assert answer.json()["accepted"] == 20
    assert max(len(json.dumps(group)) for group in toy.groups) < imports.GROUP_BYTES_MAX + 1000


async def test_refused_lines_are_named_by_number(door: Door, toy: Ingest) -> None:
    lines = [
        line(1),
        "",
        "{not json",
        '{"a":1},{"b":2}',
        line(2, bad=True),
        line(3, p="x" * 70_000),
        "[]",
        line(4),
    ]
    answer = await post(door, ("\r\n".join(lines) + "\n").encode())

    assert answer.json()["accepted"] == 2
    refusals = {each["line"]: each["status"] for each in answer.json()["refusals"]}
    assert refusals == {3: 400, 4: 400, 5: 422, 6: 413, 7: 400}


async def test_first_hundred_refusals_are_shown(door: Door, toy: Ingest) -> None:
    answer = await post(door, b"x\n" * 250)

    assert answer.json()["refused"] == 250
    assert len(answer.json()["refusals"]) == 100


async def test_endless_line_takes_no_memory(door: Door, toy: Ingest) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"x" * 100_000
        yield b"\n" + line(1).encode()

    answer = await post(door, body())

    assert answer.json()["accepted"] == 1
    assert answer.json()["refusals"][0]["status"] == 413


async def test_import_goes_on_when_ingest_comes_back(door: Door, toy: Ingest) -> None:
    toy.away = 2
    answer = await post(door, line(1).encode())

    assert answer.json()["accepted"] == 1


async def test_import_that_stops_says_how_far_it_came(
    door: Door, toy: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "TRIES", 1)
    text = "\n".join(line(number) for number in range(600))

    def first_group_only(request: Request) -> bytes:
        if toy.groups:
            raise Unavailable
        return toy.answer(request)

    door.toys.says(ACCEPT, first_group_only)
    answer = await post(door, text.encode())

    assert answer.status_code == 503
    assert answer.json()["accepted"] == 500


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"not gzip", "gzip", 400),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", 400),
        (b"{}", "br", 415),
    ],
)
async def test_unreadable_body_is_refused(
    door: Door, toy: Ingest, body: bytes, encoding: str, status: int
) -> None:
    answer = await post(door, body, **{"content-encoding": encoding})

    assert answer.status_code == status


async def test_write_key_cannot_import(door: Door) -> None:
    answer = await door.http.post("/v1/imports", content=b"{}", headers=door.key("write"))

    assert answer.status_code == 403
