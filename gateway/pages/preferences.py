"""`/p/{token}`: what somebody wants to get, and why they got this message.

Opening it changes nothing. Every button is a form that acts at once and comes back; no script, no
cookie, no login: whoever holds the message holds the link. Less is never refused (see
`gateway.optouts`); more is granted only on the channel the link came by, whose address it proves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from contracts.topology import CATALOG, CHANGE_PERMISSION, MESSAGE, PERMISSION, REACT
from gateway.context import Context, Ctx
from gateway.limits import read_body
from gateway.pages.page import HEADERS, Language, html, language_of
from gateway.pages.preference_view import Row, View, body_of, title_of
from gateway.pages.tokens import PREFERENCES, PageLink, page_link
from gateway.wire import catalog as catalog_wire
from gateway.wire import letters as letters_wire
from gateway.wire import messages as messages_wire
from gateway.wire import permission as permission_wire
from kit.errors import KairosError, NotFound

router = APIRouter(tags=["pages"])

FORM_BYTES_MAX = 16 * 1024
PAUSES_D = (30, 90, 180)
_NOT_WANTED = frozenset(
    {"consent_withdrawn", "no_consent", "consent_pending", "consent_for_other_address"}
)
"""Reasons of decision that mean: this person has not asked for it."""


@dataclass(frozen=True)
class Visit:
    """One request for the page."""

    ctx: Context
    request: Request
    link: PageLink
    language: Language


@router.get("/p/{token}", summary="The preference centre", response_class=HTMLResponse)
async def show_preferences(token: str, request: Request, ctx: Ctx, done: str = "") -> HTMLResponse:
    language = language_of(request.headers.get("accept-language", ""))
    try:
        link = page_link(PREFERENCES, token, ctx.settings.link_secret)
    except NotFound:
        return _page(language, View(valid=False), 404)
    visit = Visit(ctx, request, link, language)
    view = await _why(visit, await _wishes(visit))
    if "accept-language" not in request.headers and view.locale.startswith("de"):
        language = "de"
    return _page(language, replace(view, done=done))


@router.post("/p/{token}", summary="Change what one gets", response_class=RedirectResponse)
async def change_preferences(token: str, request: Request, ctx: Ctx) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    try:
        link = page_link(PREFERENCES, token, ctx.settings.link_secret)
    except NotFound:
        return _page(language, View(valid=False), 404)
    form = parse_qsl((await read_body(request, FORM_BYTES_MAX)).decode("utf-8", "replace"))
    visit = Visit(ctx, request, link, language)
    wanted = dict(form).get("do", "")
    done = await _act(visit, wanted, form)
    return RedirectResponse(f"/p/{token}?done={done}", status_code=303, headers=HEADERS)


async def _act(visit: Visit, wanted: str, form: list[tuple[str, str]]) -> str:
    """Does what a button asks for; which word of thanks is shown."""
    match wanted:
        case "topics":
            await _choose(visit, form)
        case "pause":
            days = _days(dict(form).get("days", ""))
            until = visit.ctx.clock.now() + timedelta(days=days)
            await _less(
                visit, permission_wire.PermissionChange(part="pause", status="set", until=until)
            )
        case "objection":
            await _less(visit, permission_wire.PermissionChange(part="objection", status="set"))
        case "resume":
            await _more(visit, permission_wire.PermissionChange(part="pause", status="lifted"))
        case "unobject":
            await _more(visit, permission_wire.PermissionChange(part="objection", status="lifted"))
        case "not_relevant":
            asked = letters_wire.react_request("not_relevant", visit.link.message_id)
            await visit.ctx.caller.call(REACT, visit.link.workspace, asked)
        case _:
            return ""
    return wanted


async def _choose(visit: Visit, form: list[tuple[str, str]]) -> None:
    """What was ticked and is not any more is withdrawn; what was not and is now is granted."""
    was = {value for name, value in form if name == "was"}
    now = {value for name, value in form if name == "on"}
    for channel, topic in sorted(_pair(each) for each in was - now):
        await _less(visit, _consent("withdrawn", channel, topic))
    offered = await _topics(visit) if now - was else {}
    for channel, topic in sorted(_pair(each) for each in now - was):
        if channel == visit.link.channel and topic in offered:
            await _more(visit, _consent("granted", channel, topic))


def _consent(status: str, channel: str, topic: str) -> permission_wire.PermissionChange:
    return permission_wire.PermissionChange(
        part="consent",
        status=status,
        purpose="contact",
        channel=channel,
        topic=topic,
        basis="opt_in" if status == "granted" else "",
    )


async def _less(visit: Visit, change: permission_wire.PermissionChange) -> None:
    link = visit.link
    await visit.ctx.optouts.take_signed(link.workspace, link.person, _signed(visit, change))


async def _more(visit: Visit, change: permission_wire.PermissionChange) -> None:
    """In force after all withdrawals that still wait; raises Unavailable."""
    ctx, link = visit.ctx, visit.link
    await ctx.optouts.drain()
    asked = permission_wire.change_request(link.person, _signed(visit, change), ctx.clock.now())
    await ctx.caller.call(CHANGE_PERMISSION, link.workspace, asked)


def _signed(
    visit: Visit, change: permission_wire.PermissionChange
) -> permission_wire.PermissionChange:
    client = visit.request.client
    evidence = {
        "source": "preference-centre",
        "actor": "recipient",
        "language": visit.language,
        "ip": client.host if client else "",
        "user_agent": visit.request.headers.get("user-agent", "")[:500],
    }
    return replace(change, evidence=evidence, message_id=visit.link.message_id)


async def _wishes(visit: Visit) -> View:
    """What decision knows; where it is away, the page still takes every "no"."""
    link = visit.link
    try:
        reply = await visit.ctx.caller.call(
            PERMISSION, link.workspace, permission_wire.permission_request(link.person)
        )
        told = permission_wire.permission(reply)
        names = await _topics(visit)
    except KairosError:
        return View(known=False, rows=(Row(link.channel, link.topic, link.topic, on=True),))
    return View(
        rows=_rows(told.get("verdicts", []), names, link),
        paused_until=str((told.get("pause") or {}).get("until", "")),
        objected=bool(told.get("objection")),
    )


def _rows(
    verdicts: list[Mapping[str, Any]], names: Mapping[str, str], link: PageLink
) -> tuple[Row, ...]:
    rows = {}
    for each in verdicts:
        if each.get("class") == "marketing":
            channel, topic = str(each["channel"]), str(each["topic"])
            on = bool(each.get("allowed")) or each.get("reason") not in _NOT_WANTED
            may_grant = channel == link.channel
            rows[topic, channel] = Row(channel, topic, names.get(topic) or topic, on, may_grant)
    return tuple(rows[key] for key in sorted(rows))


async def _topics(visit: Visit) -> dict[str, str]:
    """Key -> name of the topics of the catalog."""
    request = catalog_wire.catalog_request("topic", "", revision=0)
    reply = await visit.ctx.caller.call(CATALOG, visit.link.workspace, request)
    return {each["key"]: each.get("name") or each["key"] for each in catalog_wire.documents(reply)}


async def _why(visit: Visit, view: View) -> View:
    """With the reason stored with the message, as far as delivery can tell."""
    try:
        reply = await visit.ctx.caller.call(
            MESSAGE, visit.link.workspace, messages_wire.message_request(visit.link.message_id)
        )
    except KairosError:
        return view
    message = messages_wire.message(reply)
    if not message.attempts:
        return view
    last = message.attempts[-1]
    return replace(
        view,
        why_en=last.sentence.en or "",
        why_de=last.sentence.de or "",
        subject=last.subject or "",
        sent_at=last.at,
        locale=last.locale or "",
        not_relevant=any(each.kind == "not_relevant" for each in message.receipts),
    )


def _days(text: str) -> int:
    return int(text) if text in {str(days) for days in PAUSES_D} else PAUSES_D[0]


def _pair(text: str) -> tuple[str, str]:
    channel, _, topic = text.partition("/")
    return channel, topic


def _page(language: Language, view: View, status: int = 200) -> HTMLResponse:
    body = body_of(language, view, PAUSES_D)
    return HTMLResponse(
        html(language, title_of(language, view), body=body), status, headers=HEADERS
    )
