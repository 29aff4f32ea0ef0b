"""Protobuf ⇄ what the gateway works with: outcomes, reports and experiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from contracts.gen.kairos.history.v1 import service_pb2 as history_service
from gateway.shapes.reports import OutcomeCount, Outcomes
from gateway.wire.common import json_of
from kit.clock import to_us


def outcomes_request(since: datetime | None) -> bytes:
    since_us = to_us(since) if since else 0
    return history_service.OutcomesRequest(since_us=since_us).SerializeToString()


def outcomes(reply: bytes) -> Outcomes:
    told = history_service.OutcomesReply.FromString(reply)
    return Outcomes(
        items=[
            OutcomeCount(
                kind=each.kind,
                name=each.name or None,
                channel=each.channel or None,
                reason=each.reason or None,
                count=each.count,
            )
            for each in told.counts
        ]
    )


Told = tuple[list[str], list[list[Any]], dict[str, Any]]


@dataclass(frozen=True)
class ReportQuestion:
    """Which report, over which whole days [since, until), broken down by what."""

    report: str
    since: date | None
    until: date | None
    by: Sequence[str]
    options: Mapping[str, str] = field(default_factory=dict)


def report_request(asked: ReportQuestion) -> bytes:
    return history_service.ReportRequest(
        report=asked.report,
        since_us=_day_us(asked.since),
        until_us=_day_us(asked.until),
        by=asked.by,
        options=asked.options,
    ).SerializeToString()


def report(reply: bytes) -> Told:
    """Columns, rows, notes."""
    return _table(history_service.ReportReply.FromString(reply))


def experiment(reply: bytes) -> Told:
    """The same of an experiment's arms."""
    return _table(history_service.ExperimentReply.FromString(reply).arms)


def _table(told: history_service.ReportReply) -> Told:
    return list(told.columns), json_of(told.rows_json) or [], json_of(told.notes_json) or {}


def _day_us(day: date | None) -> int:
    return to_us(datetime(day.year, day.month, day.day, tzinfo=UTC)) if day else 0


@dataclass(frozen=True)
class ExperimentQuestion:
    """Which experiment is compared how."""

    experiment: str
    arms: Sequence[str]
    control: str
    goal: str
    measure: str
    shares: Sequence[float]
    alpha: float
    since: date | None
    until: date | None


def experiment_request(asked: ExperimentQuestion) -> bytes:
    return history_service.ExperimentRequest(
        experiment=asked.experiment,
        arms=asked.arms,
        control=asked.control,
        goal=asked.goal,
        measure=asked.measure,
        shares=asked.shares,
        alpha=asked.alpha,
        since_us=_day_us(asked.since),
        until_us=_day_us(asked.until),
    ).SerializeToString()
