"""The plain-text template that an HTML template implies.

Made once per template, not per mail: Liquid markup is carried over untouched, so the text part is
filled with the same values as the HTML part.
"""

import re
from html.parser import HTMLParser

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MARK = re.compile("\ue000(\\d+)\ue001")
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
_GAPS = re.compile(r"\n{3,}")

_BREAKS = frozenset({"br", "tr", "dt", "dd"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "div", "dl", "figure", "footer", "form"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "ul"}
)
_SILENT = frozenset({"head", "script", "style", "title", "template"})


def text_template(html: str) -> str:
    """Headings, paragraphs, lists and links as text; a link's address follows its words."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"\ue000{len(kept) - 1}\ue001"

    reader = _Reader()
    reader.feed(_LIQUID.sub(keep, html))
    reader.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(reader.out).split("\n"))
    text = _GAPS.sub("\n\n", "\n".join(lines)).strip()
    return _MARK.sub(lambda mark: kept[int(mark.group(1))], text)


class _Reader(HTMLParser):
    """Writes the visible text of a document to `out`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._silent = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _SILENT:
            self._silent += 1
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.out)))
        elif tag == "img" and not self._silent:
            self.out.append(given.get("alt") or "")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag in _BLOCKS:
            self.out.append("\n\n")
        elif tag in _BREAKS:
            self.out.append("\n")
        elif tag in ("td", "th"):
            self.out.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a" and self._links:
            href, start = self._links.pop()
            words = "".join(self.out[start:]).strip()
            if href and not href.startswith("#") and words != href:
                self.out.append(f" ({href})" if words else href)
        elif tag in _BLOCKS:
            self.out.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.out.append(data.replace("\n", " "))
