"""Protobuf ⇄ what the gateway works with: reports and experiments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from contracts.gen.kairos.history.v1 import service_pb2 as history_service
from kit.clock import to_us

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
    return list(told.columns), _read(told.rows_json) or [], _read(told.notes_json) or {}


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


def _read(data: bytes) -> Any:
    return msgspec.json.decode(data) if data else None
