"""Questions to history and its answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from contracts.gen.kairos.history.v1 import service_pb2 as service
from kit.bus.rpc import Request
from kit.clock import from_us, to_us
from kit.errors import Invalid
from services.history.domain import page
from services.history.domain.entry import Entry
from services.history.domain.experiments import Question
from services.history.domain.reports import Asked, Table
from services.history.domain.statistics.planning import ALPHA
from services.history.wire.parts import encode, parse


def read_query(request: Request) -> page.Query:
    """The question for a page; raises Invalid for a cursor that is none."""
    asked = parse(service.TimelineRequest(), request.body)
    try:
        before = page.read_cursor(asked.cursor) if asked.cursor else page.TOP
    except ValueError as error:
        place = {"pointer": "/cursor", "detail": str(error)}
        raise Invalid("Take the cursor from next_cursor, unchanged", errors=[place]) from None
    return page.Query(
        workspace=request.workspace,
        persons=[UUID(bytes=each) for each in asked.persons],
        kinds=list(asked.kinds),
        channels=list(asked.channels),
        journey=asked.journey,
        campaign=asked.campaign,
        since=from_us(asked.since_us) if asked.since_us else page.BEGINNING,
        until=from_us(asked.until_us) if asked.until_us else page.END,
        before=before,
        limit=min(asked.limit or page.LIMIT_DEFAULT, page.LIMIT_MAX),
    )


def page_reply(entries: Sequence[Entry], next_place: page.Place | None) -> bytes:
    """A page, newest first."""
    return service.TimelineReply(
        items=[_item(each) for each in entries],
        next_cursor=page.write_cursor(next_place) if next_place else "",
    ).SerializeToString()


def _item(entry: Entry) -> service.TimelineItem:
    refs = {
        "event": entry.event,
        "decision": entry.decision,
        "message": entry.message,
        "journey": entry.journey,
        "campaign": entry.campaign,
    }
    return service.TimelineItem(
        id=entry.id.bytes,
        kind=entry.kind,
        at_us=to_us(entry.at),
        recorded_at_us=to_us(entry.recorded_at),
        name=entry.name,
        summary=entry.summary,
        reason=entry.reason,
        channel=entry.channel,
        refs={name: str(value) for name, value in refs.items() if value},
        data_json=entry.data_json,
        trace_id=entry.trace_id,
    )


def read_since(request: Request) -> Any:
    """From when on outcomes are counted."""
    asked = parse(service.OutcomesRequest(), request.body)
    return from_us(asked.since_us) if asked.since_us else page.BEGINNING


def outcomes_reply(counts: Sequence[tuple[str, str, str, str, int]]) -> bytes:
    """Counts by kind, name, channel and reason."""
    return service.OutcomesReply(
        counts=[
            service.OutcomeCount(kind=kind, name=name, channel=channel, reason=reason, count=count)
            for kind, name, channel, reason, count in counts
        ]
    ).SerializeToString()


def goals_question(revision: int) -> bytes:
    """Asks decision for the goals of a revision of the catalog, 0 for the newest."""
    return decision_service.CatalogRequest(kind="goal", revision=revision).SerializeToString()


def read_documents(reply: bytes) -> list[bytes]:
    """The documents of decision's answer, each as JSON."""
    told = parse(decision_service.CatalogReply(), reply)
    return [each.body_json for each in told.documents]


def read_report(request: Request) -> Asked:
    """Which report is asked for; a day that is not named is the beginning, or the end, of time."""
    asked = parse(service.ReportRequest(), request.body)
    return Asked(
        workspace=request.workspace,
        report=asked.report,
        since=(from_us(asked.since_us) if asked.since_us else page.BEGINNING).date(),
        until=(from_us(asked.until_us) if asked.until_us else page.END).date(),
        by=tuple(asked.by),
        options=dict(asked.options),
    )


def read_experiment(request: Request) -> tuple[Question, tuple[datetime, datetime]]:
    """Which arms are compared how, over people exposed from when to when."""
    asked = parse(service.ExperimentRequest(), request.body)
    question = Question(
        experiment=asked.experiment,
        arms=tuple(asked.arms),
        control=asked.control,
        goal=asked.goal,
        measure=asked.measure or "conversion",
        shares=tuple(asked.shares),
        alpha=asked.alpha or ALPHA,
    )
    since = from_us(asked.since_us) if asked.since_us else page.BEGINNING
    return question, (since, from_us(asked.until_us) if asked.until_us else page.END)


def report_reply(table: Table, notes: Mapping[str, Any] | None = None) -> bytes:
    """A report's columns, rows, and what else there is to say about it."""
    return _table(table, notes or {}).SerializeToString()


def experiment_reply(table: Table, notes: Mapping[str, Any]) -> bytes:
    """The arms of an experiment, and what else there is to say about it."""
    return service.ExperimentReply(arms=_table(table, notes)).SerializeToString()


def _table(table: Table, notes: Mapping[str, Any]) -> service.ReportReply:
    return service.ReportReply(
        columns=table.columns,
        rows_json=encode(table.rows),
        notes_json=encode(notes) if notes else b"",
    )
