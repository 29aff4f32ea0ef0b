"""What is left of somebody who was erased."""

import json

import pytest

from services.ingest.domain.erasing import digest, suspects
from services.ingest.domain.identity import Identity, IdKind
from services.ingest.domain.items import Item
from services.ingest.domain.reading import read
from tests.unit.ingest.test_reading import source

ANNA = Identity("shop", IdKind.USER, "anna")
SECRET = b"a secret"


def item(call: str = "batch", **members: object) -> Item:
    row = {"type": "identify", "userId": "anna", "messageId": "m"} | members
    return read(call, json.dumps({"batch": [row]}).encode(), source()).items[0]


@pytest.mark.parametrize(
    "other",
    [
        Identity("other", IdKind.USER, "anna"),
        Identity("shop", IdKind.ANONYMOUS, "anna"),
        Identity("shop", IdKind.USER, "anna2"),
    ],
)
def test_hash_tells_workspaces_kinds_and_ids_apart(other: Identity) -> None:
    assert digest(ANNA, SECRET) == digest(ANNA, SECRET)
    assert digest(other, SECRET) != digest(ANNA, SECRET)


def test_hash_means_nothing_without_the_secret() -> None:
    """Whoever has the table alone cannot try out all addresses."""
    assert digest(ANNA, b"another") != digest(ANNA, SECRET)
    assert b"anna" not in digest(ANNA, SECRET)


def test_address_counts_only_where_it_is_imported() -> None:
    """Somebody who signs up again with their old address says so themselves."""
    traits = {"email": " Anna@Example.com "}
    address = Identity("shop", "email", "anna@example.com")

    assert address not in suspects([item(traits=traits)])[0]
    assert address in suspects([item("history", traits=traits)])[0]
