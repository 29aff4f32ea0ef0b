from email.message import EmailMessage

import pytest

from sandbox import mail
from sandbox.ledger import Arrival


def over_smtp(raw: bytes) -> Arrival:
    """The arrival as the mailbox records it."""
    text, charset = mail.as_text(raw)
    return Arrival(channel="email", provider="smtp", recipient="a@b", raw=text, raw_charset=charset)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"Subject: x\r\nMessage-ID: <1@k>\r\n\r\nbody", "<1@k>"),
        (b"message-id:<1@k>\r\n\r\n", "<1@k>"),
        (b"Message-ID:\r\n <folded@k>\r\n\r\n", "<folded@k>"),
        (b"Subject: x\r\n\r\nMessage-ID: <in-the-body@k>\r\n", None),
        (b"Subject: x", None),
        (b"", None),
    ],
    ids=["usual", "lower case", "folded", "only in the body", "no body", "nothing"],
)
def test_message_id_is_found_in_the_head_only(raw: bytes, found: str | None) -> None:
    assert mail.message_id(raw) == found


@pytest.mark.parametrize(
    "raw", [b"", "Grüße".encode(), "Grüße".encode("latin-1"), bytes(range(256))]
)
def test_any_bytes_are_kept(raw: bytes) -> None:
    assert mail.raw_of(over_smtp(raw)) == raw


def test_mail_is_shown_decoded() -> None:
    """Encoded words, folded lines, quoted-printable and base64 are gone."""
    message = EmailMessage()
    message["Subject"] = "Schöne Grüße aus dem Süden, und noch viel mehr, damit es umbricht: äöü"
    message["List-Unsubscribe"] = "<https://shop.example/u/1>"
    message.set_content("Grüße, Ann", cte="quoted-printable")
    message.add_alternative("<p>Grüße</p>", subtype="html", cte="base64")

    seen = mail.of(over_smtp(message.as_bytes()))

    assert seen.subject == message["Subject"]
    assert seen.headers["List-Unsubscribe"] == "<https://shop.example/u/1>"
    assert seen.text == "Grüße, Ann\n"
    assert seen.html == "<p>Grüße</p>\n"
    assert mail.subject_of(over_smtp(message.as_bytes())) == seen.subject


def test_attachment_is_not_taken_for_the_text() -> None:
    message = EmailMessage()
    message.set_content("<p>the mail</p>", subtype="html")
    message.add_attachment("the attachment", filename="a.txt")

    assert mail.of(over_smtp(message.as_bytes())).text == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: =?no-such-charset?q?x?=\r\n\r\nbody",
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\nbody",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"\xff\xfe\r\n\r\n\xff",
        b"Subject: =?utf-8?b?not base64?=\r\n\r\n",
        b"",
    ],
)
def test_broken_mail_is_shown_somehow(raw: bytes) -> None:
    """The mailbox never fails over what a template produced: that is what one looks for in it."""
    arrival = over_smtp(raw)

    assert mail.of(arrival).subject == mail.subject_of(arrival)


def test_message_of_an_api_is_shown_as_posted() -> None:
    arrival = Arrival(
        channel="push", provider="push", recipient="token", subject="Title", text="Body"
    )

    assert mail.of(arrival) == mail.Mail("Title", {}, "Body", "")
    assert mail.subject_of(arrival) == "Title"
    assert mail.raw_of(arrival) == b""
