"""The feed for outsiders: one message for each fact that has a subject there."""

from nats.aio.msg import Msg

from kit.bus.jetstream import ask, stream_state
from kit.bus.spec import FeedSpec
from tests.integration.bus.toys import Alpha, World, fact, until, value

FEED = FeedSpec()


async def test_facts_with_a_feed_subject_are_published_once_each(world: World) -> None:
    """CloudEvents headers, the fact itself as payload, order kept, others stay inside."""
    heard: list[Msg] = []

    async def listen(message: Msg) -> None:
        heard.append(message)

    async with world.alpha() as alpha, world.beta() as beta, world.bus("outsider") as outsider:
        await outsider.subscribe("kairos.feed.v1.shop.>", listen)
        await outsider.settle()
        await alpha.say(*(fact("anna", n, feed=n % 2 == 0) for n in range(10)))
        await beta.has_heard(10)
        await alpha.all_forgotten()
        await outsider.settle()
    assert [each.data for each in heard] == [b"anna:%d" % n for n in range(0, 10, 2)]
    headers = heard[0].headers or {}
    assert heard[0].subject == "kairos.feed.v1.shop.toys.said"
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-type"] == "kairos.toys.said.v1"
    assert headers["ce-source"] == "/kairos/alpha"
    assert headers["ce-id"] == headers["Nats-Msg-Id"] == fact("anna", 0).id
    assert headers["content-type"] == "application/protobuf"


async def test_the_feed_never_holds_up_the_lanes(world: World) -> None:
    """Its stream cannot take anything: facts flow inside, the rows wait for the feed."""
    async with world.bus("operator") as operator:
        await ask(
            operator,
            f"STREAM.CREATE.{FEED.name}",
            {"name": FEED.name, "subjects": [FEED.subjects], "max_msg_size": 1, "storage": "file"},
        )
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(*(fact("anna", n, feed=True) for n in range(5)))
        await beta.has_heard(5)
        assert await value(alpha.db, "SELECT count(*) FROM outbox WHERE feed IS NOT NULL") == 1
        await ask(alpha.bus, f"STREAM.DELETE.{FEED.name}")
        await alpha.all_forgotten(within_s=20)
        state = await stream_state(alpha.bus, FEED.name)
    assert state is not None
    assert state.messages == 5


async def test_what_the_feed_owes_survives_the_relay(world: World) -> None:
    """A process died after publishing to the lanes: the next one pays the feed."""
    async with world.alpha() as alpha:
        await until(lambda: _relays(alpha))
        await alpha.say(fact("anna", 1, feed=True))
    async with world.alpha() as alpha, world.beta():
        await alpha.all_forgotten()
        state = await stream_state(alpha.bus, FEED.name)
    assert state is not None
    assert state.messages == 1


async def _relays(alpha: Alpha) -> bool:
    return bool(alpha.relay.leases.owned)
