"""Facts → what they put on timelines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.decisions.v1 import decision_pb2 as decisions
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from contracts.gen.kairos.events.v1 import event_pb2 as events
from kit.bus.spec import IncomingFact
from kit.clock import from_us
from kit.telemetry import trace_id_of
from services.history.domain import sentences
from services.history.domain.entry import Entry, Kind, Merge
from services.history.domain.exposures import Exposure
from services.history.domain.messages import Message
from services.history.wire.exposures import read_exposures
from services.history.wire.messages import read_messages
from services.history.wire.parts import encode, given, names, optional_id, parse, raw

_EVENT_KINDS = names(events.EventKind, "EVENT_KIND_")
_OUTCOMES = names(decisions.Outcome, "OUTCOME_")
_ATTEMPTS = names(deliveries.AttemptOutcome, "ATTEMPT_OUTCOME_")
_RECEIPTS = names(deliveries.ReceiptKind, "RECEIPT_KIND_")
_PARTS = names(consents.PermissionPart, "PERMISSION_PART_")
_STATUSES = names(consents.PermissionStatus, "PERMISSION_STATUS_")


@dataclass
class Batch:
    """What a batch of facts puts on timelines."""

    entries: list[Entry] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)


def read_facts(facts: Sequence[IncomingFact]) -> Batch:
    """The entries of these facts, in order. A fact of a kind this version does not know makes none.

    Raises Malformed for a body that is no fact.
    """
    batch = Batch()
    for incoming in facts:
        fact = parse(Fact(), incoming.body)
        body = fact.WhichOneof("body")
        tell = _TELLING.get(body or "")
        if tell is None:
            continue
        batch.entries.append(tell(_Teller(fact, incoming.stream)))
        if body == "profile_merged":
            batch.merges.append(_merge(fact))
        batch.messages += read_messages(fact, body or "")
        batch.exposures += read_exposures(fact, body or "")
    return batch


class _Teller:
    """One fact on its way onto a timeline: what all kinds of entries have in common."""

    def __init__(self, fact: Fact, stream: str) -> None:
        self.fact = fact
        self._stream = stream

    def entry(self, kind: Kind, at_us: int, summary: str, **rest: Any) -> Entry:
        fact = self.fact
        return Entry(
            workspace=fact.workspace,
            person=UUID(bytes=fact.person),
            at=from_us(at_us),
            recorded_at=from_us(fact.recorded_at_us),
            id=UUID(bytes=fact.id),
            source=self._stream,
            person_seq=fact.person_seq,
            kind=kind,
            summary=summary,
            trace_id=trace_id_of(fact.traceparent),
            **rest,
        )


def _event(teller: _Teller) -> Entry:
    body = teller.fact.event_accepted
    kind = _EVENT_KINDS[body.kind]
    event = UUID(bytes=teller.fact.id)
    if body.kind == events.EVENT_KIND_IDENTIFY:
        told = msgspec.json.decode(body.traits_json) if body.traits_json else {}
        return teller.entry(
            Kind.TRAIT,
            body.occurred_at_us,
            sentences.traits(told),
            name=kind,
            event=event,
            data_json=body.traits_json,
        )
    return teller.entry(
        Kind.EVENT,
        body.occurred_at_us,
        sentences.event(kind, body.name),
        name=body.name or kind,
        event=event,
        data_json=body.properties_json,
    )


def _merged(teller: _Teller) -> Entry:
    body = teller.fact.profile_merged
    return teller.entry(
        Kind.PROFILE,
        body.merged_at_us,
        sentences.MERGED,
        name="merged",
        data_json=encode({"merged": str(UUID(bytes=body.loser))}),
    )


def _merge(fact: Fact) -> Merge:
    body = fact.profile_merged
    return Merge(
        workspace=fact.workspace,
        loser=UUID(bytes=body.loser),
        winner=UUID(bytes=fact.person),
        loser_last_seq=body.loser_last_seq,
        merged_at=from_us(body.merged_at_us),
    )


def _decision(teller: _Teller) -> Entry:
    body = teller.fact.decision_made
    outcome = _OUTCOMES[body.outcome]
    subject = _subject(body)
    others = max(len(body.candidates) - 1, 0)
    return teller.entry(
        Kind.DECISION,
        body.at_us,
        sentences.decision(outcome, subject.template, subject.channel, others),
        name=outcome,
        reason=body.reason_en,
        code=body.reason,
        channel=subject.channel,
        journey=subject.journey,
        event=optional_id(body.trigger_id) if body.trigger_kind == "event" else None,
        decision=UUID(bytes=teller.fact.id),
        message=optional_id(body.message_id),
        data_json=_decision_data(body),
    )


def _subject(body: decisions.DecisionMade) -> decisions.Candidate:
    """The candidate a decision is about: the one that passed every rule, or else the first."""
    for candidate in body.candidates:
        if all(verdict.outcome == "passed" for verdict in candidate.verdicts):
            return candidate
    return body.candidates[0] if body.candidates else decisions.Candidate()


def _decision_data(body: decisions.DecisionMade) -> bytes:
    return encode(
        given(
            reason_de=body.reason_de,
            trigger={"kind": body.trigger_kind, "name": body.trigger_name},
            candidates=[_candidate_data(each) for each in body.candidates],
            catalog_revision=body.catalog_revision,
        )
    )


def _candidate_data(candidate: decisions.Candidate) -> dict[str, Any]:
    against = [
        given(
            rule=verdict.rule,
            outcome=verdict.outcome,
            reason=verdict.reason,
            until=from_us(verdict.until_us) if verdict.until_us else None,
            reason_en=verdict.sentence_en,
            reason_de=verdict.sentence_de,
        )
        for verdict in candidate.verdicts
        if verdict.outcome != "passed"
    ]
    return given(
        template=candidate.template,
        channel=candidate.channel,
        topic=candidate.topic,
        journey=candidate.journey,
        step=candidate.step,
        against=against,
    )


def _journey(teller: _Teller) -> Entry:
    body = teller.fact.journey_moved
    return teller.entry(
        Kind.JOURNEY,
        body.at_us,
        sentences.journey(body.move, body.journey, body.step),
        name=body.move,
        code=body.reason,
        journey=body.journey,
        data_json=encode(
            given(
                version=body.version,
                step=body.step,
                due_at=from_us(body.due_at_us) if body.due_at_us else None,
                note=body.note or None,
            )
        ),
    )


def _segment(teller: _Teller) -> Entry:
    body = teller.fact.segment_moved
    return teller.entry(
        Kind.SEGMENT,
        body.at_us,
        sentences.segment(body.move, body.segment),
        name=body.segment,
        code=body.move,
        data_json=encode(given(move=body.move, silent=body.silent or None)),
    )


def _trait_set(teller: _Teller) -> Entry:
    body = teller.fact.trait_set
    return teller.entry(
        Kind.TRAIT,
        body.at_us,
        sentences.trait_set(body.journey, body.trait),
        name=body.trait,
        journey=body.journey,
        data_json=encode({body.trait: msgspec.json.decode(body.value_json), "step": body.step}),
    )


def _emitted(teller: _Teller) -> Entry:
    body = teller.fact.event_emitted
    return teller.entry(
        Kind.EVENT,
        body.at_us,
        sentences.event("track", body.name),
        name=body.name,
        journey=body.journey,
        data_json=encode(
            {"properties": msgspec.json.decode(body.properties_json), "step": body.step}
        ),
    )


def _call_ordered(teller: _Teller) -> Entry:
    body = teller.fact.call_ordered
    return teller.entry(
        Kind.JOURNEY,
        body.at_us,
        sentences.call_ordered(body.kind, body.webhook),
        name="handed_over" if body.kind == "journey.task" else "called",
        journey=body.journey,
        data_json=encode({"webhook": body.webhook, "step": body.step}),
    )


def _permission(teller: _Teller) -> Entry:
    body = teller.fact.permission_changed
    return _wish(teller, body, "{}", "", message=optional_id(body.message_id))


def _reported_permission(teller: _Teller) -> Entry:
    """The wish as another tool recorded it; whether it changed anything, decision says."""
    return _wish(teller, teller.fact.permission_reported.change, sentences.REPORTED, "_reported")


def _wish(
    teller: _Teller, body: consents.PermissionChanged, told: str, suffix: str, **refs: Any
) -> Entry:
    part, status = _PARTS[body.part], _STATUSES[body.status]
    data = given(
        purpose=body.purpose,
        topic=body.topic,
        basis=body.basis,
        until=from_us(body.until_us) if body.until_us else None,
        evidence=raw(body.evidence_json),
    )
    return teller.entry(
        Kind.CONSENT,
        body.at_us,
        told.format(sentences.permission(part, status, body.channel, body.topic)),
        name=f"{part}_{status}{suffix}",
        channel="" if body.channel == "*" else body.channel,
        data_json=encode(data),
        **refs,
    )


def _contact(teller: _Teller) -> Entry:
    """A message of another system, beside our own."""
    body = teller.fact.contact_reported
    data = given(
        system=body.system,
        topic=body.topic,
        message_class=body.message_class,
        tags=list(body.tags),
        data=raw(body.data_json),
    )
    return teller.entry(
        Kind.MESSAGE,
        body.at_us,
        sentences.contact(body.channel, body.name, body.system),
        name=body.name or "contact",
        reason=sentences.by_system(body.system),
        code="contact",
        channel=body.channel,
        data_json=encode(data),
    )


def _attempt(teller: _Teller) -> Entry:
    body = teller.fact.attempt_finished
    outcome = _ATTEMPTS[body.outcome]
    is_sent = body.outcome == deliveries.ATTEMPT_OUTCOME_ACCEPTED
    return teller.entry(
        Kind.MESSAGE if is_sent else Kind.ATTEMPT,
        body.at_us,
        sentences.sent(body.channel, body.subject)
        if is_sent
        else sentences.attempt(body.channel, outcome, body.provider),
        name=body.template if is_sent else outcome,
        reason=body.reason_en if is_sent else body.detail,
        code=body.fault,
        channel=body.channel,
        journey=body.journey,
        campaign=body.campaign,
        decision=optional_id(body.decision_id),
        message=optional_id(body.message_id),
        data_json=_attempt_data(body, outcome),
    )


def _attempt_data(body: deliveries.AttemptFinished, outcome: str) -> bytes:
    """Enough to render the message again, and what it was sent on."""
    return encode(
        given(
            outcome=outcome,
            attempt=body.attempt,
            provider=body.provider,
            provider_message_id=body.provider_message_id,
            detail=body.detail,
            called_at=from_us(body.called_at_us) if body.called_at_us else None,
            template=body.template,
            variant=body.variant,
            catalog_revision=body.catalog_revision,
            locale=body.locale,
            subject=body.subject,
            variables=raw(body.variables_json),
            content_sha256=body.content_sha256.hex(),
            topic=body.topic,
            message_class=body.message_class,
            step=body.step,
            basis=body.basis,
            cost=body.cost_micros / 1_000_000,
            reason_de=body.reason_de,
        )
    )


def _receipt(teller: _Teller) -> Entry:
    body = teller.fact.receipt_taken
    kind = _RECEIPTS[body.kind]
    return teller.entry(
        Kind.RECEIPT,
        body.at_us,
        sentences.receipt(body.channel, kind, machine=body.machine),
        name=kind,
        code="machine" if body.machine else "",
        channel=body.channel,
        decision=optional_id(body.decision_id),
        message=optional_id(body.message_id),
        data_json=encode(
            given(provider=body.provider, detail=body.detail, machine=body.machine or None)
        ),
    )


_TELLING: dict[str, Callable[[_Teller], Entry]] = {
    "event_accepted": _event,
    "profile_merged": _merged,
    "permission_reported": _reported_permission,
    "contact_reported": _contact,
    "decision_made": _decision,
    "journey_moved": _journey,
    "trait_set": _trait_set,
    "event_emitted": _emitted,
    "call_ordered": _call_ordered,
    "permission_changed": _permission,
    "segment_moved": _segment,
    "attempt_finished": _attempt,
    "receipt_taken": _receipt,
}
"""What becomes an entry. An order is none: the decision before it and the message after it are."""
