"""The links of a written message, led over our own redirect."""

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import structs

from services.delivery.domain.mail import Content

_HREF = re.compile(r"(<(?:a|area)\b[^>]*?\bhref\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\"'()\[\]{}]+")
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
_AFTER_LINK = ".,;:!?"
URL_CHARS_MAX = 2000

Lead = Callable[[str], str]
"""Address -> address that leads there; the same one where it is to stay."""


def led(content: Content, lead: Lead) -> Content:
    """The content with every web address in a link or in the text led elsewhere."""
    return structs.replace(
        content, html=_HREF.sub(_in_html(lead), content.html), text=_in_text(content.text, lead)
    )


def _in_html(lead: Lead) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        said = found.group(2) if found.group(2) is not None else found.group(3)
        url = unescape(said).strip()
        new = lead(url) if is_web(url) else url
        return found.group() if new == url else f'{found.group(1)}"{escape(new)}"'

    return replaced


def _in_text(text: str, lead: Lead) -> str:
    def replaced(found: re.Match[str]) -> str:
        url = found.group().rstrip(_AFTER_LINK)
        return (lead(url) if is_web(url) else url) + found.group()[len(url) :]

    return _BARE.sub(replaced, text)


def is_web(url: str) -> bool:
    """Whether it is an address a browser opens, and not too long to be kept."""
    if not url.startswith(("https://", "http://")) or len(url) > URL_CHARS_MAX:
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        return False


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """The address with these parameters; what it says itself stays."""
    if not parameters:
        return url
    parts = urlsplit(url)
    own = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    more = urlencode({name: value for name, value in parameters.items() if name not in own})
    query = "&".join(each for each in (parts.query, more) if each)
    return urlunsplit(parts._replace(query=query))


def with_pixel(html: str, url: str) -> str:
    """The HTML with a picture of one pixel at its end."""
    pixel = f'<img src="{escape(url)}" width="1" height="1" alt="" style="display:block;border:0">'
    end = _BODY_END.search(html)
    at = end.start() if end else len(html)
    return html[:at] + pixel + html[at:]
