"""The switch of a workspace's marketing over REST."""

from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.topology import CONTROLS
from kit.bus.rpc import Request
from tests.integration.gateway.conftest import Door


async def test_marketing_is_stopped_for_the_workspace_of_the_key(door: Door) -> None:
    """Decision hears it, and the answer says how the switch stands."""

    def controls(request: Request) -> bytes:
        asked = decision.ControlsRequest.FromString(request.body)
        stopped = asked.marketing_stopped if asked.HasField("marketing_stopped") else True
        return decision.ControlsReply(marketing_stopped=stopped).SerializeToString()

    door.toys.says(CONTROLS, controls)
    url, secret = "/v1/workspace/marketing", door.key("secret")
    put = await door.http.put(url, json={"stopped": True}, headers=secret)
    assert put.json() == {"stopped": True}
    assert (await door.http.get(url, headers=door.key("reader"))).json() == {"stopped": True}
    put = await door.http.put(url, json={"stopped": False}, headers=secret)
    assert put.json() == {"stopped": False}
    assert {each.workspace for each in door.toys.requests(CONTROLS)} == {"fitshop"}


async def test_switch_needs_a_key_that_may_write_and_a_body_that_says_which_way(
    door: Door,
) -> None:
    url = "/v1/workspace/marketing"
    refused = await door.http.put(url, json={"stopped": True}, headers=door.key("reader"))
    assert refused.status_code == 403
    for body in ({}, {"stopped": "maybe"}, {"stopped": True, "until": "tomorrow"}):
        answer = await door.http.put(url, json=body, headers=door.key("secret"))
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
    assert door.toys.requests(CONTROLS) == []
