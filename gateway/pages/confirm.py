"""`/k/{token}`: GET shows a page with one button, POST confirms a double opt-in.

Scanners open links, so looking confirms nothing. The token alone says who: it is random, known only
to whoever got the message, and works once.
"""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.topology import CONFIRM_OPT_IN, OPT_IN
from gateway.context import Context, Ctx
from gateway.pages.page import HEADERS, Language, html, language_of
from gateway.wire import optins as wire
from gateway.wire.optins import TokenState
from kit.db.database import WORKSPACE
from kit.errors import NotFound

router = APIRouter(tags=["pages"])

_TOKEN_CHARACTERS_MAX = 120


@router.get("/k/{token}", summary="The page that confirms consent", response_class=HTMLResponse)
async def show_opt_in(token: str, request: Request, ctx: Ctx) -> HTMLResponse:
    language = _language(request)
    try:
        found = wire.looked(
            await ctx.caller.call(OPT_IN, _workspace(token), wire.look_request(token))
        )
    except NotFound:
        return _page(language, "invalid", 404)
    if found.state != "pending":
        return _page(language, found.state, 200 if found.state == "confirmed" else 410)
    text = _TEXTS[language]
    question = text["question"].format(**_shown(found, text))
    button = f'<form method="post"><button type="submit">{text["button"]}</button></form>'
    body = f"<p>{question}</p>\n{button}"
    return HTMLResponse(html(language, text["title"], body=body), headers=HEADERS)


@router.post("/k/{token}", summary="Confirm consent", response_class=HTMLResponse)
async def confirm_opt_in(token: str, request: Request, ctx: Ctx) -> HTMLResponse:
    language = _language(request)
    try:
        found = await _confirm(ctx, token, request)
    except NotFound:
        return _page(language, "invalid", 404)
    return _page(language, found.state, 200 if found.state == "confirmed" else 410)


async def _confirm(ctx: Context, token: str, request: Request) -> TokenState:
    evidence = {
        "source": "confirmation-page",
        "actor": "recipient",
        "ip": request.client.host if request.client else "",
        "user_agent": request.headers.get("user-agent", "")[:500],
    }
    body = wire.confirm_request(token, evidence)
    return wire.confirmed(await ctx.caller.call(CONFIRM_OPT_IN, _workspace(token), body))


def _workspace(token: str) -> str:
    """The workspace a token names; it is worth nothing without the secret behind it."""
    workspace, _, secret = token.partition(".")
    if len(token) > _TOKEN_CHARACTERS_MAX or not secret or not WORKSPACE.fullmatch(workspace):
        raise NotFound("This link is not valid")
    return workspace


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))


def _page(language: Language, what: str, status: int) -> HTMLResponse:
    text = _TEXTS[language]
    page = html(language, text[f"{what}_title"], body=f"<p>{text[what]}</p>")
    return HTMLResponse(page, status_code=status, headers=HEADERS)


def _shown(found: TokenState, text: dict[str, str]) -> dict[str, str]:
    about = "" if found.topic in ("", "*") else text["about"].format(topic=found.topic)
    return {"channel": escape(text.get(found.channel, found.channel)), "about": escape(about)}


_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Please confirm",
        "question": "Do you want to get {channel}{about}?",
        "button": "Yes, confirm",
        "about": " about “{topic}”",
        "confirmed_title": "Thank you",
        "confirmed": "You have confirmed. You can unsubscribe at any time.",
        "expired_title": "This link has expired",
        "expired": "Please sign up once more.",
        "invalid_title": "This link is not valid",
        "invalid": "It may have been cut off. Please open it from the message once more.",
        "email": "e-mails",
        "sms": "text messages",
        "push": "push notifications",
    },
    "de": {
        "title": "Bitte bestätigen",
        "question": "Möchten Sie {channel}{about} bekommen?",
        "button": "Ja, bestätigen",
        "about": " zum Thema „{topic}“",
        "confirmed_title": "Vielen Dank",
        "confirmed": "Sie haben bestätigt. Abmelden können Sie sich jederzeit.",
        "expired_title": "Dieser Link ist abgelaufen",
        "expired": "Bitte melden Sie sich noch einmal an.",
        "invalid_title": "Dieser Link ist nicht gültig",
        "invalid": "Vielleicht wurde er abgeschnitten. Bitte öffnen Sie ihn noch einmal aus der"
        " Nachricht.",
        "email": "E-Mails",
        "sms": "SMS",
        "push": "Push-Nachrichten",
    },
}
