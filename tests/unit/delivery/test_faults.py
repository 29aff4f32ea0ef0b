"""The table of faults: each symptom means one thing for the message."""

import pytest

from services.delivery.domain.faults import (
    Stage,
    Verdict,
    of_broken_connection,
    of_http,
    of_smtp,
    of_twilio,
    of_webhook,
)

RETRY, REJECT, UNKNOWN, STOP = Verdict.RETRY, Verdict.REJECT, Verdict.UNKNOWN, Verdict.STOP

HTTP = [
    (200, None, ""),
    (202, None, ""),
    (204, None, ""),
    (301, STOP, "configuration"),
    (400, REJECT, "malformed"),
    (401, STOP, "credentials"),
    (402, STOP, "configuration"),
    (403, STOP, "credentials"),
    (404, STOP, "configuration"),
    (405, STOP, "configuration"),
    (408, RETRY, "broken_off"),
    (409, RETRY, "in_flight"),
    (410, REJECT, "no_such_recipient"),
    (413, REJECT, "too_large"),
    (418, REJECT, "refused"),
    (422, REJECT, "malformed"),
    (425, RETRY, "throttled"),
    (429, RETRY, "throttled"),
    (451, REJECT, "refused"),
    (500, RETRY, "provider_error"),
    (501, STOP, "configuration"),
    (502, UNKNOWN, "answer_lost"),
    (503, RETRY, "provider_error"),
    (504, UNKNOWN, "answer_lost"),
    (507, RETRY, "provider_error"),
    (529, RETRY, "provider_error"),
]

SMTP = [
    (Stage.GREETING, 220, None, ""),
    (Stage.GREETING, 421, RETRY, "server_busy"),
    (Stage.GREETING, 521, STOP, "configuration"),
    (Stage.GREETING, 554, STOP, "configuration"),
    (Stage.HELLO, 550, STOP, "configuration"),
    (Stage.HELLO, 599, STOP, "configuration"),
    (Stage.AUTH, 454, RETRY, "throttled"),
    (Stage.AUTH, 530, STOP, "credentials"),
    (Stage.AUTH, 534, STOP, "credentials"),
    (Stage.AUTH, 535, STOP, "credentials"),
    (Stage.SENDER, 250, None, ""),
    (Stage.SENDER, 451, RETRY, "later"),
    (Stage.SENDER, 452, RETRY, "server_busy"),
    (Stage.SENDER, 503, STOP, "configuration"),
    (Stage.SENDER, 550, STOP, "configuration"),
    (Stage.SENDER, 552, REJECT, "too_large"),
    (Stage.RECIPIENT, 251, None, ""),
    (Stage.RECIPIENT, 421, RETRY, "server_busy"),
    (Stage.RECIPIENT, 450, RETRY, "mailbox_busy"),
    (Stage.RECIPIENT, 451, RETRY, "later"),
    (Stage.RECIPIENT, 499, RETRY, "later"),
    (Stage.RECIPIENT, 501, REJECT, "malformed"),
    (Stage.RECIPIENT, 550, REJECT, "no_such_recipient"),
    (Stage.RECIPIENT, 551, REJECT, "no_such_recipient"),
    (Stage.RECIPIENT, 552, REJECT, "mailbox_full"),
    (Stage.RECIPIENT, 553, REJECT, "no_such_recipient"),
    (Stage.RECIPIENT, 554, REJECT, "refused"),
    (Stage.RECIPIENT, 556, REJECT, "no_such_recipient"),
    (Stage.DATA, 354, None, ""),
    (Stage.DATA, 554, REJECT, "refused"),
    (Stage.CONTENT, 250, None, ""),
    (Stage.CONTENT, 421, RETRY, "server_busy"),
    (Stage.CONTENT, 452, RETRY, "server_busy"),
    (Stage.CONTENT, 552, REJECT, "too_large"),
    (Stage.CONTENT, 554, REJECT, "refused"),
    (Stage.CONTENT, 571, REJECT, "refused"),
    (Stage.CONTENT, -1, UNKNOWN, "answer_lost"),
    (Stage.RECIPIENT, -1, RETRY, "broken_off"),
]


@pytest.mark.parametrize(("status", "verdict", "name"), HTTP)
def test_http_status_means(status: int, verdict: Verdict | None, name: str) -> None:
    fault = of_http(status)
    assert (fault and fault.verdict, fault.name if fault else "") == (verdict, name)


@pytest.mark.parametrize(("stage", "code", "verdict", "name"), SMTP)
def test_smtp_reply_means(stage: Stage, code: int, verdict: Verdict | None, name: str) -> None:
    fault = of_smtp(stage, code)
    assert (fault and fault.verdict, fault.name if fault else "") == (verdict, name)


def test_broken_connection_is_unknown_once_all_was_written() -> None:
    """RFC 1047: after the final dot nobody knows."""
    assert of_broken_connection(written=True).verdict is UNKNOWN
    assert of_broken_connection(written=False).verdict is RETRY


def test_mail_server_is_given_minutes_and_an_api_seconds() -> None:
    """Greylisting ends after minutes; a 503 of an API after seconds."""
    greylisted, busy = of_smtp(Stage.RECIPIENT, 451), of_http(503)
    assert greylisted
    assert busy
    assert (greylisted.base_s, busy.base_s) == (60.0, 1.0)


@pytest.mark.parametrize(
    ("status", "code", "verdict", "name"),
    [
        (201, 0, None, ""),
        (400, 21211, REJECT, "no_such_recipient"),
        (400, 21610, REJECT, "opted_out"),
        (400, 21614, REJECT, "no_such_recipient"),
        (400, 21617, REJECT, "too_large"),
        (400, 21606, STOP, "configuration"),
        (400, 21611, RETRY, "throttled"),
        (400, 99999, REJECT, "malformed"),
        (401, 20003, STOP, "credentials"),
        (429, 20429, RETRY, "throttled"),
        (500, 20500, UNKNOWN, "answer_lost"),
        (500, 0, UNKNOWN, "answer_lost"),
        (503, 20503, RETRY, "provider_error"),
        (503, 0, RETRY, "provider_error"),
    ],
)
def test_answer_of_twilio_is_classified(
    status: int, code: int, verdict: Verdict | None, name: str
) -> None:
    """Its call is not idempotent, so an internal error may have been an acceptance."""
    fault = of_twilio(status, code)
    assert (fault.verdict if fault else None, fault.name if fault else "") == (verdict, name)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, None),
        (204, None),
        (302, REJECT),
        (400, REJECT),
        (401, REJECT),
        (404, REJECT),
        (410, REJECT),
        (429, RETRY),
        (500, RETRY),
        (502, UNKNOWN),
        (503, RETRY),
    ],
)
def test_answer_of_an_endpoint_never_stops_the_others(status: int, verdict: Verdict | None) -> None:
    """A 401 of one customer's endpoint says nothing about the next one's."""
    fault = of_webhook(status)
    assert (fault.verdict if fault else None) == verdict
