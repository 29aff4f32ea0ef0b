"""Where a person can be reached, as one call says it: one spelling, three channels, no guesses."""

from typing import Any

import pytest

from services.ingest.adapters.addresses import Addresses
from services.ingest.domain.endpoints import Channel, Endpoint, named


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("anna@example.com", "anna@example.com"),
        (" Anna@EXAMPLE.com ", "Anna@example.com"),
        ("anna@bücher.example.com", "anna@bücher.example.com"),
        ("anna", None),
        ("anna@localhost", None),
        ("anna@example..com", None),
        ("a" * 400 + "@example.com", None),
        (7, None),
        (["anna@example.com"], None),
        (None, ""),
        ("", ""),
    ],
)
def test_email_has_one_spelling(given: Any, spelled: str | None) -> None:
    """The domain in lower case, the local part as written; None where it is no address."""
    assert named({"email": given}, None, Addresses(), "") == [Endpoint(Channel.EMAIL, spelled)]


@pytest.mark.parametrize(
    ("given", "region", "spelled"),
    [
        ("+49 170 1234567", "", "+491701234567"),
        ("0049 170 1234567", "DE", "+491701234567"),
        ("0170 / 123 45 67", "DE", "+491701234567"),
        ("0170 1234567", "", None),
        ("+49 1", "", None),
        ("call me", "DE", None),
        (None, "DE", ""),
    ],
)
def test_phone_becomes_e164(given: Any, region: str, spelled: str | None) -> None:
    """Without a country code only where the workspace names its country."""
    assert named({"phone": given}, None, Addresses(), region) == [Endpoint(Channel.SMS, spelled)]


def test_device_token_is_the_push_endpoint_of_any_call() -> None:
    """Mobile SDKs send it in the context, not in the traits."""
    context = {"device": {"id": "d", "token": " abc "}}

    assert named(None, context, Addresses(), "") == [Endpoint(Channel.PUSH, "abc")]
    assert named(None, {"device": {"token": None}}, Addresses(), "") == [Endpoint(Channel.PUSH, "")]
    assert named(None, {"device": {"id": "d"}}, Addresses(), "") == []
    assert named(None, {"device": "phone"}, Addresses(), "") == []
