"""The existing-customer exception of § 7(3) UWG: derived for each message, never stored."""

from datetime import timedelta

import pytest

from services.decision.domain.inputs import PermissionPart, PermissionStatus
from tests.unit.decision import builders as b

BOUGHT = {"event": "ordered", "within": "P730D"}


def shop(channel: str = "email") -> b.Person:
    return b.Person(
        b.catalog(
            b.topic("gear", existing_customers={"bought": BOUGHT, "notice": "told_of_objection"}),
            b.template("offer", topic="gear", channel=channel),
            b.journey("hello", b.message("offer"), reentry="every"),
        ),
        consent=False,
    )


def customer(anna: b.Person) -> b.Person:
    anna.identify(told_of_objection=True, phone="+491701234567")
    anna.track("ordered")
    anna.track("started")
    return anna


def test_sale_and_notice_allow_mail_and_the_basis_says_so() -> None:
    anna = customer(shop())

    [order] = anna.orders
    assert order.basis == "existing_customer"
    assert "existing customer, similar goods" in order.reason_en
    assert anna.state.permission.consents == {}
    assert anna.permit(order).granted


@pytest.mark.parametrize("missing", ["sale", "notice", "said_no_notice"])
def test_without_sale_or_notice_it_grants_nothing(missing: str) -> None:
    anna = shop()
    if missing != "notice":
        anna.identify(told_of_objection=missing == "sale")
    if missing != "sale":
        anna.track("ordered")
    anna.track("started")

    assert (anna.sent, anna.reasons[-1]) == ([], "no_consent")


def test_it_is_for_mail_alone() -> None:
    anna = customer(shop("sms"))

    assert (anna.sent, anna.reasons[-1]) == ([], "no_consent")


@pytest.mark.parametrize(
    ("part", "status", "reason"),
    [
        (PermissionPart.OBJECTION, PermissionStatus.SET, "objection"),
        (PermissionPart.CONSENT, PermissionStatus.WITHDRAWN, "consent_withdrawn"),
        (PermissionPart.CONSENT, PermissionStatus.PENDING, "consent_pending"),
    ],
    ids=str,
)
def test_what_the_person_said_weighs_more(
    part: PermissionPart, status: PermissionStatus, reason: str
) -> None:
    anna = shop()
    anna.permission(part, status)
    customer(anna)

    assert (anna.sent, anna.reasons[-1]) == ([], reason)


def test_objection_takes_it_from_what_is_on_its_way() -> None:
    anna = customer(shop())
    anna.permission(PermissionPart.OBJECTION, PermissionStatus.SET)

    assert anna.permit(anna.orders[0]).reason == "objection"


def test_it_ends_with_its_time() -> None:
    anna = shop()
    customer(anna)
    anna.sleep(timedelta(days=731))
    anna.track("started")

    assert anna.sent == ["offer"]
    assert anna.reasons[-1] == "no_consent"
