"""`/v1/decisions`: why a person got a message or did not, what they would get, and what else was
worth.
"""

from uuid import UUID

from fastapi import APIRouter

from contracts.topology import DECISION, EVALUATE, PREVIEW, REPLAY
from gateway.context import Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.decisions import (
    Decision,
    EvaluateRequest,
    Evaluation,
    Preview,
    PreviewRequest,
    Replay,
    ReplayRequest,
)
from gateway.wire import decisions as wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["decisions"])


@router.post(
    "/v1/decisions/preview",
    summary="What would this person get, now or at a later time, and why not something else",
    description="Nothing is changed or sent. Everything that waits competes at that moment; up to"
    " it time passes as if nothing else happened. With `template` or `journey`, `why_not` says"
    " where the person stands with each message of that name.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def preview(asked: PreviewRequest, ctx: Ctx, key: Reader) -> Preview:
    person = await find_profile(ctx, key.workspace, asked.profile)
    request = wire.preview_request(person.id, asked)
    return wire.preview(person.id, await ctx.caller.call(PREVIEW, key.workspace, request))


@router.post(
    "/v1/decisions/replay",
    summary="Run stored decisions again",
    description="Each is computed from what it rested on, and must come out to the bit. By `ids`,"
    " or a page in order of time; ask on with `next_cursor`.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def replay(asked: ReplayRequest, ctx: Ctx, key: Reader) -> Replay:
    request = wire.replay_request(asked)
    return wire.replay(await ctx.caller.call(REPLAY, key.workspace, request))


@router.post(
    "/v1/decisions/evaluate",
    summary="What another policy would have been worth",
    description="Off-policy evaluation on the log of decisions that had a choice between variants"
    " or channels: IPS, SNIPS and DR with 95 % intervals, in responses per decision.",
    responses=documented(NotFound, Invalid),
)
async def evaluate(asked: EvaluateRequest, ctx: Ctx, key: Reader) -> Evaluation:
    request = wire.evaluate_request(asked)
    return wire.evaluation(await ctx.caller.call(EVALUATE, key.workspace, request))


@router.get(
    "/v1/decisions/{decision_id}",
    summary="One decision with the whole story",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def decision(decision_id: UUID, ctx: Ctx, key: Reader) -> Decision:
    request = wire.decision_request(decision_id)
    return wire.decision(decision_id, await ctx.caller.call(DECISION, key.workspace, request))
