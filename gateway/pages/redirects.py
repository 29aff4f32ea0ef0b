"""`/c/{token}`, `/s/{code}` and `/o/{token}`: links of messages, and the pixel.

Where a link leads is stored with delivery and never comes from the address called, so nobody can
make our domain lead elsewhere.
"""

from base64 import b64decode
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from contracts.topology import REACT
from gateway.context import Context, Ctx
from gateway.pages.page import HEADERS, Language, html, language_of
from gateway.pages.tokens import click_link, open_link
from gateway.wire import letters as wire
from kit.errors import KairosError, NotFound

router = APIRouter(tags=["pages"])

_PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_KEPT = {name: HEADERS[name] for name in ("referrer-policy", "x-robots-tag", "cache-control")}

Code = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{10}$")]


@router.get("/c/{token}", summary="Follow a link of a message", response_class=RedirectResponse)
async def follow(token: str, request: Request, ctx: Ctx) -> Response:
    try:
        workspace, message_id, target = click_link(token, ctx.settings.link_secret)
    except NotFound:
        return _not_valid(request)
    asked = wire.react_request("clicked", message_id, target=target, user_agent=_agent(request))
    return await _redirect(ctx, workspace, asked, request)


@router.get("/s/{code}", summary="Follow a link of a text message", response_class=RedirectResponse)
async def follow_short(code: Code, request: Request, ctx: Ctx) -> Response:
    asked = wire.react_request("clicked", None, code=code, user_agent=_agent(request))
    return await _redirect(ctx, "", asked, request)


@router.get("/o/{token}", summary="The pixel that says a message was opened")
async def opened(token: str, request: Request, ctx: Ctx) -> Response:
    """The picture, whatever becomes of the report."""
    status = 200
    try:
        workspace, message_id = open_link(token, ctx.settings.link_secret)
        asked = wire.react_request("opened", message_id, user_agent=_agent(request))
        await ctx.caller.call(REACT, workspace, asked)
    except NotFound:
        status = 404
    except KairosError:
        status = 200  # a mail shows no error; the opening goes unmeasured
    return Response(_PIXEL, status, media_type="image/gif", headers=_KEPT)


async def _redirect(ctx: Context, workspace: str, asked: bytes, request: Request) -> Response:
    try:
        url = wire.leads_to(await ctx.caller.call(REACT, workspace, asked))
    except NotFound:
        return _not_valid(request)
    return RedirectResponse(url, status_code=302, headers=_KEPT)


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _not_valid(request: Request) -> HTMLResponse:
    language = language_of(request.headers.get("accept-language", ""))
    title, words = _INVALID[language]
    return HTMLResponse(html(language, title, body=f"<p>{words}</p>"), 404, headers=HEADERS)


_INVALID: dict[Language, tuple[str, str]] = {
    "en": (
        "This link is not valid",
        "It may have been cut off. Please open it from the message once more.",
    ),
    "de": (
        "Dieser Link ist nicht gültig",
        "Vielleicht wurde er abgeschnitten. Bitte öffnen Sie ihn noch einmal aus der Nachricht.",
    ),
}
