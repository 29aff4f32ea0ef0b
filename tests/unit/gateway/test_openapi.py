"""The committed OpenAPI document is today's, readable, and honest about errors."""

from typing import Any

import pytest

from gateway.app import build
from gateway.openapi import FILE, describe, text

DOCUMENT = describe(build())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def test_committed_document_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(DOCUMENT), "run `python -m gateway.openapi`"


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_named_tagged_and_summarised(name: str) -> None:
    operation = OPERATIONS[name]

    assert operation["summary"]
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if " /v1/" in name])
def test_every_error_of_the_api_is_a_problem_document(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if status >= "400":
            assert response["$ref"].startswith("#/components/responses/"), status


@pytest.mark.parametrize("name", [name for name in OPERATIONS if " /v1/" in name])
def test_everything_but_webhooks_needs_a_key(name: str) -> None:
    needs_key = bool(OPERATIONS[name].get("security"))

    assert needs_key == (not name.startswith("POST /v1/webhooks/"))


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(set(ids)) == len(ids)


def test_references_lead_somewhere() -> None:
    for ref in _refs(DOCUMENT):
        place: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            place = place[part]


def _refs(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for each in part.values() for ref in _refs(each)]
    return [ref for each in part for ref in _refs(each)] if isinstance(part, list) else []
