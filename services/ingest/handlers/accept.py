"""Accepts events: reads bodies, shares a commit, answers when it is durable."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from contracts.telemetry import (
    ATTRIBUTE_WORKSPACE,
    METRIC_EVENTS_ACCEPTED,
    METRIC_EVENTS_REFUSED,
)
from kit import telemetry
from kit.bus.rpc import Request
from kit.clock import Clock
from kit.errors import Invalid, KairosError, Malformed, NotFound, TooLarge
from services.ingest import wire
from services.ingest.domain import reading
from services.ingest.domain.endpoints import Spelling
from services.ingest.domain.items import Refusal, Refused
from services.ingest.handlers.committing import Outcome, Submission
from services.ingest.handlers.group import GroupCommit
from services.ingest.handlers.plans import Plans
from services.ingest.ports import Told

_ERRORS: dict[int, type[KairosError]] = {400: Malformed, 404: NotFound, 413: TooLarge, 422: Invalid}

_accepted = telemetry.counter(METRIC_EVENTS_ACCEPTED, "1", "Events stored")
_refused = telemetry.counter(METRIC_EVENTS_REFUSED, "1", "Items refused")


class Reception:
    """Answers `accept` and `accept_many`."""

    def __init__(
        self,
        commits: GroupCommit[Submission, Outcome],
        clock: Clock,
        spelling: Spelling,
        plans: Plans,
    ) -> None:
        self._plans = plans
        self._commits = commits
        self._clock = clock
        self._spelling = spelling

    async def on_accept(self, request: Request) -> bytes:
        """Answers when everything valid in the request is stored exactly once; a dry run stores
        nothing and counts what could be.

        A fault of the whole body, or the refusal of a single call, is raised as Malformed, TooLarge
        or Invalid.
        """
        workspace = wire.workspace_of(request)
        message = wire.read_accept(request.body)
        told = await self._accept(message, workspace, await self._around(workspace))
        return wire.accept_reply(told)

    async def on_accept_many(self, request: Request) -> bytes:
        """The same for several requests of one workspace: each is answered as if it had come alone,
        when all of them are settled.
        """
        workspace = wire.workspace_of(request)
        around = await self._around(workspace)
        outcomes = await asyncio.gather(
            *(
                self._settled(message, workspace, around)
                for message in wire.read_accept_many(request.body)
            )
        )
        return wire.accept_many_reply(outcomes)

    async def _around(self, workspace: str) -> wire.Surroundings:
        rules = await self._plans.rules(workspace)
        traceparent = telemetry.current_traceparent()
        return wire.Surroundings(self._clock, self._spelling, rules, traceparent)

    async def _settled(
        self, message: wire.AcceptRequest, workspace: str, around: wire.Surroundings
    ) -> Told | KairosError:
        try:
            return await self._accept(message, workspace, around)
        except KairosError as error:
            return error

    async def _accept(
        self, message: wire.AcceptRequest, workspace: str, around: wire.Surroundings
    ) -> Told:
        source = wire.read_source(message, workspace, around)
        try:
            read = reading.read(message.call, message.body_json, source)
        except Refused as error:
            _count_refused(workspace, [error.refusal])
            raise _as_error(error.refusal) from None
        if message.dry_run:
            return Told(accepted=len(read.items), repeated=0, refused=read.refused)
        outcome = Outcome(accepted=0, repeated=0)
        if read.items:
            weight = max(len(read.items), len(message.body_json) // 1024)
            outcome = await self._commits.submit(
                Submission(items=read.items, weight=weight, traceparent=source.traceparent)
            )
        refused = sorted([*read.refused, *outcome.refused], key=lambda each: each.index)
        _count_accepted(workspace, message.call, outcome.accepted)
        _count_refused(workspace, refused)
        if refused and message.call not in reading.BATCH_CALLS:
            raise _as_error(refused[0])
        return Told(
            accepted=outcome.accepted - outcome.quarantined,
            repeated=outcome.repeated,
            quarantined=outcome.quarantined,
            refused=refused,
        )


def _count_accepted(workspace: str, call: str, accepted: int) -> None:
    if accepted:
        _accepted.add(accepted, {ATTRIBUTE_WORKSPACE: workspace, "call": call})


def _count_refused(workspace: str, refused: Sequence[Refusal]) -> None:
    for status, count in Counter(each.status for each in refused).items():
        _refused.add(count, {ATTRIBUTE_WORKSPACE: workspace, "status": status})


def _as_error(refusal: Refusal) -> KairosError:
    """The refusal as the error the caller gets; names the place where there is one."""
    kind = _ERRORS[refusal.status]
    if not refusal.pointer:
        return kind(refusal.reason)
    place = {"pointer": refusal.pointer, "detail": refusal.reason}
    return kind(f"{refusal.reason} (at {refusal.pointer})", errors=[place])
