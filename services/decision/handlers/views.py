"""A person's permission and journeys as plain values, for the answers of the API."""

from datetime import datetime
from typing import Any

from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s, from_us, to_s
from services.decision.domain.permission import judge
from services.decision.domain.state import Block, PersonState
from services.decision.ports.runs import Run


def permission_view(state: PersonState, catalog: Catalog, now: datetime) -> dict[str, Any]:
    """The stored parts of permission, kept apart, and the verdict per channel and topic."""
    permission = state.permission
    return {
        "consents": [
            {
                **dict(zip(("purpose", "channel", "topic"), name.split("/", 2), strict=True)),
                "status": consent.status,
                "at": from_us(consent.at_us),
                "basis": consent.basis,
                "evidence": consent.evidence,
            }
            for name, consent in sorted(permission.consents.items())
        ],
        "objection": _block(permission.objection),
        "suppressions": [
            {"channel": channel, **shown}
            for channel, one in sorted(permission.suppressions.items())
            if (shown := _block(one))
        ],
        "pause": _block(permission.pause),
        "mute": _block(permission.mute),
        "verdicts": _verdicts(state, catalog, to_s(now)),
    }


def _block(block: Block | None) -> dict[str, Any] | None:
    if block is None or not block.on:
        return None
    shown = {"at": from_us(block.at_us), "reason": block.reason}
    return shown | ({"until": from_s(block.until_s)} if block.until_s else {})


def _verdicts(state: PersonState, catalog: Catalog, now_s: int) -> list[dict[str, Any]]:
    used = sorted({(t.channel, t.topic, t.message_class) for t in catalog.templates.values()})
    verdicts = []
    for channel, topic, message_class in used:
        customers = catalog.existing_customers.get(topic) if channel == "email" else None
        verdict = judge(
            state.permission, state.endpoints, channel, topic, message_class, now_s,
            customers is not None and customers.include(state, now_s),
        )  # fmt: skip
        verdicts.append(
            {
                "channel": channel,
                "topic": topic,
                "class": message_class,
                "allowed": verdict.allowed,
                "basis": verdict.basis,
                "reason": verdict.reason,
            }
        )
    return verdicts


def run_view(run: Run) -> dict[str, Any]:
    """One person at a step."""
    return {
        "profile_id": run.person,
        "run": run.run,
        "version": run.version,
        "step": run.step,
        "entered_at": run.entered_at,
        "since": run.since,
        "until": run.due_at,
    }


def journeys_view(state: PersonState) -> list[dict[str, Any]]:
    """Where the person stands: at a wait, or with a message that waits for its turn."""
    waiting = [
        {
            "journey": one.journey,
            "version": one.version,
            "step": one.step,
            "entered_at": from_s(one.entered_s),
            "until": from_s(one.due_s) if one.due_s else None,
        }
        for one in state.positions
    ]
    pending = [
        {
            "journey": one.journey,
            "version": one.version,
            "step": one.step,
            "entered_at": from_s(one.since_s),
            "until": from_s(one.due_s),
            "valid_until": from_s(one.valid_until_s),
        }
        for one in state.pending
    ]
    return waiting + pending
