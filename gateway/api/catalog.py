"""The catalog: what marketing people write, as YAML or JSON, one revision at a time."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from contracts.topology import APPLY, CATALOG, CHECK_TEMPLATES
from gateway import documents
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Context, Ctx, Reader
from gateway.problems import UnsupportedMedia, documented
from gateway.shapes.catalog import Advice, Applied, Documents
from gateway.shapes.common import JsonObject
from gateway.wire import catalog as catalog_wire
from gateway.wire import letters as letters_wire
from kit.errors import Invalid, Malformed, NotFound, TooLarge

router = APIRouter(tags=["catalog"], route_class=WriteRoute)
reads = APIRouter(tags=["catalog"])

KINDS = {
    "topics": "topic",
    "asks": "ask",
    "goals": "goal",
    "segments": "segment",
    "journeys": "journey",
    "webhooks": "webhook",
    "campaigns": "campaign",
    "templates": "template",
    "blocks": "block",
    "policies": "policy",
    "providers": "provider",
    "events": "event",
    "workspaces": "workspace",
}
"""Name in the path → kind of the documents."""

_CHECKED = frozenset({"template", "block", "topic", "journey"})
"""Kinds of documents after whose change some template may be fit for sending no more."""
_YAML_EXAMPLE = """\
kind: topic
key: tips
name: Tips and ideas
---
kind: policy
key: monthly-cap
rule: {type: cap, messages: 4, within: P30D}
"""
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}, "example": _YAML_EXAMPLE},
            "application/json": {
                "schema": {"type": "object"},
                "example": {"documents": [{"kind": "topic", "key": "tips"}]},
            },
        },
    }
}
_WRITE_ERRORS = documented(Malformed, Invalid, TooLarge, UnsupportedMedia)

DocumentKey = Annotated[str, Path(max_length=200)]
DryRun = Annotated[bool, Query(description="Only say what it would change.")]


@router.post(
    "/v1/apply",
    summary="Apply documents: all of them, or none",
    description="Makes one revision of the whole catalog and answers with it and the differences.",
    response_model_exclude_none=True,
    openapi_extra=_BODY,
    responses=_WRITE_ERRORS,
)
async def apply(request: Request, ctx: Ctx, caller: Admin, *, dry_run: DryRun = False) -> Applied:
    found = await _read(request)
    return await _apply(ctx, caller.workspace, found, dry_run=dry_run)


async def _read(request: Request) -> list[JsonObject]:
    """The documents of a body; read beside the event loop, which a large one would hold up."""
    kind = request.headers.get("content-type", "")
    return await asyncio.to_thread(documents.read, kind, await request.body())


async def _apply(ctx: Context, workspace: str, found: Sequence[Any], *, dry_run: bool) -> Applied:
    advice = await _checked(ctx, workspace, found)
    reply = await ctx.caller.call(
        APPLY, workspace, catalog_wire.apply_request(found, dry_run=dry_run)
    )
    return catalog_wire.applied(reply, dry_run=dry_run).model_copy(update={"advice": advice})


async def _checked(ctx: Context, workspace: str, found: Sequence[Any]) -> list[Advice]:
    """Delivery's advice on the templates concerned; raises Invalid where one must not be saved."""
    kinds = {each.get("kind") for each in found if isinstance(each, dict)}
    if not kinds & _CHECKED:
        return []
    reply = await ctx.caller.call(CHECK_TEMPLATES, workspace, letters_wire.check_request(found))
    findings = letters_wire.findings(reply)
    if errors := [_finding(each).model_dump() for each in findings if each.refuses]:
        raise Invalid("A template is not fit to be sent; nothing was changed", errors=errors)
    return [_finding(each) for each in findings]


def _finding(told: letters_wire.Finding) -> Advice:
    return Advice(
        document=told.document,
        path=told.path,
        flaw=told.flaw,
        expected=told.expected,
        got=told.got or None,
    )


async def _documents(ctx: Context, workspace: str, kind: str, key: str = "") -> list[JsonObject]:
    request = catalog_wire.catalog_request(kind, key, revision=0)
    return catalog_wire.documents(await ctx.caller.call(CATALOG, workspace, request))


def _serve(plural: str, kind: str) -> None:
    """The three routes of one kind; `GET` of one segment says more, in `segments.py`."""

    @reads.get(f"/v1/{plural}", summary=f"All {plural}", name=f"list_{plural}")
    async def listing(ctx: Ctx, caller: Reader) -> Documents:
        return Documents(items=await _documents(ctx, caller.workspace, kind))

    async def one(key: DocumentKey, ctx: Ctx, caller: Reader) -> JsonObject:
        found = await _documents(ctx, caller.workspace, kind, key)
        if not found:
            raise NotFound(f"There is no {kind} with this key")
        return found[0]

    if kind != "segment":
        reads.get(
            f"/v1/{plural}/{{key:path}}",
            summary=f"One {kind}",
            name=f"get_{kind}",
            responses=documented(NotFound),
        )(one)

    @router.put(
        f"/v1/{plural}/{{key:path}}",
        summary=f"Apply one {kind}",
        name=f"put_{kind}",
        response_model_exclude_none=True,
        openapi_extra=_BODY,
        responses=_WRITE_ERRORS,
    )
    async def put(
        key: DocumentKey, request: Request, ctx: Ctx, caller: Admin, *, dry_run: DryRun = False
    ) -> Applied:
        found = await _read(request)
        if len(found) != 1:
            raise Invalid("Send one document here; /v1/apply takes several")
        own = {"kind": kind, "key": key}
        for member, value in own.items():
            if found[0].get(member, value) != value:
                raise Invalid(
                    "The document says otherwise than the path",
                    errors=[{"pointer": f"/{member}", "detail": f"must be {value} here"}],
                )
        return await _apply(ctx, caller.workspace, [found[0] | own], dry_run=dry_run)


for _plural, _kind in KINDS.items():
    _serve(_plural, _kind)
