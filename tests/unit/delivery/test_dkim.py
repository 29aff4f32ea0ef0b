"""DKIM signatures, verified by a library that is not ours."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import dkim  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from services.delivery.adapters.dkim import Signer, relaxed_body
from services.delivery.domain.mail import Content, Mail, assemble

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    encoded: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return encoded.decode()


def dns(key: Any) -> bytes:
    """What stands under selector._domainkey.domain."""
    from base64 import b64encode

    if isinstance(key, rsa.RSAPrivateKey):
        der = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b"v=DKIM1; k=rsa; p=" + b64encode(der)
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + b64encode(raw)


def mail(**changed: Any) -> Mail:
    given: dict[str, Any] = {
        "key": "0195-1",
        "sender": "Shop <shop@example.com>",
        "return_path": "b@example.com",
        "to": "anna@example.com",
        "content": Content("Grüße an alle " * 9, "<p>Zeile  \nzwei\t\n</p>\n\n", "Hallo  \n\n\n"),
        "message_id": "<1@example.com>",
        "headers": {
            "List-Unsubscribe": "<https://kairos.example/u/v1.a.b>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Reply-To": "Hilfe <help@example.com>",
        },
        "at": AT,
    }
    return Mail(**given | changed)


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_signature_is_valid_for_a_third_party(key: Any) -> None:
    signed = Signer("example.com", "k1", pem(key)).signed(assemble(mail()), AT)
    assert dkim.verify(signed, dnsfunc=lambda *_, **__: dns(key))


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_changed_content_or_header_is_noticed(key: Any) -> None:
    signed = Signer("example.com", "k1", pem(key)).signed(assemble(mail()), AT)
    for before, after in (
        (b"Zeile", b"Zeiie"),
        (b"anna@", b"anne@"),
        (b"From: Shop", b"From: x@y.example\r\nFrom: Shop"),
        (b"u/v1.a.b", b"u/v1.a.c"),
    ):
        assert before in signed
        changed = signed.replace(before, after, 1)
        assert not dkim.verify(changed, dnsfunc=lambda *_, **__: dns(key))


def test_both_unsubscribe_headers_are_signed() -> None:
    """RFC 8058 section 4; and signed once more as absent, so that none can be added."""
    signed = Signer("example.com", "k1", pem(ED25519)).signed(assemble(mail()), AT)
    field = message_from_bytes(signed, policy=policy.default)["DKIM-Signature"]
    names = str(field).split("h=")[1].split(";")[0].replace(" ", "").split(":")
    for name in ("list-unsubscribe", "list-unsubscribe-post", "from"):
        assert names.count(name) == 2


def test_lines_stay_short() -> None:
    signed = Signer("mail.example.com", "k1", pem(RSA)).signed(assemble(mail()), AT)
    head = signed.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert all(len(line) <= 78 for line in head.split(b"Shop")[0].split(b"\r\n"))


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n"])
def test_empty_body_is_empty(body: bytes) -> None:
    assert relaxed_body(body) == b""


def test_unusable_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="PEM"):
        Signer("example.com", "k", "not a key")
    from cryptography.hazmat.primitives.asymmetric import ec

    with pytest.raises(ValueError, match="neither"):
        Signer("example.com", "k", pem(ec.generate_private_key(ec.SECP256R1())))
