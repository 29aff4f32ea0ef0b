"""`/v1/dev/clock`: moves the system's time forward. Only where KAIROS_DEV_CLOCK=1, else 404."""

from fastapi import APIRouter

from gateway import durations
from gateway.context import Admin, Context, Ctx, Reader
from gateway.problems import documented
from gateway.shapes.development import ClockMove, ClockState
from kit import devclock
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["development"])


@router.get(
    "/v1/dev/clock",
    summary="The system's time",
    response_model_exclude_none=True,
    responses=documented(NotFound),
)
async def clock(ctx: Ctx, key: Reader) -> ClockState:
    _coordinator(ctx)
    return ClockState(now=ctx.clock.now())


@router.post(
    "/v1/dev/clock",
    summary="Let time pass",
    description="Due instant by due instant; answers when everything that became due is done.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def move(asked: ClockMove, ctx: Ctx, key: Admin) -> ClockState:
    coordinator = _coordinator(ctx)
    if (asked.advance is None) == (asked.to is None):
        raise Invalid("Say either advance or to")
    if asked.to is not None:
        instant = asked.to
    else:
        instant = ctx.clock.now() + durations.parse(asked.advance or "")
    if instant < ctx.clock.now():
        raise Invalid("Time only moves forward")
    done = await coordinator.advance_to(instant)
    return ClockState(now=done.now, steps=done.steps)


def _coordinator(ctx: Context) -> devclock.Coordinator:
    if ctx.coordinator is None:
        raise NotFound("The development clock is off here")
    return ctx.coordinator
