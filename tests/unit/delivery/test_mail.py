"""A mail as bytes: readable by others, impossible to bend."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.delivery.domain.mail import (
    Content,
    Mail,
    Unmailable,
    assemble,
    checked_address,
    message_id_header,
    message_of,
)
from tests.unit.delivery.orders import MESSAGE

SENDABLE = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029")
LINES = st.text(st.one_of(SENDABLE, st.sampled_from("\n.=-_ \t")), max_size=400)


def mail(**changed: Any) -> Mail:
    given: dict[str, Any] = {
        "key": str(MESSAGE),
        "sender": "Shop <shop@example.com>",
        "return_path": "bounces@example.com",
        "to": "anna@example.com",
        "content": Content("Hallo", "<p>Hallo</p>", "Hallo"),
        "message_id": message_id_header(MESSAGE, "example.com"),
        "headers": {},
        "at": datetime(2026, 3, 2, 9, tzinfo=UTC),
    }
    return Mail(**given | changed)


def parsed(sent: Mail) -> EmailMessage:
    return email.message_from_bytes(assemble(sent), policy=email.policy.default)


def body(read: EmailMessage, kind: str) -> str:
    part = read.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n").removesuffix("\n")


@given(subject=st.text(SENDABLE, min_size=1, max_size=300), html=LINES, text=LINES)
def test_third_party_parser_reads_what_was_written(subject: str, html: str, text: str) -> None:
    """The standard library finds subject and both parts unchanged, and no defect."""
    if not subject.strip():
        return
    read = parsed(mail(content=Content(subject.strip(), html, text)))
    assert "".join(read["Subject"].split()) == "".join(subject.split())
    assert (body(read, "html"), body(read, "plain")) == (html, text)
    assert read.get_content_type() == "multipart/alternative"
    assert not read.defects


@given(html=LINES, text=LINES)
def test_no_line_is_longer_than_a_mail_server_takes(html: str, text: str) -> None:
    """RFC 5321: 998 characters; and nothing but ASCII and CRLF."""
    raw = assemble(mail(content=Content("ü" * 300, html, text)))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_headers_are_those_of_the_message() -> None:
    link = "<https://kairos.example/u/v1.abc.def>"
    read = parsed(mail(headers={"List-Unsubscribe": link}))
    assert read["From"] == "Shop <shop@example.com>"
    assert read["To"] == "anna@example.com"
    assert read["Message-ID"] == f"<{MESSAGE}@example.com>"
    assert read["List-Unsubscribe"] == link
    assert read["Date"].datetime == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028"])
@pytest.mark.parametrize("place", ["subject", "sender", "message_id", "header", "to"])
def test_no_header_can_be_added(place: str, breaks: str) -> None:
    """Whatever the field, a line break is refused, not repaired."""
    bad = f"a{breaks}Bcc: eve@example.com"
    places: dict[str, dict[str, Any]] = {
        "subject": {"content": Content(bad, "", "")},
        "header": {"headers": {"X-Note": bad}},
        "to": {"to": f"anna{breaks}@example.com"},
    }
    with pytest.raises(Unmailable):
        assemble(mail(**places.get(place, {place: bad})))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("anna@example.com", "anna@example.com"),
        ("anna+tag@example.com", "anna+tag@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("a@localhost", "a@localhost"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
    ],
)
def test_address_is_made_sendable(given: str, sent: str) -> None:
    assert checked_address(given) == sent


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@@example.com",
        "an na@example.com",
        "änna@example.com",
        "anna@exa mple.com",
        "<anna@example.com>",
        "anna@example.com>\r\nRCPT TO:<eve@example.com",
        "anna@-example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5),
        ".anna@example.com",
        "anna@example..com",
    ],
)
def test_address_that_cannot_be_sent_is_refused(address: str) -> None:
    with pytest.raises(Unmailable):
        checked_address(address)


def test_message_id_leads_back_to_the_message() -> None:
    """Receipts name the mail by its Message-ID."""
    assert message_of(message_id_header(MESSAGE, "example.com")) == MESSAGE
    assert message_of(f" {MESSAGE}@example.com ") == MESSAGE


@pytest.mark.parametrize("text", ["", "<a@b>", "email-7", f"<{MESSAGE.hex}@example.com>"])
def test_foreign_message_id_is_nobodys(text: str) -> None:
    assert message_of(text) is None


def test_same_content_has_the_same_hash_and_other_content_another() -> None:
    one = Content("a", "b", "c")
    assert one.sha256 == Content("a", "b", "c").sha256
    assert one.sha256 != Content("ab", "", "c").sha256


def test_content_that_is_no_text_is_refused() -> None:
    """A lone surrogate can be neither sent nor stored."""
    with pytest.raises(Unmailable):
        _ = Content("a", "\ud800", "c").sha256
