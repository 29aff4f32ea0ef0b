"""Every error is a problem document, whoever raised it, and repeats nothing of the request."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from gateway import problems
from kit.errors import Conflict, Overloaded, Unauthenticated


class Body(BaseModel):
    email: int


app = FastAPI()
problems.install(app)


@app.get("/known")
async def known() -> None:
    raise Conflict("It is there already", key="tips")


@app.get("/busy")
async def busy() -> None:
    raise Overloaded(retry_after_s=7)


@app.get("/who")
async def who() -> None:
    raise Unauthenticated


@app.get("/bug")
async def bug() -> None:
    raise ZeroDivisionError("anna@example.com")


@app.post("/body/{number}")
async def body(number: int, body: Body) -> None:
    """Takes a number and a body."""


def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/known", 409, "conflict"),
        ("GET", "/busy", 429, "overloaded"),
        ("GET", "/who", 401, "unauthenticated"),
        ("GET", "/bug", 500, "broken"),
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/known", 405, "method-not-allowed"),
        ("POST", "/body/x", 422, "invalid"),
    ],
)
async def test_error_is_a_problem_document(method: str, path: str, status: int, slug: str) -> None:
    async with client() as http:
        answer = await http.request(method, path)
    problem = answer.json()

    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"/problems/{slug}"
    assert problem["title"]
    assert problem["detail"]
    assert "anna" not in answer.text


async def test_headers_say_what_to_do_next() -> None:
    async with client() as http:
        assert (await http.get("/busy")).headers["retry-after"] == "7"
        assert (await http.get("/who")).headers["www-authenticate"].startswith("Bearer")
        assert (await http.delete("/known")).headers["allow"] == "GET"


async def test_validation_names_the_places_and_not_the_values() -> None:
    async with client() as http:
        answer = await http.post("/body/x", json={"email": "anna@example.com"})

    assert [each.get("pointer", each.get("parameter")) for each in answer.json()["errors"]] == [
        "number",
        "/email",
    ]
    assert "anna" not in answer.text


async def test_unreadable_json_is_400() -> None:
    async with client() as http:
        answer = await http.post(
            "/body/1", content=b"{", headers={"content-type": "application/json"}
        )

    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed"
