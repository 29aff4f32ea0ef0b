"""What Twilio reports: status of our messages, and what people answer by SMS.

https://www.twilio.com/docs/usage/webhooks/sms-webhooks,
https://www.twilio.com/docs/usage/security#validating-requests. Its signature carries no time, so a
replay is recognised by the event's id only: the same report twice is one.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1
from urllib.parse import parse_qsl

from services.delivery.domain.receipts import ReceiptKind

FIELDS_MAX = 100
SIGNATURE = "x-twilio-signature"
HARD = frozenset({"21211", "21614", "30005", "30006"})
"""Error codes that say the number will never take an SMS."""
IGNORED = frozenset({"30002", "30007", "30010", "30022"})
"""Account, carrier filter, price, throughput: nothing about the number."""
OPTED_OUT = "21610"
STOP = frozenset(
    {"STOP", "STOPP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
    | {"ABMELDEN", "ABBESTELLEN", "ENDE", "AUS"}
)
START = frozenset({"START", "UNSTOP", "ANMELDEN", "WEITER"})
HELP = frozenset({"HELP", "INFO", "HILFE"})


def fields(text: bytes) -> dict[str, str]:
    """The form of a report; ValueError where it is none."""
    pairs = parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    return dict(pairs)


def is_signed(token: str, url: str, form: Mapping[str, str], signature: str) -> bool:
    """Whether Twilio signed this form for this URL, as it was given it."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    mac = b64encode(hmac.digest(token.encode(), text.encode(), sha1)).decode()
    return hmac.compare_digest(mac.encode(), signature.encode())


def is_answer(form: Mapping[str, str]) -> bool:
    """Whether a person wrote to us; else it is about a message of ours."""
    return "MessageStatus" not in form and "Body" in form


def report(form: Mapping[str, str]) -> tuple[ReceiptKind, str] | None:
    """What a status means, with its class; None where it is only progress.

    A bounce is `hard` (the number), `soft` (this time) or `ignored` (not about the number).
    """
    match form.get("MessageStatus", ""):
        case "delivered" | "read":
            return ReceiptKind.DELIVERED, ""
        case "undelivered" | "failed":
            code = form.get("ErrorCode", "")[:5]
            if code == OPTED_OUT:
                return ReceiptKind.UNSUBSCRIBED, "stop"
            kind = "hard" if code in HARD else "ignored" if code in IGNORED else "soft"
            return ReceiptKind.BOUNCED, f"{kind} {code}".strip()
        case _:
            return None


def answer(text: str) -> tuple[ReceiptKind, str]:
    """What a person's words mean by the carriers' rules: one word alone, whatever its case.

    The words themselves are not kept.
    """
    word = text.strip().strip(".!\"'").upper()
    if word in STOP:
        return ReceiptKind.UNSUBSCRIBED, "stop"
    if word in START:
        return ReceiptKind.REPLIED, "start"
    return ReceiptKind.REPLIED, "help" if word in HELP else ""
