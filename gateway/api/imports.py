"""Imports: customers, past events, wishes with their proof, and contacts of another tool.

The rows arrive in the body of one request and are stored while they arrive; nothing of the file is
kept here. An import has an id, which the caller may choose: whoever sends the same file under the
same id again, after a crash of either side, continues it.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request

from gateway.auth import Key
from gateway.context import Admin, Context, Ctx, Reader
from gateway.importing.formats import READERS, inflated
from gateway.importing.mapping import BASES, Kind, RowMapping, parse
from gateway.importing.run import Import, Parts, Source
from gateway.problems import UnsupportedMedia, documented
from gateway.shapes.imports import Imported, ImportList, ImportQuery, ImportRefusal, ImportRefusals
from gateway.store import imports as store
from gateway.store.common import Row
from kit.errors import Conflict, Invalid, KairosError, Malformed, NotFound
from kit.ids import new_id

router = APIRouter(tags=["imports"])

REFUSALS_SHOWN_MAX = 100

_EXAMPLE = (
    '{"type":"identify","userId":"u1","traits":{"email":"anna@example.com"},'
    '"timestamp":"2026-01-02T10:00:00Z"}\n'
    '{"type":"track","userId":"u1","event":"Order Completed","properties":{"total":29.9},'
    '"timestamp":"2026-01-02T10:05:00Z"}\n'
)
_TEXT = {"schema": {"type": "string"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {**_TEXT, "example": _EXAMPLE},
            "text/csv": {**_TEXT, "example": "userId,email,plan\nu1,anna@example.com,pro\n"},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post(
    "/v1/imports",
    summary="Import the past of another tool",
    description="Rows of NDJSON, CSV or Parquet, stored while they arrive; gzip welcome. The past"
    " counts and is shown, but triggers nothing unless `trigger` says so. A row without a"
    " `messageId` is known by the import and its number: sending the same file under the same `id`"
    " again continues it. Answers when all is stored; `GET /v1/imports/{id}` tells how far it is.",
    openapi_extra=_BODY,
    response_model_exclude_none=True,
    responses=documented(Malformed, Invalid, Conflict, UnsupportedMedia),
)
async def import_rows(
    request: Request, ctx: Ctx, key: Admin, asked: Annotated[ImportQuery, Query()]
) -> Imported:
    kind, format_ = Kind(asked.kind), _format(request, asked)
    rules = parse(asked.map, kind)
    held = await ctx.writes.begin(key, "POST /v1/imports")
    status = 200
    try:
        wanted = store.Wanted(
            workspace=key.workspace,
            id=asked.id or new_id(ctx.clock),
            holder=new_id(ctx.clock),
            name=asked.name,
            kind=kind,
            format=format_,
            options=msgspec.json.encode([asked.trigger, rules]).decode(),
            dry_run=asked.dry_run,
        )
        row = await _begin(ctx, wanted)
        if row["state"] != "done":
            mapping = RowMapping(kind, rules, flat=format_ != "ndjson")
            source = Source(
                workspace=key.workspace,
                id=wanted.id,
                holder=wanted.holder,
                mapping=mapping,
                base=BASES[kind],
                call="import" if asked.trigger else "history",
                dry_run=asked.dry_run,
            )
            await _run(ctx, request, source, format_, row)
    except KairosError as error:
        status = error.status
        raise
    finally:
        await ctx.writes.end(held, status)
    return await _shown(ctx, key, wanted.id)


@router.get("/v1/imports", summary="Imports, newest first", response_model_exclude_none=True)
async def list_imports(
    ctx: Ctx, key: Reader, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> ImportList:
    async with ctx.db.api(key.workspace, readonly=True) as tx:
        rows = await store.newest(tx, key.workspace, limit)
    return ImportList(items=[_import(row, []) for row in rows])


@router.get(
    "/v1/imports/{id}",
    summary="How far an import is",
    response_model_exclude_none=True,
    responses=documented(NotFound),
)
async def get_import(id: UUID, ctx: Ctx, key: Reader) -> Imported:  # noqa: A002 - the path's name
    return await _shown(ctx, key, id)


@router.get(
    "/v1/imports/{id}/refusals",
    summary="The rows an import refused, and why",
    description="In the order of the file; what stood in them is not kept here.",
    response_model_exclude_none=True,
    responses=documented(NotFound),
)
async def get_refusals(
    id: UUID,  # noqa: A002 - the path's name
    ctx: Ctx,
    key: Reader,
    cursor: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> ImportRefusals:
    async with ctx.db.api(key.workspace, readonly=True) as tx:
        if await store.find(tx, key.workspace, id) is None:
            raise NotFound("There is no such import")
        rows = await store.refusals(tx, key.workspace, id, cursor, limit)
    more = rows[-1].row if len(rows) == limit else None
    return ImportRefusals(items=[_refusal(each) for each in rows], next_cursor=more)


def _format(request: Request, asked: ImportQuery) -> str:
    if asked.format:
        return asked.format
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    known = {"text/csv": "csv", "application/vnd.apache.parquet": "parquet"}
    return known.get(named, "ndjson")


async def _begin(ctx: Context, wanted: store.Wanted) -> Row:
    """The import, ours from now on unless it is done already: a request that still worked on it
    gets Conflict at its next progress.

    Raises Invalid where the import was asked for otherwise.
    """
    now = ctx.clock.now()
    async with ctx.db.api(wanted.workspace) as tx:
        row = await store.begin(tx, wanted, now)
        before = (row["kind"], row["format"], row["options"], row["dry_run"])
        if before != (wanted.kind, wanted.format, wanted.options, wanted.dry_run):
            raise Invalid("An import goes on as it was begun; take a new id for other options")
        if row["holder"] != wanted.holder and row["state"] != "done":
            await store.take_over(tx, wanted, now)
    return row


async def _run(ctx: Context, request: Request, source: Source, format_: str, row: Row) -> None:
    run = Import(Parts(ctx.db, ctx.caller, ctx.clock), source, row["rows"], row["refused"])
    state, detail = "stopped", "The connection was lost; send the file again to continue"
    try:
        encoding = request.headers.get("content-encoding", "").lower()
        async for number, each in READERS[format_](inflated(request.stream(), encoding)):
            await run.take(number, each)
        await run.finish()
        state, detail = "done", ""
    except KairosError as error:
        detail = error.detail
        raise
    finally:
        await run.cancel()
        async with ctx.db.api(source.workspace) as tx:
            at = ctx.clock.now()
            await store.end(tx, source.workspace, source.id, source.holder, state, detail, at)


async def _shown(ctx: Context, key: Key, import_: UUID) -> Imported:
    async with ctx.db.api(key.workspace, readonly=True) as tx:
        row = await store.find(tx, key.workspace, import_)
        if row is None:
            raise NotFound("There is no such import")
        refused = await store.refusals(tx, key.workspace, import_, 0, REFUSALS_SHOWN_MAX)
    return _import(row, refused)


def _import(row: Row, refused: list[store.Refusal]) -> Imported:
    return Imported(
        id=row["id"],
        name=row["name"] or None,
        kind=row["kind"],
        format=row["format"],
        dry_run=row["dry_run"],
        state=row["state"],
        detail=row["detail"] or None,
        rows=row["rows"],
        accepted=row["accepted"],
        repeated=row["repeated"],
        refused=row["refused"],
        refusals=[_refusal(each) for each in refused],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )


def _refusal(each: store.Refusal) -> ImportRefusal:
    return ImportRefusal(
        row=each.row, status=each.status, reason=each.reason, pointer=each.pointer or None
    )
