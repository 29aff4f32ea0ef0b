"""The mailbox for people: a list, newest first, and a page per message. Plain HTML, no scripts."""

from collections.abc import Iterable
from html import escape
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from sandbox import mail
from sandbox.ledger import CHANNELS, Channel, Entry, Ledger
from sandbox.web import number, query

PAGE_ENTRIES = 100

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing of a mail runs. Its pictures load: opening it here is an opening, open pixel included."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left; }
th, td { vertical-align: top; }
td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.refused, tr.repeat { color: #777; }
pre { background: #f6f6f6; overflow-wrap: anywhere; padding: 1rem; white-space: pre-wrap; }
iframe { border: 1px solid #ddd; height: 60vh; width: 100%; }
nav a { margin-right: 1rem; }
"""


class PageQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which part of the list."""

    channel: Channel | None = None
    before: Annotated[int, Meta(ge=1)] | None = None


class Pages:
    """The handlers; `routes` is what they answer to."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        """Path → handler."""
        return [
            web.get("/", self._list),
            web.get(r"/mail/{number:\d+}", self._one),
            web.get(r"/mail/{number:\d+}/raw", self._raw),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        asked = query(request, PageQuery)
        shown: list[Entry] = []
        for seq, row in self._ledger.downwards(asked.before):
            if asked.channel in (None, row.channel):
                shown.append(self._ledger.entry(seq))
            if len(shown) == PAGE_ENTRIES:
                break
        return _page("Mailbox", _listing(shown, asked.channel, len(self._ledger)))

    async def _one(self, request: web.Request) -> web.Response:
        entry = self._ledger.entry(number(request))
        seen = mail.of(entry.arrival)
        return _page(seen.subject or f"Message {entry.seq}", _message(entry, seen))

    async def _raw(self, request: web.Request) -> web.Response:
        arrival = self._ledger.entry(number(request)).arrival
        content = mail.raw_of(arrival) or msgspec.json.format(msgspec.json.encode(arrival))
        return web.Response(body=content, content_type="text/plain", charset=arrival.raw_charset)


def _listing(shown: list[Entry], channel: Channel | None, total: int) -> Iterable[str]:
    yield f"<h1>Mailbox</h1><p>{total} messages reached the sandbox's providers.</p><nav>"
    yield '<a href="/">all</a>'
    yield from (f'<a href="/?channel={each}">{each}</a>' for each in CHANNELS)
    yield '</nav><table><thead><tr><th scope="col">When</th><th scope="col">To</th>'
    yield '<th scope="col">Message</th><th scope="col">By</th><th scope="col">State</th></tr>'
    yield "</thead><tbody>"
    yield from map(_line, shown)
    yield "</tbody></table>"
    if len(shown) == PAGE_ENTRIES:
        chosen = f"&amp;channel={channel}" if channel else ""
        yield f'<p><a href="/?before={shown[-1].seq}{chosen}">Older</a></p>'


def _line(entry: Entry) -> str:
    arrival, state = entry.arrival, _state(entry)
    title = mail.subject_of(arrival) or (arrival.text or "")[:80] or "(nothing)"
    kind = "refused" if entry.status >= 400 else "repeat" if entry.repeat_of else "accepted"
    return (
        f'<tr class="{kind}"><td class="when">{entry.at:%Y-%m-%d %H:%M:%S}</td>'
        f"<td>{escape(arrival.recipient)}</td>"
        f'<td><a href="/mail/{entry.seq}">{escape(title)}</a></td>'
        f"<td>{arrival.provider}</td><td>{state}</td></tr>"
    )


def _state(entry: Entry) -> str:
    if entry.status >= 400:
        return f"refused ({entry.status})"
    return f"repeat of {entry.repeat_of}" if entry.repeat_of else ""


def _message(entry: Entry, seen: mail.Mail) -> Iterable[str]:
    arrival = entry.arrival
    facts = {
        "Received": f"{entry.at:%Y-%m-%d %H:%M:%S} UTC by {arrival.provider}",
        "State": _state(entry) or "accepted",
        "Recipient": arrival.recipient,
        "Sender": arrival.sender,
        "Idempotency key": arrival.idempotency_key or "",
        "Message id": arrival.message_id or "",
    }
    yield f'<nav><a href="/">Mailbox</a><a href="/mail/{entry.seq}/raw">as it came</a></nav>'
    yield f"<h1>{escape(seen.subject or f'Message {entry.seq}')}</h1><table><tbody>"
    for name, value in (*facts.items(), *seen.headers.items()):
        if value:
            yield f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
    yield "</tbody></table>"
    if seen.html:
        # Links open in a new tab, outside the cage; scripts, forms and same-origin access stay off.
        caged = f'<base target="_blank">{seen.html}'
        yield '<h2>HTML</h2><iframe title="The message as HTML" '
        yield 'sandbox="allow-popups allow-popups-to-escape-sandbox" '
        yield f'srcdoc="{escape(caged)}"></iframe>'
    if seen.text:
        yield f"<h2>Text</h2><pre>{escape(seen.text)}</pre>"
    if arrival.data:
        shown = msgspec.json.format(msgspec.json.encode(arrival.data)).decode()
        yield f"<h2>Data</h2><pre>{escape(shown)}</pre>"


def _page(title: str, content: Iterable[str]) -> web.Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · Kairos sandbox</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(content)}</body></html>"
    )
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=text, content_type="text/html", headers=headers)
