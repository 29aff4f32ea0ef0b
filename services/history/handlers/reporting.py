"""Answers reports from the sums that recording keeps."""

from typing import Any

import msgspec

from kit.bus.rpc import Request
from kit.db.database import Tx
from kit.errors import Invalid
from services.history.domain import reports
from services.history.domain.attribution import MODELS
from services.history.domain.experiments import Plan, plan
from services.history.domain.reports import Asked, Table
from services.history.domain.sums import MONTH, WEEK
from services.history.ports import GoalReports, Reports
from services.history.wire import answers

LEAVE_RATE_MAX = 0.01
"""Share of people who may leave in a period before its number of messages is called too many."""


async def on_outcomes(tx: Tx, request: Request, *, store: Reports) -> bytes:
    """How many entries of each sort a workspace has."""
    counts = await store.outcomes(tx, request.workspace, answers.read_since(request))
    return answers.outcomes_reply(counts)


async def on_report(tx: Tx, request: Request, *, store: Reports, goals: GoalReports) -> bytes:
    """One report; raises Invalid for an unknown one, or one that cannot be broken down so."""
    asked = answers.read_report(request)
    _check(asked)
    match asked.report:
        case reports.MESSAGES:
            rows = await store.message_rows(tx, asked)
            return answers.report_reply(reports.message_table(asked.by, rows))
        case reports.ENTRIES:
            rows = await store.entry_rows(tx, asked)
            return answers.report_reply(Table((*asked.by, "entries"), tuple(map(tuple, rows))))
        case reports.CONVERSIONS | reports.RETURNS:
            return await _conversions(tx, asked, store)
        case reports.GOALS | reports.REPEATS | reports.COHORTS:
            return answers.report_reply(await _goals(tx, asked, goals))
        case reports.SAMPLE_SIZE:
            return answers.report_reply(_plan(asked))
        case reports.CHAINS:
            rows = await store.chain_rows(tx, asked)
            columns = ("goal", "chain", "conversions", "value")
            return answers.report_reply(Table(columns, tuple(rows)))
        case _:
            return await _pressure(tx, asked, store)


async def _conversions(tx: Tx, asked: Asked, store: Reports) -> bytes:
    model = asked.options.get("model", "last")
    if model not in MODELS:
        raise _invalid("/model", "one of " + ", ".join(MODELS))
    found = await store.conversion_rows(tx, asked, model)
    if asked.report == reports.CONVERSIONS:
        table = reports.conversion_table(asked.by, found)
    else:
        sums = await store.message_rows(tx, asked)
        table = reports.return_table(asked.by, sums, found)
    return answers.report_reply(table, {"model": model})


async def _goals(tx: Tx, asked: Asked, store: GoalReports) -> Table:
    if asked.report == reports.GOALS:
        rows = await store.goal_rows(tx, asked)
        return Table((*asked.by, "reached", "people", "value"), tuple(rows))
    goal = asked.options.get("goal", "")
    if not goal:
        raise _invalid("/goal", "the key of a goal")
    if asked.report == reports.COHORTS:
        return reports.cohort_table(await store.cohort_rows(tx, asked, goal))
    return Table(("people", "repeated", "days"), (await store.repeat_row(tx, asked, goal),))


def _plan(asked: Asked) -> Table:
    try:
        return plan(msgspec.convert(asked.options, Plan, strict=False))
    except (ValueError, msgspec.ValidationError) as error:
        raise Invalid(f"Cannot plan that: {error}") from error


async def _pressure(tx: Tx, asked: Asked, store: Reports) -> bytes:
    period = asked.options.get("period", MONTH)
    if period not in (WEEK, MONTH):
        raise _invalid("/period", "week or month")
    rows = await store.pressure_rows(tx, asked, period)
    cap = reports.proposed_cap(rows, LEAVE_RATE_MAX)
    notes: dict[str, Any] = {
        "period": period,
        "leave_rate_max": LEAVE_RATE_MAX,
        "proposed_cap": msgspec.to_builtins(cap),
    }
    return answers.report_reply(reports.pressure_table(rows), notes)


def _check(asked: Asked) -> None:
    known = reports.DIMENSIONS.get(asked.report)
    if known is None:
        raise _invalid("/report", "one of " + ", ".join(reports.DIMENSIONS))
    for each in asked.by:
        if each not in known:
            raise _invalid("/by", "any of " + (", ".join(known) or "nothing"))
    if asked.since >= asked.until:
        raise _invalid("/until", "a day after `since`")


def _invalid(pointer: str, expected: str) -> Invalid:
    return Invalid(
        f"Expected {expected} (at {pointer})",
        errors=[{"pointer": pointer, "detail": f"expected {expected}"}],
    )
