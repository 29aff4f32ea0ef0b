"""`/v1/reports`: what became of it all, in numbers, as JSON or CSV."""

import csv
import io
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from contracts.topology import OUTCOMES, REPORT
from gateway import wire
from gateway.context import Context, Ctx, Reader
from gateway.problems import documented
from gateway.shapes import Outcomes, Report
from kit.errors import Invalid

router = APIRouter(tags=["reports"])

Day = Annotated[date | None, Query(description="A whole day in UTC")]
By = Annotated[
    list[str] | None,
    Query(description="What the rows are broken down by; comma-joined or repeated"),
]
Model = Literal["last", "first", "linear", "position", "decay"]
Format = Annotated[Literal["json", "csv"], Query(description="How the rows are written")]
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
async def messages(
    ctx: Ctx,
    key: Reader,
    since: Day = None,
    until: Day = None,
    by: By = None,
    written_as: Annotated[Format, Query(alias="format")] = "json",
) -> Response | Report:
    asked = wire.ReportQuestion("messages", since, until, _split(by))
    return await _answer(ctx, key.workspace, asked, written_as)


@router.get(
    "/v1/reports/entries",
    summary="Timeline entries, counted",
    description="Broken down by any of day, week, month, kind, name, channel, reason, journey,"
    " campaign: for example `by=reason` over decisions says why silence was kept.",
    response_model=Report,
    responses=ANSWERS,
)
async def entries(
    ctx: Ctx,
    key: Reader,
    since: Day = None,
    until: Day = None,
    by: By = None,
    written_as: Annotated[Format, Query(alias="format")] = "json",
) -> Response | Report:
    asked = wire.ReportQuestion("entries", since, until, _split(by))
    return await _answer(ctx, key.workspace, asked, written_as)


@router.get(
    "/v1/reports/pressure",
    summary="How many messages people get in a week or month, and what they make of it",
    description="Transactional messages are no pressure. `notes.proposed_cap` is the largest number"
    " up to which no more than `leave_rate_max` of the people leave, with what is proven below it"
    " and not disproven above.",
    response_model=Report,
    responses=ANSWERS,
)
async def pressure(
    ctx: Ctx,
    key: Reader,
    since: Day = None,
    until: Day = None,
    period: Literal["week", "month"] = "month",
    written_as: Annotated[Format, Query(alias="format")] = "json",
) -> Response | Report:
    asked = wire.ReportQuestion("pressure", since, until, [], {"period": period})
    return await _answer(ctx, key.workspace, asked, written_as)


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
async def conversions(
    ctx: Ctx,
    key: Reader,
    since: Day = None,
    until: Day = None,
    by: By = None,
    model: Model = "last",
    written_as: Annotated[Format, Query(alias="format")] = "json",
) -> Response | Report:
    asked = wire.ReportQuestion("conversions", since, until, _split(by), {"model": model})
    return await _answer(ctx, key.workspace, asked, written_as)


@router.get(
    "/v1/reports/returns",
    summary="What messages cost, and what they brought",
    description="`roi` is (value - cost) / cost; absent where nothing was spent. Broken down by any"
    " of day, week, month, channel, class, template, variant, journey, campaign.",
    response_model=Report,
    responses=ANSWERS,
)
async def returns(
    ctx: Ctx,
    key: Reader,
    since: Day = None,
    until: Day = None,
    by: By = None,
    model: Model = "last",
    written_as: Annotated[Format, Query(alias="format")] = "json",
) -> Response | Report:
    asked = wire.ReportQuestion("returns", since, until, _split(by), {"model": model})
    return await _answer(ctx, key.workspace, asked, written_as)


@router.get(
    "/v1/reports/chains",
    summary="Chains of channels before a goal was reached",
    description="Did the mail do it, or the letter after it? The most frequent chains first, by the"
    " time of the event.",
    response_model=Report,
    responses=ANSWERS,
)
async def chains(
    ctx: Ctx,
    key: Reader,
    since: Day = None,
    until: Day = None,
    written_as: Annotated[Format, Query(alias="format")] = "json",
) -> Response | Report:
    asked = wire.ReportQuestion("chains", since, until, [])
    return await _answer(ctx, key.workspace, asked, written_as)


async def _answer(
    ctx: Context, workspace: str, asked: wire.ReportQuestion, written_as: str
) -> Response | Report:
    reply = await ctx.caller.call(REPORT, workspace, wire.report_request(asked))
    columns, rows, notes = wire.report(reply)
    if written_as == "csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
        return Response(text.getvalue(), media_type="text/csv; charset=utf-8")
    return Report(items=[dict(zip(columns, row, strict=True)) for row in rows], notes=notes)


def _split(names: list[str] | None) -> list[str]:
    return [name.strip() for each in names or [] for name in each.split(",") if name.strip()]
