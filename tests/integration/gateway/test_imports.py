"""Imports: NDJSON line by line, as history, in groups that ingest can take."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.topology import ACCEPT, PROFILE
from gateway.importing import run
from kit.bus.rpc import Request
from kit.errors import NotFound, Unavailable
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
            if "bad" in item or "messageId" not in item:
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


async def post(
    door: Door, body: bytes | AsyncIterator[bytes], encoding: str = "", **options: Any
) -> Any:
    headers = {**door.key("secret"), "content-type": "application/x-ndjson"}
    if encoding:
        headers["content-encoding"] = encoding
    return await door.http.post("/v1/imports", content=body, headers=headers, params=options)


async def test_lines_are_imported_in_groups_and_counted(door: Door, toy: Ingest) -> None:
    text = "\n".join(line(number) for number in range(1201))
    answer = await post(door, text.encode())

    told = answer.json()
    assert (told["state"], told["rows"], told["accepted"]) == ("done", 1201, 1201)
    assert (told["repeated"], told["refused"], told["refusals"]) == (0, 0, [])
    assert [len(group) for group in toy.groups] == [500, 500, 201]
    assert toy.groups[2][-1]["messageId"] == "m1200"

    again = await post(door, gzip.compress(text.encode()), "gzip")
    assert (again.json()["accepted"], again.json()["repeated"]) == (0, 1201)


async def test_long_lines_make_smaller_groups(door: Door, toy: Ingest) -> None:
    answer = await post(door, "\n".join(line(n, p="x" * 50_000) for n in range(20)).encode())

    assert answer.json()["accepted"] == 20
    assert max(len(json.dumps(group)) for group in toy.groups) < run.GROUP_BYTES_MAX + 1000


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
    refusals = {each["row"]: each["status"] for each in answer.json()["refusals"]}
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


async def test_import_that_stopped_goes_on_where_it_was(
    door: Door, toy: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again under its id it passes over what is settled, and repeats nothing."""
    monkeypatch.setattr(run, "TRIES", 1)
    import_ = str(uuid4())
    text = "\n".join(json.dumps({"type": "track", "n": number}) for number in range(3000))

    def one_stretch_only(request: Request) -> bytes:
        if len(toy.groups) >= run.STRETCH_GROUPS:
            raise Unavailable
        return toy.answer(request)

    door.toys.says(ACCEPT, one_stretch_only)
    stopped = await post(door, text.encode(), id=import_)
    assert stopped.status_code == 503
    shown = (await door.http.get(f"/v1/imports/{import_}", headers=door.key("secret"))).json()
    assert (shown["state"], shown["rows"], shown["accepted"]) == ("stopped", 2000, 2000)

    door.toys.says(ACCEPT, toy.answer)
    told = (await post(door, text.encode(), id=import_)).json()
    assert (told["state"], told["rows"], told["accepted"]) == ("done", 3000, 3000)
    assert told["repeated"] == 0
    assert len(toy.seen) == 3000
    assert f"import:{import_}:2001" in toy.seen

    groups = len(toy.groups)
    again = (await post(door, text.encode(), id=import_)).json()
    assert again == told
    assert len(toy.groups) == groups, "a finished import is only shown"


async def test_import_sent_again_while_under_way_changes_hands(door: Door, toy: Ingest) -> None:
    """The gateway that had it may be gone without a word; the one who is not ends in a conflict."""
    import_ = str(uuid4())
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        for number in range(3000):
            yield line(number).encode() + b"\n"
        await more.wait()
        for number in range(3000, 6000):
            yield line(number).encode() + b"\n"

    first = asyncio.create_task(post(door, slowly(), id=import_))
    await asyncio.sleep(0.5)
    text = "\n".join(line(number) for number in range(6000))
    told = (await post(door, text.encode(), id=import_)).json()
    more.set()

    assert (told["state"], told["accepted"] + told["repeated"]) == ("done", 6000)
    assert (await first).status_code == 409
    shown = (await door.http.get(f"/v1/imports/{import_}", headers=door.key("secret"))).json()
    assert (shown["state"], shown["rows"]) == ("done", 6000)


async def test_import_goes_on_only_as_it_was_begun(door: Door, toy: Ingest) -> None:
    import_ = str(uuid4())
    await post(door, line(1).encode(), id=import_)
    other = await post(door, line(1).encode(), id=import_, trigger=True)

    assert other.status_code == 422


async def test_refused_rows_are_listed_in_pages(door: Door, toy: Ingest) -> None:
    import_ = str(uuid4())
    await post(door, b"x\n" * 250, id=import_)
    found: list[int] = []
    cursor: int | None = 0
    while cursor is not None:
        page = (
            await door.http.get(
                f"/v1/imports/{import_}/refusals",
                params={"cursor": cursor, "limit": 100},
                headers=door.key("secret"),
            )
        ).json()
        found += [each["row"] for each in page["items"]]
        cursor = page.get("next_cursor")

    assert found == list(range(1, 251))


async def test_table_is_mapped_row_by_row(door: Door, toy: Ingest) -> None:
    """CSV with quotes, line breaks in cells, semicolons and a byte order mark."""
    text = (
        "\ufeffkunde;datum;betrag;notiz\r\n"
        '7;2024-03-01;29.90;"zwei\nZeilen; ""gut"""\r\n'
        "8;2024-03-02T10:00:00+02:00;;\r\n"
        "9;2024-03-03;viel;x\r\n"
    )
    rules = ["userId=kunde", "timestamp=datum:time", "properties.total=betrag:number"]
    answer = await post(
        door, text.encode(), kind="events", format="csv", map=[*rules, "event='Order Completed'"]
    )

    first, second = toy.groups[0]
    assert first["userId"] == "7"
    assert first["timestamp"] == "2024-03-01T00:00:00+00:00"
    assert first["properties"] == {"total": 29.9, "notiz": 'zwei\nZeilen; "gut"'}
    assert first["event"] == "Order Completed"
    assert "properties" not in second, "an empty cell says nothing"
    refusal = answer.json()["refusals"][0]
    assert (refusal["row"], refusal["pointer"]) == (3, "/properties.total")


async def test_parquet_keeps_its_types(door: Door, toy: Ingest) -> None:
    at = datetime(2024, 3, 1, 9, tzinfo=UTC)
    table = pa.table({"user_id": ["u1", "u2"], "timestamp": [at, at], "plan": ["pro", None]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    answer = await post(door, buffer.getvalue(), kind="profiles", format="parquet")

    first, second = toy.groups[0]
    assert answer.json()["accepted"] == 2
    assert (first["type"], first["userId"], first["traits"]) == ("identify", "u1", {"plan": "pro"})
    assert first["timestamp"] == "2024-03-01T09:00:00+00:00"
    assert "traits" not in second

    wrong = await post(door, b"no parquet", kind="profiles", format="parquet")
    assert wrong.status_code == 400


async def test_dry_run_asks_ingest_to_store_nothing(door: Door, toy: Ingest) -> None:
    await post(door, line(1).encode(), dry_run=True)

    (request,) = door.toys.requests(ACCEPT)
    assert ingest.AcceptRequest.FromString(request.body).dry_run


async def test_wish_of_an_address_nobody_has_is_refused_by_name(door: Door, toy: Ingest) -> None:
    """It must not be lost silently: the row is named, and can be sent again after the customers."""
    known = UUID(int=7)

    def find(request: Request) -> bytes:
        if ingest.ProfileRequest.FromString(request.body).ref != "email:anna@example.com":
            raise NotFound("nobody")
        reply = ingest.ProfileReply()
        reply.profile.id = known.bytes
        reply.profile.user_ids.append("anna")
        return reply.SerializeToString()

    door.toys.says(PROFILE, find)
    text = (
        "email,status,channel\nanna@example.com,withdrawn,email\nbob@example.com,withdrawn,email\n"
    )
    answer = await post(door, text.encode(), kind="consents", format="csv")

    ((item,),) = toy.groups
    assert (item["userId"], item["status"], item["part"]) == ("anna", "withdrawn", "consent")
    assert "email" not in item
    refusal = answer.json()["refusals"][0]
    assert (refusal["row"], refusal["status"], refusal["pointer"]) == (2, 404, "/email")


@pytest.mark.parametrize(
    "rule", ["userId", "nobody=x", "traits.a=b:colour", "status=x", "=x", "userId="]
)
async def test_rule_that_cannot_be_read_is_refused(door: Door, toy: Ingest, rule: str) -> None:
    answer = await post(door, b"a\n1\n", kind="events", format="csv", map=[rule])

    assert answer.status_code == 422


@pytest.mark.parametrize("text", ["a,a\n1,2\n", "a,\n1,2\n", 'a\n"' + "x" * 1_100_000])
async def test_table_that_cannot_be_read_is_refused(door: Door, toy: Ingest, text: str) -> None:
    answer = await post(door, text.encode(), format="csv")

    assert answer.status_code == 400


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
    answer = await post(door, body, encoding)

    assert answer.status_code == status


async def test_write_key_cannot_import(door: Door) -> None:
    answer = await door.http.post("/v1/imports", content=b"{}", headers=door.key("write"))

    assert answer.status_code == 403
