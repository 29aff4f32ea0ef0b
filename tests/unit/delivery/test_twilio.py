"""What Twilio reports, and whether it is Twilio."""

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from services.delivery.domain.receipts import ReceiptKind
from services.delivery.domain.twilio import answer, fields, is_answer, is_signed, report

URL = "https://kairos.example/v1/webhooks/twilio?account=main&message=0195"
FORM = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4915112345678", "Body": "ä&="}


def test_signature_of_the_own_library_is_accepted_and_nothing_else() -> None:
    """Valid; changed body, URL, key and signature."""
    good = RequestValidator("token").compute_signature(URL, FORM)
    assert is_signed("token", URL, FORM, good)
    assert not is_signed("token", URL, FORM | {"MessageStatus": "failed"}, good)
    assert not is_signed("token", URL.replace("0195", "0196"), FORM, good)
    assert not is_signed("other", URL, FORM, good)
    assert not is_signed("token", URL, FORM, good[1:])
    assert not is_signed("token", URL, FORM, "")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("queued", "", None),
        ("sent", "", None),
        ("delivered", "", (ReceiptKind.DELIVERED, "")),
        ("undelivered", "30005", (ReceiptKind.BOUNCED, "hard 30005")),
        ("undelivered", "30006", (ReceiptKind.BOUNCED, "hard 30006")),
        ("undelivered", "30003", (ReceiptKind.BOUNCED, "soft 30003")),
        ("undelivered", "30007", (ReceiptKind.BOUNCED, "ignored 30007")),
        ("failed", "", (ReceiptKind.BOUNCED, "soft")),
        ("failed", "21610", (ReceiptKind.UNSUBSCRIBED, "stop")),
    ],
)
def test_status_is_read(status: str, code: str, expected: object) -> None:
    assert report({"MessageStatus": status, "ErrorCode": code}) == expected


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("STOP", ReceiptKind.UNSUBSCRIBED, "stop"),
        (" stop! ", ReceiptKind.UNSUBSCRIBED, "stop"),
        ("Stopp", ReceiptKind.UNSUBSCRIBED, "stop"),
        ("abmelden.", ReceiptKind.UNSUBSCRIBED, "stop"),
        ("Start", ReceiptKind.REPLIED, "start"),
        ("anmelden", ReceiptKind.REPLIED, "start"),
        ("Hilfe", ReceiptKind.REPLIED, "help"),
        ("Please stop calling it a bus stop", ReceiptKind.REPLIED, ""),
        ("", ReceiptKind.REPLIED, ""),
    ],
)
def test_words_mean_what_carriers_say(text: str, kind: ReceiptKind, word: str) -> None:
    """One word alone, in German and English; words within a sentence are a reply."""
    assert answer(text) == (kind, word)


def test_answers_are_told_from_reports() -> None:
    assert is_answer({"Body": "Hallo", "From": "+49"})
    assert not is_answer(FORM)
    assert fields(b"Body=a%26b&From=%2B49") == {"Body": "a&b", "From": "+49"}
