"""`/u/{token}`: GET shows a page with one button, POST unsubscribes (RFC 8058).

Mail programs and scanners open links, so looking changes nothing. A POST acts at once, whether it
comes from the page's button or from a mail program's (`List-Unsubscribe=One-Click`), and needs no
cookie, login or further question. It is never refused: see `gateway.optouts`.
"""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from gateway.context import Context, Ctx
from gateway.limits import read_body
from gateway.pages.page import HEADERS, Language, html, language_of
from gateway.pages.tokens import UNSUBSCRIBE, PageLink, page_link
from gateway.wire import permission as wire
from kit.errors import NotFound, Rejected

router = APIRouter(tags=["pages"])

_ONE_CLICK = b"List-Unsubscribe=One-Click"
_FORM_BYTES_MAX = 4096


@router.get("/u/{token}", summary="The unsubscribe page", response_class=HTMLResponse)
async def show(token: str, request: Request, ctx: Ctx) -> HTMLResponse:
    language = _language(request)
    try:
        link = page_link(UNSUBSCRIBE, token, ctx.settings.link_secret)
    except NotFound:
        return _not_valid(language)
    text = _TEXTS[language]
    body = (
        f"<p>{text['question'].format(**_shown(link, text))}</p>\n"
        f'<form method="post"><button type="submit">{text["button"]}</button></form>'
    )
    return HTMLResponse(html(language, text["title"], body=body), headers=HEADERS)


@router.post("/u/{token}", summary="Unsubscribe, in one click", response_class=HTMLResponse)
async def act(token: str, request: Request, ctx: Ctx) -> HTMLResponse:
    language = _language(request)
    try:
        link = page_link(UNSUBSCRIBE, token, ctx.settings.link_secret)
    except NotFound:
        return _not_valid(language)
    await _withdraw(ctx, link, request)
    text = _TEXTS[language]
    body = f"<p>{text['done'].format(**_shown(link, text))}</p>"
    return HTMLResponse(html(language, text["done_title"], body=body), headers=HEADERS)


async def _withdraw(ctx: Context, link: PageLink, request: Request) -> None:
    evidence = {
        "source": "one-click" if await _is_one_click(request) else "unsubscribe-page",
        "actor": "recipient",
        "ip": request.client.host if request.client else "",
        "user_agent": request.headers.get("user-agent", "")[:500],
    }
    change = wire.PermissionChange(
        part="consent",
        status="withdrawn",
        purpose="contact",
        channel=link.channel,
        topic=link.topic,
        evidence=evidence,
        message_id=link.message_id,
    )
    await ctx.optouts.take_signed(link.workspace, link.person, change)


async def _is_one_click(request: Request) -> bool:
    """Whether a mail program sent it; the wish counts whatever the body says."""
    try:
        return _ONE_CLICK in await read_body(request, _FORM_BYTES_MAX)
    except Rejected:
        return False


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))


def _not_valid(language: Language) -> HTMLResponse:
    text = _TEXTS[language]
    page = html(language, text["invalid_title"], body=f"<p>{text['invalid']}</p>")
    return HTMLResponse(page, status_code=404, headers=HEADERS)


def _shown(link: PageLink, text: dict[str, str]) -> dict[str, str]:
    """Channel and topic as a person reads them."""
    channel = text.get(link.channel, link.channel)
    about = "" if link.topic in ("", "*") else text["about"].format(topic=link.topic)
    return {"channel": escape(channel), "about": escape(about)}


_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Unsubscribe",
        "question": "Do you want no more {channel}{about}?",
        "button": "Unsubscribe",
        "done_title": "You are unsubscribed",
        "done": "You will get no more {channel}{about}. There is nothing else to do.",
        "about": " about “{topic}”",
        "invalid_title": "This link is not valid",
        "invalid": "It may have been cut off. Please open it from the message once more.",
        "email": "e-mails",
        "sms": "text messages",
        "push": "push notifications",
        "in_app": "messages in the app",
        "*": "messages",
    },
    "de": {
        "title": "Abmelden",
        "question": "Möchten Sie keine {channel}{about} mehr bekommen?",
        "button": "Abmelden",
        "done_title": "Sie sind abgemeldet",
        "done": "Sie bekommen keine {channel}{about} mehr. Mehr müssen Sie nicht tun.",
        "about": " zum Thema „{topic}“",
        "invalid_title": "Dieser Link ist nicht gültig",
        "invalid": "Vielleicht wurde er abgeschnitten. Bitte öffnen Sie ihn noch einmal aus der"
        " Nachricht.",
        "email": "E-Mails",
        "sms": "SMS",
        "push": "Push-Nachrichten",
        "in_app": "Nachrichten in der App",
        "*": "Nachrichten",
    },
}
