"""Words and links of a template's source."""

import re
from html.parser import HTMLParser

from services.delivery.domain.plaintext import text_template
from services.delivery.domain.scenes.scene import Link
from services.delivery.domain.template import Copy

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_BARE = re.compile(r"https?://[^\s<>\"')]+")
_BLANKS = re.compile(r"\s+")


def words_of(copy: Copy) -> str:
    """What a reader sees, subject first, as one line; variables are an ellipsis."""
    body = text_template(copy.html) if copy.html else copy.text
    shown = ". ".join(each for each in (copy.subject, body) if each)
    without = _BARE.sub(" ", _said(shown))
    return _BLANKS.sub(" ", without).strip()


def links_of(copy: Copy) -> tuple[Link, ...]:
    """All links of the HTML, or of the text where there is none; the template's `url` too."""
    if copy.html:
        reader = _Links()
        reader.feed(_quiet(copy.html))
        reader.close()
        found = [Link(_loud(href), _loud(words)) for href, words in reader.found]
    else:
        found = [Link(href.rstrip(".,;:!?"), "") for href in _BARE.findall(copy.text)]
    return (*found, *([Link(copy.url, copy.action)] if copy.url else ()))


def _said(text: str) -> str:
    return LIQUID.sub(lambda found: "…" if found.group().startswith("{{") else " ", text)


_OPEN, _CLOSE = "\ue000", "\ue001"


def _quiet(html: str) -> str:
    """Liquid without the signs that mean something in HTML, so that the parser reads over it."""

    def quiet(found: re.Match[str]) -> str:
        return _OPEN + found.group().encode().hex() + _CLOSE

    return LIQUID.sub(quiet, html)


def _loud(text: str) -> str:
    return re.sub(
        f"{_OPEN}([0-9a-f]*){_CLOSE}", lambda found: bytes.fromhex(found.group(1)).decode(), text
    )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._open: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and "href" in given:
            self._open = given["href"] or ""
            self._words = []
        elif tag == "area" and given.get("href"):
            self.found.append((given["href"] or "", given.get("alt") or ""))
        elif tag == "img":
            self._words.append(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.found.append((self._open, "".join(self._words).strip()))
            self._open = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)
