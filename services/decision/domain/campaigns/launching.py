"""A campaign reaches a person: at most once per run, whatever is repeated."""

from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from services.decision.domain.campaigns.documents import PREFIX
from services.decision.domain.civil import instant_s
from services.decision.domain.decisions import Move
from services.decision.domain.inputs import LaunchInput
from services.decision.domain.journeys import engine
from services.decision.domain.state import DAY_S, Passage, Position
from services.decision.domain.turn import Turn

_RUN_BYTES = 5
#: Runs of one campaign a person's state remembers; the recipients' table remembers all.
_RUNS_KEPT = 4
#: How long a person's state remembers campaigns that reached them.
KEPT_S = 31 * DAY_S


def on_launch(turn: Turn, launch: LaunchInput) -> str:
    """Want the person's variant to go out; again, or outside the audience, changes nothing.

    What an earlier run of the campaign left waiting gives way: nobody gets both.
    """
    campaign = turn.catalog.campaigns.get(launch.campaign)
    if campaign is None:
        return "unchanged"
    state, journey = turn.state, campaign.journey
    passage = state.passages.get(journey.key)
    mark = mark_of(launch.run)
    if passage is not None and mark in _marks(passage.values):
        return "duplicate"
    if journey.audience is not None and not journey.audience(state, turn.now_s, {}):
        return "unchanged"
    _give_way(turn, journey.key)
    values = ((passage.values if passage else b"") + mark)[-_RUN_BYTES * _RUNS_KEPT :]
    entered = passage.entered + 1 if passage else 1
    state.passages[journey.key] = Passage(entered, turn.now_s, values)
    position = Position(journey.key, journey.version, "", launch.run, turn.now_s, 0, {}, "launch")
    state.positions.append(position)
    engine.walk(turn, position, journey, campaign.variant_of(turn.person_hex), Move.ENTERED)
    if launch.local_at:
        _wait_until(turn, position, launch.local_at)
    return "applied"


def forget(turn: Turn) -> None:
    """Drop what the state remembers of campaigns long past."""
    passages = turn.state.passages
    for key in [key for key in passages if key.startswith(PREFIX)]:
        if passages[key].last_s + KEPT_S < turn.now_s:
            del passages[key]


def mark_of(run: UUID) -> bytes:
    """Return the mark of a run in the state."""
    return blake2b(run.bytes, digest_size=_RUN_BYTES, person=b"kairos-run").digest()


def _marks(packed: bytes) -> list[bytes]:
    return [packed[i : i + _RUN_BYTES] for i in range(0, len(packed), _RUN_BYTES)]


def _give_way(turn: Turn, key: str) -> None:
    state = turn.state
    state.pending = [one for one in state.pending if one.journey != key]
    state.positions = [one for one in state.positions if one.journey != key]


def _wait_until(turn: Turn, position: Position, local_at: str) -> None:
    """Let the message wait for a local time of the person, and be valid from then on."""
    at = datetime.fromisoformat(local_at)
    due_s = instant_s(at.date(), at.time(), turn.zone)
    if due_s <= turn.now_s:
        return
    for i, pending in enumerate(turn.state.pending):
        if (pending.journey, pending.entry) == (position.journey, position.entry):
            turn.state.pending[i] = msgspec.structs.replace(
                pending, due_s=due_s, valid_until_s=due_s + pending.valid_until_s - pending.since_s
            )
