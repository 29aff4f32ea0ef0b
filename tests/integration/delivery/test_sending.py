"""From an order to the provider and back, on the real bus and database."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.deliveries.v1.delivery_pb2 import AttemptOutcome
from kit.errors import NotFound
from tests.integration.delivery.conftest import Office, eventually

PROVIDERS = pytest.mark.parametrize("provider", ["http", "smtp"])
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def outcomes(office: Office) -> list[tuple[str, str]]:
    """Outcome and fault of all attempts so far, in order."""
    facts = [fact.attempt_finished for fact in await office.facts()]
    return [
        (AttemptOutcome.Name(each.outcome).removeprefix("ATTEMPT_OUTCOME_").lower(), each.fault)
        for each in facts
    ]


@PROVIDERS
async def test_order_reaches_the_provider_and_is_told(office: Office, provider: str) -> None:
    """One acceptance, one fact with what was rendered, and the message tells its story."""
    async with office.delivery(provider):
        [message_id] = await office.decision.order(traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
        assert await office.settled([message_id]) == {message_id: "accepted"}
        [entry] = await office.sandbox.ledger()
        told = await office.message(message_id)

    assert entry["subject"] == "Hallo Anna"
    assert entry["message_id"] == f"<{message_id}@kairos.example>"
    [fact] = await office.facts()
    said = fact.attempt_finished
    assert (said.attempt, said.subject, said.provider) == (1, "Hallo Anna", provider)
    assert (said.outcome, said.fault) == (AttemptOutcome.ATTEMPT_OUTCOME_ACCEPTED, "")
    assert 0 < said.called_at_us <= said.at_us
    assert json.loads(said.variables_json) == {"profile": {"first_name": "Anna"}}
    assert fact.traceparent[3:35] == TRACE
    assert told.state == "accepted"
    assert [each.provider for each in told.attempts] == [provider]


@PROVIDERS
async def test_marketing_mail_can_be_ended_with_one_click(office: Office, provider: str) -> None:
    """RFC 8058 pair on marketing mail and on no other; the same link stands in the mail."""
    async with office.delivery(provider):
        sent = await office.decision.order()
        sent += await office.decision.order(message_class="transactional")
        await office.settled(sent)
        entries = await office.sandbox.ledger()

    headers = {entry["message_id"]: entry["headers"] for entry in entries}
    marketing = headers[f"<{sent[0]}@kairos.example>"]
    assert marketing["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = marketing["List-Unsubscribe"].strip("<>")
    assert link.startswith("http://kairos.example/u/v1.")
    assert link in entries[0]["html"] + entries[1]["html"]
    assert "List-Unsubscribe" not in headers[f"<{sent[1]}@kairos.example>"]


async def test_many_orders_share_permits_and_all_arrive_once(office: Office) -> None:
    """600 campaign messages: each once at the provider, far fewer questions than messages."""
    async with office.delivery("http"):
        sent = await office.decision.order(600, lane="bulk")
        assert set((await office.settled(sent, 40)).values()) == {"accepted"}
        entries = await office.sandbox.ledger(limit=1000)

    keys = [entry["idempotency_key"] for entry in entries]
    assert sorted(keys) == sorted(str(each) for each in sent)
    assert sum(office.decision.permits_asked) == 600
    assert len(office.decision.permits_asked) <= 60
    assert office.decision.templates_asked == 1


async def test_same_order_twice_is_sent_once(office: Office) -> None:
    """The stream may say everything twice, in one batch or later."""
    message_id, fact = office.decision.fact()
    async with office.delivery("http"):
        await office.decision.say([fact, fact])
        await office.settled([message_id])
        await office.decision.say([fact])
        [other] = await office.decision.order()
        await office.settled([other])
        entries = await office.sandbox.ledger()
    assert len(entries) == 2
    assert len(await outcomes(office)) == 2


async def test_refused_permit_cancels_with_the_reason(office: Office) -> None:
    """Nothing reaches the provider, and the fact says why."""
    office.decision.refuse = "consent_withdrawn"
    async with office.delivery("http"):
        [message_id] = await office.decision.order()
        assert await office.settled([message_id]) == {message_id: "cancelled"}
        assert await office.sandbox.ledger() == []
    [fact] = await office.facts()
    assert fact.attempt_finished.detail == "consent_withdrawn"
    assert await outcomes(office) == [("cancelled", "permit_refused")]


@PROVIDERS
async def test_expired_permit_is_asked_for_again(office: Office, provider: str) -> None:
    """The first answer comes too late to be used; nothing was sent on it."""
    office.decision.delay_s = 0.4
    async with office.delivery(provider, KAIROS_DELIVERY_PERMIT_TTL_S="0.2"):
        [message_id] = await office.decision.order()
        assert await office.settled([message_id]) == {message_id: "accepted"}
        assert len(await office.sandbox.ledger()) == 1
    assert len(office.decision.permits_asked) == 2
    assert await outcomes(office) == [("accepted", "")]


async def test_without_decision_everything_waits_and_nothing_is_lost(office: Office) -> None:
    """Transactional or not: no permit, no call."""
    office.decision.away = True
    async with office.delivery("http"):
        sent = await office.decision.order()
        sent += await office.decision.order(message_class="transactional")

        async def asked_in_vain() -> bool:
            return len(office.decision.permits_asked) >= 4

        await eventually(asked_in_vain, "delivery keeps asking")
        assert await office.sandbox.ledger() == []
        office.decision.away = False
        assert set((await office.settled(sent)).values()) == {"accepted"}


async def test_message_that_waits_too_long_expires(office: Office) -> None:
    """Also while decision is away: its slot need not wait for it."""
    office.decision.away = True
    async with office.delivery("http"):
        [message_id] = await office.decision.order(valid_for=timedelta(seconds=1))
        assert await office.settled([message_id]) == {message_id: "expired"}
    assert await outcomes(office) == [("expired", "validity_over")]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"variables_json": b"{}"}, "template"),
        ({"template": "nosuch"}, "template"),
        ({"template": "sms"}, "template"),
        ({"template": "broken"}, "template"),
        ({"template": "nul"}, "template"),
        (
            {"variables_json": b'{"profile": {"first_name": "A\\nBcc: eve@example.com"}}'},
            "template",
        ),
        ({"endpoint": "anna@example.com>\r\nRCPT TO:<eve@example.com"}, "endpoint"),
        ({"channel": "post"}, "channel"),
    ],
)
async def test_what_can_never_be_sent_is_rejected(
    office: Office, changed: dict[str, Any], fault: str
) -> None:
    """Rejected with the class of the fault; the next message is none the worse."""
    office.decision.templates["sms"] = {"key": "sms", "channel": "sms", "content": {"de": HTML}}
    office.decision.templates["broken"] = {"key": "broken", "channel": "email", "content": {}}
    nul = {"de": {"subject": "{{ profile['a\x00b'] }}", "html": "x"}}
    office.decision.templates["nul"] = {"key": "nul", "channel": "email", "content": nul}
    async with office.delivery("http"):
        [bad] = await office.decision.order(**changed)
        [good] = await office.decision.order()
        assert await office.settled([bad, good]) == {bad: "rejected", good: "accepted"}
        assert len(await office.sandbox.ledger()) == 1
    assert ("rejected", fault) in await outcomes(office)
    assert not any("eve" in fact.attempt_finished.detail for fact in await office.facts())


HTML = {"subject": "S", "html": "<p>x</p>"}


async def test_failing_provider_is_tried_again(office: Office) -> None:
    """A 503 is a row with a time; the second try arrives."""
    await office.sandbox.fault("http", error_rate=1, status=503)
    async with office.delivery("http"):
        [message_id] = await office.decision.order()

        async def failed() -> bool:
            return len(await outcomes(office)) > 0

        await eventually(failed, "one attempt has failed")
        await office.sandbox.fault("http")
        assert await office.settled([message_id]) == {message_id: "accepted"}
    got = await outcomes(office)
    assert got[0] == ("retrying", "provider_error")
    assert got[-1] == ("accepted", "")


async def test_retry_after_is_kept(office: Office) -> None:
    """No call before the provider's own time, which the development clock can bring about."""
    await office.sandbox.fault("http", error_rate=1, status=429, retry_after_s=600)
    async with office.delivery("http"):
        [message_id] = await office.decision.order()

        async def failed() -> bool:
            return len(await outcomes(office)) > 0

        await eventually(failed, "one attempt has failed")
        await office.sandbox.fault("http")
        row = await office.admin.fetchrow("SELECT next_at, owner FROM delivery.messages")
        assert row is not None
        wait = row["next_at"] - office.clock.now()
        assert timedelta(seconds=590) < wait <= timedelta(seconds=602)
        assert len(await office.sandbox.ledger()) == 1
        office.clock.shift_to(timedelta(seconds=610))
        assert await office.settled([message_id]) == {message_id: "accepted"}


async def test_provider_that_refuses_us_is_left_alone(office: Office) -> None:
    """A 401 says nothing about the messages: they wait for half a minute and more."""
    await office.sandbox.fault("http", error_rate=1, status=401)
    async with office.delivery("http"):
        await office.decision.order()

        async def failed() -> bool:
            return len(await outcomes(office)) > 0

        await eventually(failed, "one attempt has failed")
        await office.sandbox.fault("http")
        await office.decision.order(3)

        async def all_wait() -> bool:
            rows = await office.admin.fetch("SELECT owner, next_at FROM delivery.messages")
            soon = office.clock.now() + timedelta(seconds=20)
            return len(rows) == 4 and all(
                row["owner"] is None and row["next_at"] > soon for row in rows
            )

        await eventually(all_wait, "all messages wait")
    assert await outcomes(office) == [("retrying", "credentials")]


async def test_live_messages_do_not_wait_for_a_campaign(office: Office) -> None:
    """A campaign holds all its slots at a slow provider; a live message is called at once."""
    await office.sandbox.fault("http", delay_ms=2500)
    async with office.delivery("http", KAIROS_DELIVERY_BULK_AT_ONCE_MAX="40"):
        campaign = await office.decision.order(200, lane="bulk")

        async def held() -> bool:
            return list((await office.states()).values()).count("calling") == 40

        await eventually(held, "the campaign holds its slots")
        before = office.clock.now()
        [live] = await office.decision.order()
        await office.settled([live])
        await office.sandbox.fault("http")
        told = await office.message(live)
        assert told.attempts[0].called_at_us / 1e6 - before.timestamp() < 1.0
        await office.settled(campaign, 30)


async def test_other_workspaces_see_nothing(office: Office) -> None:
    """The message exists; not for them."""
    async with office.delivery("http"):
        [message_id] = await office.decision.order()
        await office.settled([message_id])
        with pytest.raises(NotFound):
            await office.message(message_id, workspace="elsewhere")
        with pytest.raises(NotFound):
            await office.message(UUID(int=7))
