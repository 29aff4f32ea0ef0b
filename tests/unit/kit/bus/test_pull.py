"""What a reader makes of the messages it gets."""

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from kit.bus.connection import Connection
from kit.bus.publish import TRACES
from kit.bus.pull import REQUEST_MESSAGES, Message, Pull
from kit.clock import SystemClock


class Silent(Connection):
    """A connection that takes everything and answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def publish(self, *_: object, **__: object) -> None:
        self.asked += 1


def reader() -> tuple[Pull, Silent]:
    bus = Silent()
    return Pull(bus, "TOYS", ["kairos.toys.v1.now.*"], name="beta", clock=SystemClock()), bus


def envelope(seq: int, consumer_seq: int, *, domain: bool = False) -> Msg:
    place = f"TOYS.c.1.{seq}.{consumer_seq}.1700000000.0"
    reply = f"$JS.ACK.hub.ACCHASH.{place}.token" if domain else f"$JS.ACK.{place}"
    return Msg(
        _client=Client(),
        subject="kairos.toys.v1.now.7",
        reply=reply,
        data=b"body",
        headers={TRACES: "one,two"},
    )


def status(pull: Pull, code: str, text: str = "") -> Msg:
    headers = {"Status": code, "Description": text}
    return Msg(_client=Client(), subject=pull.inbox, headers=headers)


@pytest.mark.parametrize("domain", [False, True])
async def test_an_envelope_is_read_with_its_place(*, domain: bool) -> None:
    """Both forms of the reply subject: with and without a JetStream domain."""
    pull, _ = reader()
    await pull.on_message(envelope(12, 1, domain=domain))
    assert pull.take() == Message(7, 12, b"body", ("one", "two"))
    assert pull.take() is None
    assert not pull.broken


async def test_a_gap_in_deliveries_breaks_the_reader() -> None:
    """Something was sent that never arrived; nothing behind it may be taken."""
    pull, _ = reader()
    await pull.on_message(envelope(12, 1))
    await pull.on_message(envelope(20, 3))
    assert "gap" in pull.broken
    assert pull.take() == Message(7, 12, b"body", ("one", "two"))
    assert pull.take() is None


@pytest.mark.parametrize(
    ("code", "text", "is_broken"),
    [
        ("408", "Request Timeout", False),
        ("404", "No Messages", False),
        ("409", "Message Size Exceeds MaxBytes", False),
        ("409", "Batch Completed", False),
        ("409", "Consumer Deleted", True),
        ("409", "Server Shutdown", True),
        ("409", "Leadership Change", True),
        ("503", "", True),
        ("400", "Bad Request", True),
        ("100", "Idle Heartbeat", False),
    ],
)
async def test_a_status_ends_the_request_or_the_reader(
    code: str, text: str, *, is_broken: bool
) -> None:
    pull, _ = reader()
    await pull.refill()
    await pull.on_message(status(pull, code, text))
    assert bool(pull.broken) is is_broken
    assert pull.changed.is_set() or code == "100"


async def test_the_next_request_goes_out_when_the_last_is_answered() -> None:
    pull, bus = reader()
    await pull.refill()
    await pull.refill()
    assert bus.asked == 1, "one request at a time"
    await pull.on_message(status(pull, "408"))
    assert bus.asked == 2


async def test_a_full_buffer_asks_for_no_more_until_it_is_taken() -> None:
    """Memory is bounded while a batch is slow."""
    pull, bus = reader()
    await pull.refill()
    for n in range(1, REQUEST_MESSAGES + 1):
        await pull.on_message(envelope(n, n))
    await pull.refill()
    assert bus.asked == 1
    while pull.take():
        pass
    await pull.refill()
    assert bus.asked == 2
