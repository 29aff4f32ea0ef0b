"""`POST /v1/contacts`: what other systems sent stands on the same timeline and counts in caps."""

from typing import Any

import msgspec
from fastapi import APIRouter

from contracts.topology import ACCEPT
from gateway.api.routes import WriteRoute
from gateway.auth import Key
from gateway.context import Admin, Context, Ctx, find_profile
from gateway.problems import documented
from gateway.shapes.contacts import Contact, ContactsTaken
from gateway.wire import ingest as wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["contacts"], route_class=WriteRoute)


@router.post(
    "/v1/contacts",
    summary="Report a message that another system sent",
    description="It stands on the person's timeline and takes a slot of every cap that fits its"
    " channel, topic, class and tags. Reporting the same `id` again changes nothing.",
    responses=documented(NotFound, Invalid),
)
async def report(asked: Contact, ctx: Ctx, key: Admin) -> ContactsTaken:
    item = {
        **await _ids(ctx, key, asked.to.profile),
        "type": "contact",
        "messageId": asked.id,
        "timestamp": asked.at.isoformat() if asked.at else None,
        "channel": asked.channel,
        "topic": asked.topic,
        "class": asked.message_class,
        "tags": asked.tags,
        "name": asked.name,
        "system": asked.system,
        "data": asked.data,
    }
    told = await _offer(ctx, key, {name: each for name, each in item.items() if each is not None})
    for each in told.refused:
        place = {"pointer": each.pointer.removeprefix("/batch/0"), "detail": each.reason}
        raise Invalid(each.reason, errors=[place])
    return ContactsTaken(accepted=told.accepted, repeated=told.repeated)


async def _ids(ctx: Context, key: Key, ref: str) -> dict[str, str]:
    """The id ingest knows the person by; `user:` and `anonymous:` make who is new."""
    scheme, _, value = ref.partition(":")
    if scheme == "user" and value:
        return {"userId": value}
    if scheme == "anonymous" and value:
        return {"anonymousId": value}
    person = await find_profile(ctx, key.workspace, ref)
    if person.user_ids:
        return {"userId": person.user_ids[0]}
    return {"anonymousId": person.anonymous_ids[0]}


async def _offer(ctx: Context, key: Key, item: dict[str, Any]) -> wire.Accepted:
    delivery = wire.Delivery(
        call="contacts",
        body=msgspec.json.encode({"batch": [item]}),
        from_browser=False,
        received_at=ctx.clock.now(),
        client_ip="",
        user_agent="",
    )
    reply = await ctx.caller.call(ACCEPT, key.workspace, wire.accept_request(delivery))
    return wire.accepted(reply)
