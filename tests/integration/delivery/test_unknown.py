"""When nobody knows whether a call happened: dead processes, lost answers, zombies."""

import asyncio
import os
import signal
from uuid import UUID

import pytest

from tests.integration.delivery.conftest import Office, eventually
from tests.integration.delivery.test_sending import outcomes


async def in_state(office: Office, message_id: UUID, state: str) -> None:
    async def holds() -> bool:
        return (await office.states()).get(message_id) == state

    await eventually(holds, f"the message is {state}", within_s=20)


async def test_lost_answer_over_smtp_stays_unknown_for_marketing(office: Office) -> None:
    """The mail server took it and hung up: no second mail, ever."""
    await office.sandbox.fault("smtp", accept_then_close_rate=1)
    async with office.delivery("smtp"):
        [message_id] = await office.decision.order()
        assert await office.settled([message_id]) == {message_id: "unknown"}
        await office.sandbox.fault("smtp")
        [other] = await office.decision.order()
        await office.settled([other])
        assert len(await office.sandbox.ledger(message_id=f"{message_id}@kairos.example")) == 1
    assert (await outcomes(office))[0] == ("unknown", "answer_lost")


async def test_lost_answer_over_smtp_is_repeated_once_for_a_contract_message(
    office: Office,
) -> None:
    """At least once, under the same Message-ID; the first attempt stays on record as unknown."""
    await office.sandbox.fault("smtp", accept_then_close_rate=1)
    async with office.delivery("smtp"):
        [message_id] = await office.decision.order(message_class="transactional")
        assert await office.settled([message_id]) == {message_id: "unknown"}
        assert len(await office.sandbox.ledger()) == 2
        told = await office.message(message_id)
    assert [each.attempt for each in told.attempts] == [1, 2]
    assert await outcomes(office) == [("unknown", "answer_lost"), ("unknown", "answer_lost")]


async def test_lost_answer_over_a_keyed_provider_is_settled(office: Office) -> None:
    """Asked again under the same key: the provider says it had it, and there is one acceptance."""
    await office.sandbox.fault("http", accept_then_close_rate=1)
    async with office.delivery("http"):
        [message_id] = await office.decision.order()

        async def lost() -> bool:
            return ("unknown", "answer_lost") in await outcomes(office)

        await eventually(lost, "the answer is lost")
        await office.sandbox.fault("http")
        assert await office.settled([message_id]) == {message_id: "accepted"}
        entries = await office.sandbox.ledger()
    assert [entry["accepted"] for entry in entries].count(True) == 1
    assert len(entries) >= 2


@pytest.mark.parametrize(
    ("provider", "message_class", "state", "mails"),
    [
        ("smtp", "marketing", "unknown", 1),
        ("smtp", "transactional", "accepted", 2),
        ("http", "marketing", "accepted", 1),
    ],
)
async def test_killed_in_the_call(
    office: Office, provider: str, message_class: str, state: str, mails: int
) -> None:
    """kill -9 between `calling` and the outcome, after the provider has the message.

    Marketing over SMTP: at most once. A contract message: at least once, one duplicate here. With a
    key: exactly one acceptance.
    """
    await office.sandbox.fault(provider, delay_ms=700)
    async with office.process(provider) as process:
        [message_id] = await office.decision.order(message_class=message_class)
        await in_state(office, message_id, "calling")
        await asyncio.sleep(0.3)
        process.kill()
        await process.wait()

    async def arrived() -> bool:
        return len(await office.sandbox.ledger(accepted="true")) == 1

    await eventually(arrived, "the provider has accepted it")
    assert (await office.states())[message_id] == "calling"
    await office.sandbox.fault(provider)
    async with office.delivery(provider):
        assert await office.settled([message_id]) == {message_id: state}
        accepted = await office.sandbox.ledger(accepted="true")
    assert len(accepted) == mails
    assert (await outcomes(office))[0] == ("unknown", "process_lost")


async def test_killed_before_the_call_is_sent_by_the_next_process(office: Office) -> None:
    """Claimed, never called: nothing is unknown about it."""
    office.decision.away = True
    async with office.process() as process:
        [message_id] = await office.decision.order()

        async def asked() -> bool:
            return len(office.decision.permits_asked) > 0

        await eventually(asked, "the process has claimed it", within_s=20)
        process.kill()
        await process.wait()
    office.decision.away = False
    async with office.delivery("http"):
        assert await office.settled([message_id]) == {message_id: "accepted"}
        assert len(await office.sandbox.ledger()) == 1
    assert await outcomes(office) == [("accepted", "")]


async def test_zombie_writes_nothing(office: Office) -> None:
    """Stopped in a call past its time to live, taken over, woken up: its outcome does not count."""
    await office.sandbox.fault("smtp", delay_ms=600)
    async with office.process("smtp") as zombie:
        [message_id] = await office.decision.order()
        await in_state(office, message_id, "calling")
        await asyncio.sleep(0.2)
        zombie.send_signal(signal.SIGSTOP)
        async with office.delivery("smtp"):
            assert await office.settled([message_id]) == {message_id: "unknown"}
            os.kill(zombie.pid, signal.SIGCONT)
            [other] = await office.decision.order()
            await office.settled([other])
            await asyncio.sleep(1)
            assert (await office.states())[message_id] == "unknown"
            assert len(await office.sandbox.ledger(message_id=f"{message_id}@kairos.example")) == 1
    facts = [fact.attempt_finished for fact in await office.facts()]
    assert [each.fault for each in facts if each.message_id == message_id.bytes] == ["process_lost"]


async def test_two_processes_send_each_message_once(office: Office) -> None:
    """Both claim from the same table."""
    async with office.delivery("http"), office.process("http"):
        sent = await office.decision.order(150, lane="bulk")
        sent += await office.decision.order(50)
        assert set((await office.settled(sent, 40)).values()) == {"accepted"}
        entries = await office.sandbox.ledger()
    assert len(entries) == 200


async def test_drained_process_leaves_nothing_claimed(office: Office) -> None:
    """SIGTERM while messages wait: they are given back, and nobody has to be declared dead."""
    office.decision.away = True
    async with office.delivery("http"):
        await office.decision.order(60)  # more than there are slots

        async def asked() -> bool:
            return len(office.decision.permits_asked) > 0

        await eventually(asked, "messages are claimed")
    rows = await office.admin.fetch("SELECT state, owner FROM delivery.messages")
    assert {(row["state"], row["owner"]) for row in rows} == {("planned", None)}
    assert await office.admin.fetchval("SELECT count(*) FROM delivery.senders") == 0
