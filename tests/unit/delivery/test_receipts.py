"""Webhooks are believed only when signed, whole and recent."""

import hmac
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from services.delivery.domain.receipts import signing_key, why_refused
from tests.unit.delivery.orders import NOW

SECRET = "whsec_" + b64encode(b"k" * 32).decode()
OLD = "whsec_" + b64encode(b"o" * 32).decode()
BODY = b'{"events": []}'


def signed(body: bytes = BODY, secret: str = SECRET, *, age_s: float = 0) -> dict[str, str]:
    timestamp = str(int((NOW - timedelta(seconds=age_s)).timestamp()))
    mac = hmac.digest(signing_key(secret), f"wh_1.{timestamp}.".encode() + body, sha256)
    return {
        "Webhook-Id": "wh_1",
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": f"v1,{b64encode(mac).decode()}",
    }


KEYS = [signing_key(SECRET)]


def test_signed_body_is_believed() -> None:
    assert why_refused(signed(), BODY, KEYS, NOW) is None


def test_reference_vector_is_believed() -> None:
    """The example of the Standard Webhooks specification's own libraries."""
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = NOW.fromtimestamp(1614265330, NOW.tzinfo)
    assert why_refused(headers, body, [key], at) is None


def test_both_secrets_count_while_one_is_replaced() -> None:
    keys = [signing_key(SECRET), signing_key(OLD)]
    assert why_refused(signed(secret=OLD), BODY, keys, NOW) is None
    many = signed()["Webhook-Signature"] + " v1a,xyz v1,AAAA"
    assert why_refused(signed() | {"Webhook-Signature": many}, BODY, keys, NOW) is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(), BODY + b" "),
        (signed(secret=OLD), BODY),
        (signed(age_s=301), BODY),
        (signed(age_s=-301), BODY),
        ({}, BODY),
        (signed() | {"Webhook-Id": "wh_2"}, BODY),
        (signed() | {"Webhook-Timestamp": "soon"}, BODY),
        (signed() | {"Webhook-Timestamp": "²"}, BODY),
        (signed() | {"Webhook-Signature": "v1,%%%"}, BODY),
        (signed() | {"Webhook-Signature": signed()["Webhook-Signature"].replace("v1", "v2")}, BODY),
        (signed() | {"Webhook-Signature": "v1,"}, BODY),
    ],
)
def test_anything_else_is_refused_with_a_reason(headers: dict[str, str], body: bytes) -> None:
    assert why_refused(headers, body, KEYS, NOW)


def test_plain_text_secret_is_its_own_key() -> None:
    assert signing_key("any text") == b"any text"
