"""Campaigns: launched after a check, paused and resumed exactly, followed live."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.errors import Conflict, Invalid, NotFound
from kit.ids import new_id
from services.decision.domain import state as states
from services.decision.domain.campaigns.compiling import Campaign
from services.decision.domain.campaigns.documents import PREFIX
from services.decision.domain.campaigns.runs import CampaignRun
from services.decision.domain.catalog import Catalog
from services.decision.domain.decisions import Outcome
from services.decision.domain.inputs import LaunchInput
from services.decision.domain.step import step
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.recurrence import begins, instant, occurrence
from services.decision.ports.campaigns import CampaignStore
from services.decision.wire import campaigns as wire

SAMPLE = 300
"""People a check predicts from: about 30 ms."""
RATE_OVER = timedelta(minutes=1)
OPEN = frozenset({"awaiting_approval", "scheduled", "running", "paused"})
WAITING = frozenset({"taken", "held", "ordered"})


class CampaignDesk:
    """Answers `campaign` and `check_campaign`."""

    def __init__(
        self, store: CampaignStore, catalogs: Catalogs, controls: ControlsDesk, clock: Clock
    ) -> None:
        self._store = store
        self._catalogs = catalogs
        self._controls = controls
        self._clock = clock

    async def on_campaign(self, tx: Tx, request: Request) -> bytes:
        """How a campaign stands; with an action, after it. Asking again for what is so is no error.

        Raises NotFound, Conflict where its state does not allow the action, Invalid for a rule.
        """
        asked = wire.campaign_request(request.body)
        catalog = (await self._catalogs.current(tx, {request.workspace}))[request.workspace]
        campaign = catalog.campaigns.get(asked.campaign)
        runs = await self._store.lock_runs(tx, request.workspace, asked.campaign)
        if campaign is None and not runs:
            raise NotFound("There is no campaign with this key")
        if asked.action == "launch":
            if campaign is None:
                raise NotFound("The campaign is no longer in the catalog")
            await self._launch(tx, request.workspace, campaign, catalog, runs, asked)
        elif asked.action == "approve":
            await self._approve(tx, runs, asked.actor)
        elif asked.action:
            await self._turn(tx, runs, asked.action)
        if asked.action in ("launch", "pause", "resume", "cancel"):
            paused = asked.action in ("pause", "cancel")
            key = PREFIX + asked.campaign
            await self._controls.pause(tx, request.workspace, key, paused=paused)
        return wire.campaign_reply(await self._progress(tx, request.workspace, asked.campaign))

    async def on_check(self, tx: Tx, request: Request) -> bytes:
        """What a launch would come to now, predicted from a sample on the pure core: nothing is
        changed.
        """
        key = wire.check_request(request.body)
        catalog = (await self._catalogs.current(tx, {request.workspace}))[request.workspace]
        campaign = catalog.campaigns.get(key)
        if campaign is None:
            raise NotFound("There is no campaign with this key")
        people = await self._store.count_people(tx, request.workspace, campaign.segment)
        sample = await self._store.sample_states(tx, request.workspace, campaign.segment, SAMPLE)
        now = self._clock.now()
        return wire.check_reply(_checked(campaign, catalog, people, sample, now))

    async def _launch(
        self,
        tx: Tx,
        workspace: str,
        campaign: Campaign,
        catalog: Catalog,
        runs: list[CampaignRun],
        asked: wire.CampaignAsked,
    ) -> None:
        if any(run.state in OPEN for run in runs):
            raise Conflict("The campaign is under way: cancel it before launching it again")
        if runs and not campaign.rrule and not asked.missed:
            raise Conflict("Everybody has had this campaign; launch it for those who missed it")
        if asked.missed and not runs:
            raise Conflict("Nobody has missed a campaign that was never launched")
        now = self._clock.now()
        due_at = now
        if campaign.at and not asked.missed:
            at = occurrence(campaign, catalog.timezone, now if campaign.rrule else None)
            if not at:
                raise Invalid("The campaign's rrule has no time left")
            due_at = begins(campaign, at, catalog.timezone)
            if not campaign.rrule and instant(at, catalog.timezone) < now - timedelta(days=1):
                raise Invalid("The campaign's time is over; give it another")
        state = "awaiting_approval" if catalog.campaigns_need_approval else "scheduled"
        run = CampaignRun(
            workspace, campaign.key, new_id(self._clock), asked.missed, state, due_at, due_at,
            None, 0, 0, 0, asked.actor, None, None,
        )  # fmt: skip
        await self._store.insert_run(tx, run)

    async def _approve(self, tx: Tx, runs: list[CampaignRun], actor: str) -> None:
        waiting = [run for run in runs if run.state == "awaiting_approval"]
        if not waiting:
            raise Conflict("No launch of this campaign waits for approval")
        if waiting[0].launched_by == actor:
            raise Conflict("Four eyes: another key than the one that launched it must approve")
        await self._store.save_run(tx, waiting[0]._replace(state="scheduled"))

    async def _turn(self, tx: Tx, runs: list[CampaignRun], action: str) -> None:
        """Pause, resume or cancel what is under way; the lock on the runs is the point in time."""
        under_way = [run for run in runs if run.state in OPEN]
        if not under_way:
            if action == "resume":
                raise Conflict("The campaign is not under way: launch it")
            return
        for run in under_way:
            state = run.state
            if action == "pause" and state in ("scheduled", "running"):
                state = "paused"
            elif action == "resume" and state == "paused":
                state = "running" if run.started_at else "scheduled"
            elif action == "cancel":
                state = "cancelled"
            finished_at = self._clock.now() if state == "cancelled" else None
            await self._store.save_run(tx, run._replace(state=state, finished_at=finished_at))

    async def _progress(self, tx: Tx, workspace: str, key: str) -> dict[str, Any]:
        runs = await self._store.lock_runs(tx, workspace, key)
        shown = [await self._run_view(tx, run) for run in runs[:10]]
        state = next((run.state for run in runs if run.state in OPEN), None)
        return {
            "campaign": key,
            "state": state or (runs[0].state if runs else "draft"),
            "runs": shown,
        }

    async def _run_view(self, tx: Tx, run: CampaignRun) -> dict[str, Any]:
        counts = await self._store.count_recipients(tx, run.workspace, run.campaign, run.run)
        outcomes: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        variants: dict[str, Counter[str]] = {}
        for variant, state, reason, people in counts:
            outcomes[state] += people
            variants.setdefault(variant, Counter())[state] += people
            if reason and state in ("silent", "held"):
                reasons[reason] += people
        since = self._clock.now() - RATE_OVER
        per_minute = await self._store.count_since(tx, run.workspace, run.campaign, run.run, since)
        left = max(0, run.audience - run.taken) + sum(outcomes[state] for state in WAITING)
        eta_s = None
        if run.state == "running" and per_minute and left:
            eta_s = round(60 * left / per_minute)
        return {
            "run": run.run,
            "missed": run.missed,
            "state": run.state,
            "begins_at": run.occurs_at,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "audience": run.audience,
            "taken_up": run.taken,
            "outcomes": dict(sorted(outcomes.items())),
            "reasons": dict(sorted(reasons.items())),
            "variants": {key: dict(sorted(found.items())) for key, found in variants.items()},
            "per_minute": per_minute,
            "eta_s": eta_s,
        }


def _checked(
    campaign: Campaign,
    catalog: Catalog,
    people: int,
    sample: list[tuple[UUID, bytes]],
    now: datetime,
) -> dict[str, Any]:
    """What a launch comes to for the people of a sample, and so, by share, for all."""
    channels: Counter[str] = Counter()
    held: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    inside = 0
    run = UUID(int=0x7 << 76 | 0b10 << 62)
    for person, data in sample:
        state = states.decode(data) if data else states.new(person)
        launch = LaunchInput(run, campaign.key, run, now)
        result = step(state, [launch], catalog, now)
        if not any(note.result == "applied" for note in result.notes):
            continue
        inside += 1
        key = PREFIX + campaign.key
        decided = [d for d in result.decisions if any(c.journey == key for c in d.candidates)]
        order = next((d.order for d in decided if d.order and d.order.journey == key), None)
        if order is not None:
            channels[order.channel] += 1
        for decision in decided if order is None else ():
            reason = next(
                (str(c.against[-1].reason) for c in decision.candidates
                 if c.journey == key and c.against),
                str(decision.reason),
            )  # fmt: skip
            (held if decision.outcome in (Outcome.HELD, Outcome.MESSAGE) else lost)[reason] += 1
    share = people / len(sample) if sample else 0
    problems = [] if inside else ["Nobody of the sample is in the audience"]
    if inside and not channels and not held:
        problems.append("Nobody of the sample could be reached")
    return {
        "campaign": campaign.key,
        "people": people,
        "sampled": len(sample),
        "audience": round(inside * share),
        "reachable": {channel: round(n * share) for channel, n in sorted(channels.items())},
        "held": {reason: round(n * share) for reason, n in sorted(held.items())},
        "lost": {reason: round(n * share) for reason, n in sorted(lost.items())},
        "needs_approval": catalog.campaigns_need_approval,
        "problems": problems,
    }
