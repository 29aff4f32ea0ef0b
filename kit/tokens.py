"""Signed tokens for links: readable by us, unforgeable by others, without personal data.

`v1.<payload>.<mac>`: payload and mac are base64url without padding; the mac is HMAC-SHA256 over
purpose and payload, cut to 128 bits. The purpose keeps a click token from working as an unsubscribe
token.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from kit.errors import NotFound

_VERSION = "v1"
_MAC_BYTES = 16


def sign(purpose: str, payload: bytes, secret: bytes) -> str:
    """The token that carries `payload` for `purpose`."""
    return f"{_VERSION}.{_encode(payload)}.{_encode(_mac(purpose, payload, secret))}"


def verify(purpose: str, token: str, secret: bytes) -> bytes:
    """The payload of a token made by `sign` with the same purpose and secret; else NotFound.

    Base64 that decodes to the same bytes but is spelled differently is refused too.
    """
    version, _, rest = token.partition(".")
    payload_text, _, mac_text = rest.partition(".")
    try:
        payload = urlsafe_b64decode(payload_text + "=" * (-len(payload_text) % 4))
    except ValueError:
        raise NotFound("This link is not valid") from None
    good = version == _VERSION and _encode(payload) == payload_text
    expected = _encode(_mac(purpose, payload, secret))
    if not good or not hmac.compare_digest(mac_text.encode(), expected.encode()):
        raise NotFound("This link is not valid")
    return payload


def _mac(purpose: str, payload: bytes, secret: bytes) -> bytes:
    message = purpose.encode() + b"\x00" + payload
    return hmac.digest(secret, message, sha256)[:_MAC_BYTES]


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
