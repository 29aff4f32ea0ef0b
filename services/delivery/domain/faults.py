"""What goes wrong with a provider call, and what follows: the one table.

A verdict says what is known about the message, not how annoyed we are:

    RETRY    definitely not accepted; the same call may work later
    REJECT   definitely not accepted, and it never will be
    UNKNOWN  the provider may have accepted it
    STOP     definitely not accepted, and no other message would be: our set-up is wrong

Sources: RFC 5321 §4.2 and RFC 4954 (SMTP replies), RFC 9110 (HTTP), Twilio's error codes
(https://www.twilio.com/docs/api/errors), Standard Webhooks (replies to a webhook).
On purpose: HTTP 400 rejects the message instead of stopping the
provider (mail APIs answer it for one bad recipient), and 502/504 are `unknown` (a gateway lost the
answer of a provider that may have acted).
"""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What a fault means for the message."""

    RETRY = "retry"
    REJECT = "reject"
    UNKNOWN = "unknown"
    STOP = "stop"


class Fault(msgspec.Struct, frozen=True):
    """A class of faults. `base_s` is the first retry's longest wait."""

    name: str
    verdict: Verdict
    base_s: float = 1.0


class Stage(StrEnum):
    """How far an SMTP conversation had come when the reply arrived or the connection broke."""

    GREETING = "greeting"
    HELLO = "hello"
    AUTH = "auth"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    CONTENT = "content"
    """The final dot is written: from here on a lost connection may have been an acceptance."""


MAIL_BASE_S = 60.0
"""A mail server that says "later" means minutes (greylisting), an API seconds."""

# Before anything could have been accepted.
UNREACHABLE = Fault("unreachable", Verdict.RETRY)
BROKEN_OFF = Fault("broken_off", Verdict.RETRY)
CREDENTIALS = Fault("credentials", Verdict.STOP)
CONFIGURATION = Fault("configuration", Verdict.STOP)
# The provider answered.
THROTTLED = Fault("throttled", Verdict.RETRY)
IN_FLIGHT = Fault("in_flight", Verdict.RETRY)
PROVIDER_ERROR = Fault("provider_error", Verdict.RETRY)
LATER = Fault("later", Verdict.RETRY, MAIL_BASE_S)
MAILBOX_BUSY = Fault("mailbox_busy", Verdict.RETRY, MAIL_BASE_S)
SERVER_BUSY = Fault("server_busy", Verdict.RETRY, MAIL_BASE_S)
NO_SUCH_RECIPIENT = Fault("no_such_recipient", Verdict.REJECT)
MAILBOX_FULL = Fault("mailbox_full", Verdict.REJECT)
TOO_LARGE = Fault("too_large", Verdict.REJECT)
REFUSED = Fault("refused", Verdict.REJECT)
MALFORMED = Fault("malformed", Verdict.REJECT)
OPTED_OUT = Fault("opted_out", Verdict.REJECT)
# It may have answered; nobody heard it.
ANSWER_LOST = Fault("answer_lost", Verdict.UNKNOWN)
PROCESS_LOST = Fault("process_lost", Verdict.UNKNOWN)
# Our own, before a call.
TEMPLATE = Fault("template", Verdict.REJECT)
ENDPOINT = Fault("endpoint", Verdict.REJECT)
CHANNEL = Fault("channel", Verdict.REJECT)
NO_PERMIT = Fault("permit_refused", Verdict.REJECT)
OVER = Fault("validity_over", Verdict.REJECT)

HTTP: dict[int, Fault] = {
    400: MALFORMED,
    401: CREDENTIALS,
    402: CONFIGURATION,
    403: CREDENTIALS,
    404: CONFIGURATION,
    405: CONFIGURATION,
    406: CONFIGURATION,
    407: CONFIGURATION,
    408: BROKEN_OFF,
    409: IN_FLIGHT,
    410: NO_SUCH_RECIPIENT,
    411: CONFIGURATION,
    413: TOO_LARGE,
    414: MALFORMED,
    415: CONFIGURATION,
    421: CONFIGURATION,
    422: MALFORMED,
    423: IN_FLIGHT,
    425: THROTTLED,
    426: CONFIGURATION,
    428: CONFIGURATION,
    429: THROTTLED,
    431: MALFORMED,
    451: REFUSED,
    500: PROVIDER_ERROR,
    501: CONFIGURATION,
    502: ANSWER_LOST,
    503: PROVIDER_ERROR,
    504: ANSWER_LOST,
    505: CONFIGURATION,
    507: PROVIDER_ERROR,
    508: CONFIGURATION,
    511: CONFIGURATION,
}
"""Exact statuses; `of_http` says what the others are."""

SMTP: dict[tuple[Stage | None, int], Fault] = {
    (Stage.GREETING, 521): CONFIGURATION,
    (Stage.GREETING, 554): CONFIGURATION,
    (Stage.HELLO, 550): CONFIGURATION,
    (Stage.RECIPIENT, 501): MALFORMED,
    (Stage.RECIPIENT, 550): NO_SUCH_RECIPIENT,
    (Stage.RECIPIENT, 551): NO_SUCH_RECIPIENT,
    (Stage.RECIPIENT, 553): NO_SUCH_RECIPIENT,
    (Stage.RECIPIENT, 556): NO_SUCH_RECIPIENT,
    (Stage.SENDER, 550): CONFIGURATION,
    (Stage.SENDER, 553): CONFIGURATION,
    (Stage.SENDER, 552): TOO_LARGE,
    (Stage.CONTENT, 552): TOO_LARGE,
    (None, 421): SERVER_BUSY,
    (None, 432): LATER,
    (None, 450): MAILBOX_BUSY,
    (None, 451): LATER,
    (None, 452): SERVER_BUSY,
    (None, 454): THROTTLED,
    (None, 455): LATER,
    (None, 500): MALFORMED,
    (None, 501): MALFORMED,
    (None, 502): CONFIGURATION,
    (None, 503): CONFIGURATION,
    (None, 504): CONFIGURATION,
    (None, 523): CONFIGURATION,
    (None, 530): CREDENTIALS,
    (None, 534): CREDENTIALS,
    (None, 535): CREDENTIALS,
    (None, 538): CONFIGURATION,
    (None, 552): MAILBOX_FULL,
    (None, 554): REFUSED,
    (None, 555): MALFORMED,
}
"""Stage and code; a stage of its own goes before None, which means any."""


TWILIO: dict[int, Fault] = {
    20003: CREDENTIALS,
    20404: CONFIGURATION,
    20429: THROTTLED,
    20500: ANSWER_LOST,
    20503: PROVIDER_ERROR,
    21211: NO_SUCH_RECIPIENT,
    21212: CONFIGURATION,
    21217: NO_SUCH_RECIPIENT,
    21401: NO_SUCH_RECIPIENT,
    21408: REFUSED,
    21421: NO_SUCH_RECIPIENT,
    21601: NO_SUCH_RECIPIENT,
    21602: MALFORMED,
    21603: CONFIGURATION,
    21604: NO_SUCH_RECIPIENT,
    21606: CONFIGURATION,
    21608: CONFIGURATION,
    21609: CONFIGURATION,
    21610: OPTED_OUT,
    21611: THROTTLED,
    21612: REFUSED,
    21614: NO_SUCH_RECIPIENT,
    21617: TOO_LARGE,
    21619: MALFORMED,
    21703: CONFIGURATION,
    21705: CONFIGURATION,
    30001: THROTTLED,
    30002: CONFIGURATION,
    30022: THROTTLED,
    63018: THROTTLED,
}
"""Error codes in the answers of its API; others go by the status."""

WEBHOOK: dict[int, Fault] = {
    408: BROKEN_OFF,
    409: IN_FLIGHT,
    410: NO_SUCH_RECIPIENT,
    413: TOO_LARGE,
    425: THROTTLED,
    429: THROTTLED,
    502: ANSWER_LOST,
    504: ANSWER_LOST,
}
"""Every endpoint is somebody else's: what one refuses says nothing about the next one."""


def of_twilio(status: int, code: int) -> Fault | None:
    """The fault an answer of Twilio stands for; None where the message was accepted.

    Without a code of the table a 5xx may have been an acceptance: only 503 is sure not to be.
    """
    if 200 <= status < 300:
        return None
    if exact := TWILIO.get(code):
        return exact
    return ANSWER_LOST if status >= 500 and status != 503 else of_http(status)


def of_webhook(status: int) -> Fault | None:
    """The fault an endpoint's status stands for; None where it took the call.

    A redirect is a refusal: it is not followed.
    """
    if 200 <= status < 300:
        return None
    if exact := WEBHOOK.get(status):
        return exact
    return PROVIDER_ERROR if status >= 500 else REFUSED


def of_http(status: int) -> Fault | None:
    """The fault an HTTP status stands for; None where the call was accepted."""
    if 200 <= status < 300:
        return None
    if exact := HTTP.get(status):
        return exact
    if 400 <= status < 500:
        return REFUSED
    return PROVIDER_ERROR if status >= 500 else CONFIGURATION


def of_smtp(stage: Stage, code: int) -> Fault | None:
    """The fault an SMTP reply stands for; None where the conversation may go on.

    What is no reply at all (gibberish has a code below 200) counts as a broken connection.
    """
    if 200 <= code < 400:
        return None
    if code < 400:
        return of_broken_connection(written=stage is Stage.CONTENT)
    if exact := SMTP.get((stage, code)) or SMTP.get((None, code)):
        return exact
    if 400 <= code < 500:
        return LATER
    if stage in (Stage.GREETING, Stage.HELLO, Stage.AUTH):
        return CONFIGURATION
    return REFUSED


def of_broken_connection(*, written: bool) -> Fault:
    """A connection that broke or fell silent, after or before all was `written`."""
    return ANSWER_LOST if written else BROKEN_OFF
