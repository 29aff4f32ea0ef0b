"""`/v1/reports`: what became of it all, in numbers, as JSON or CSV."""

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from contracts.topology import EXPERIMENT, OUTCOMES, REPORT
from gateway.context import Context, Ctx, Reader
from gateway.problems import documented
from gateway.shapes.reports import (
    Breakdown,
    CreditBreakdown,
    ExperimentPlan,
    ExperimentQuery,
    OfGoal,
    Outcomes,
    Period,
    PressureQuery,
    Report,
)
from gateway.wire import reports as wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["reports"])

Table = Response | Report
ANSWERS: dict[int | str, dict[str, Any]] = documented(Invalid) | {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get(
    "/v1/reports/outcomes",
    summary="How often each outcome occurred",
    description="From the day of `since` on, whole days in UTC.",
    response_model_exclude_none=True,
    responses=documented(Invalid),
)
async def outcomes(ctx: Ctx, key: Reader, since: AwareDatetime | None = None) -> Outcomes:
    request = wire.outcomes_request(since)
    return wire.outcomes(await ctx.caller.call(OUTCOMES, key.workspace, request))


@router.get(
    "/v1/reports/messages",
    summary="Messages sent, reactions and rates, with early warnings",
    description="A reaction counts on the day its message was sent. Openings and clicks are"
    " people's; `machine` is in no rate. Broken down by any of day, week, month, channel, class,"
    " topic, template, variant, journey, campaign.",
    response_model=Report,
    responses=ANSWERS,
)
async def messages(ctx: Ctx, key: Reader, asked: Annotated[Breakdown, Query()]) -> Table:
    return await _report(ctx, key.workspace, "messages", asked)


@router.get(
    "/v1/reports/entries",
    summary="Timeline entries, counted",
    description="Broken down by any of day, week, month, kind, name, channel, reason, journey,"
    " campaign: for example `by=reason` over decisions says why silence was kept.",
    response_model=Report,
    responses=ANSWERS,
)
async def entries(ctx: Ctx, key: Reader, asked: Annotated[Breakdown, Query()]) -> Table:
    return await _report(ctx, key.workspace, "entries", asked)


@router.get(
    "/v1/reports/pressure",
    summary="How many messages people get in a week or month, and what they make of it",
    description="Transactional messages are no pressure. `notes.proposed_cap` is the largest number"
    " up to which no more than `leave_rate_max` of the people leave, with what is proven below it"
    " and not disproven above.",
    response_model=Report,
    responses=ANSWERS,
)
async def pressure(ctx: Ctx, key: Reader, asked: Annotated[PressureQuery, Query()]) -> Table:
    return await _report(ctx, key.workspace, "pressure", asked)


@router.get(
    "/v1/reports/conversions",
    summary="Reached goals, credited to messages",
    description="Each event that followed a message within its goal's window counts once, shared"
    " out by a model: last or first touch, linear, by position (40-20-40), or decaying (half every"
    " 7 days). Goal and window are those that held when the message was sent, and so is the day."
    " Broken down by any of day, week, month, goal, channel, class, template, variant, journey,"
    " campaign.",
    response_model=Report,
    responses=ANSWERS,
)
async def conversions(ctx: Ctx, key: Reader, asked: Annotated[CreditBreakdown, Query()]) -> Table:
    return await _report(ctx, key.workspace, "conversions", asked)


@router.get(
    "/v1/reports/returns",
    summary="What messages cost, and what they brought",
    description="`roi` is (value - cost) / cost; absent where nothing was spent. Broken down by any"
    " of day, week, month, channel, class, template, variant, journey, campaign.",
    response_model=Report,
    responses=ANSWERS,
)
async def returns(ctx: Ctx, key: Reader, asked: Annotated[CreditBreakdown, Query()]) -> Table:
    return await _report(ctx, key.workspace, "returns", asked)


@router.get(
    "/v1/reports/chains",
    summary="Chains of channels before a goal was reached",
    description="Did the mail do it, or the letter after it? The most frequent chains first, by the"
    " day of the last message.",
    response_model=Report,
    responses=ANSWERS,
)
async def chains(ctx: Ctx, key: Reader, asked: Annotated[Period, Query()]) -> Table:
    return await _report(ctx, key.workspace, "chains", asked)


@router.get(
    "/v1/reports/goals",
    summary="Reached goals, whoever is to thank for them",
    description="Broken down by any of day, week, month, goal.",
    response_model=Report,
    responses=ANSWERS,
)
async def goals(ctx: Ctx, key: Reader, asked: Annotated[Breakdown, Query()]) -> Table:
    return await _report(ctx, key.workspace, "goals", asked)


@router.get(
    "/v1/reports/repeats",
    summary="How many people reached a goal on more than one day",
    response_model=Report,
    responses=ANSWERS,
)
async def repeats(ctx: Ctx, key: Reader, asked: Annotated[OfGoal, Query()]) -> Table:
    return await _report(ctx, key.workspace, "repeats", asked)


@router.get(
    "/v1/reports/cohorts",
    summary="Retention by weekly cohort over twelve weeks",
    description="Of the people who first reached the goal in a week, how many did again so many"
    " weeks later.",
    response_model=Report,
    responses=ANSWERS,
)
async def cohorts(ctx: Ctx, key: Reader, asked: Annotated[OfGoal, Query()]) -> Table:
    return await _report(ctx, key.workspace, "cohorts", asked)


@router.get(
    "/v1/reports/sample-size",
    summary="How many people an experiment needs, what it can find, and how long it takes",
    description="Two proportions, two-sided. With `people` in each arm given, says what those can"
    " find; with `people_a_day`, how many whole weeks it takes.",
    response_model=Report,
    responses=ANSWERS,
)
async def sample_size(ctx: Ctx, key: Reader, asked: Annotated[ExperimentPlan, Query()]) -> Table:
    return await _report(ctx, key.workspace, "sample-size", asked)


@router.get(
    "/v1/reports/experiment",
    summary="An experiment's arms against its control",
    description="Over people whose window after exposure has passed; who got into several arms"
    " counts in the first. `difference` and `lift` have intervals for one look at the end, the"
    " sequential ones hold at every look, CUPED takes out what each did before. With"
    " `notes.sample_ratio.alarm` people were not split as planned: look for the fault first.",
    response_model=Report,
    responses=documented(Invalid, NotFound) | ANSWERS,
)
async def experiment(ctx: Ctx, key: Reader, asked: Annotated[ExperimentQuery, Query()]) -> Table:
    question = wire.ExperimentQuestion(
        experiment=asked.experiment,
        arms=_split(asked.arms),
        control=asked.control,
        goal=asked.goal,
        measure=asked.measure,
        shares=asked.shares,
        alpha=asked.alpha,
        since=asked.since,
        until=asked.until,
    )
    request = wire.experiment_request(question)
    reply = await ctx.caller.call(EXPERIMENT, key.workspace, request)
    return _written(wire.experiment(reply), asked.format)


async def _report(
    ctx: Context, workspace: str, report: str, asked: Period | ExperimentPlan
) -> Table:
    """The report; what the query says beyond days, columns and format are its options."""
    given = asked.model_dump(exclude_unset=True, exclude={"format"})
    since, until = given.pop("since", None), given.pop("until", None)
    by = _split(given.pop("by", []))
    options = {name: str(value) for name, value in given.items()}
    question = wire.ReportQuestion(report, since, until, by, options)
    reply = await ctx.caller.call(REPORT, workspace, wire.report_request(question))
    return _written(wire.report(reply), asked.format)


def _written(told: wire.Told, written_as: str) -> Table:
    columns, rows, notes = told
    if written_as == "csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
        return Response(text.getvalue(), media_type="text/csv; charset=utf-8")
    return Report(items=[dict(zip(columns, row, strict=True)) for row in rows], notes=notes)


def _split(names: list[str]) -> list[str]:
    return [name.strip() for each in names for name in each.split(",") if name.strip()]
