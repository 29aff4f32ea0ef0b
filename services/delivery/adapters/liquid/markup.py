"""MJML compiled and CSS moved into `style`, with Liquid carried through untouched.

Parsers of HTML and XML know nothing of Liquid: they would escape its quotes, and move a `{% for %}`
between two rows out of the table. So it is replaced by marks first: a word inside tags, style and
title; outside, for `{% … %}`, a comment, which may stand everywhere.
"""

import re

import css_inline
import mrml

from services.delivery.ports import Unrenderable

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAGS = re.compile(
    r"<(style|mj-style|title|mj-title|script)\b[^>]*>.*?</\1\s*>|<[a-zA-Z/!?][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
_MARK = re.compile(r"<!--\s*kx(\d+)xk\s*-->|kx(\d+)xk")
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)

_inliner = css_inline.CSSInliner(
    keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
)
_options = mrml.ParserOptions(include_loader=mrml.noop_loader())


def compile_mjml(mjml: str) -> str:
    """The HTML an MJML template stands for; raises Unrenderable where it cannot be read."""
    if "<mj-include" in mjml:
        raise Unrenderable("mj-include has no files to include; use a shared block")
    marked, kept = _mark(mjml)
    try:
        html: str = mrml.to_html(marked, parser_options=_options).content
    except OSError as error:
        raise Unrenderable(f"the MJML cannot be read: {error}") from error
    return _restore(html, kept)


def inline_css(html: str) -> str:
    """The HTML with its style sheets moved into `style` attributes; at-rules stay in the head.

    HTML without a style sheet stays as it is.
    """
    if "<style" not in html.lower():
        return html
    marked, kept = _mark(html)
    try:
        inlined = _inliner.inline(marked)
    except (ValueError, css_inline.InlineError) as error:
        raise Unrenderable(f"the style sheet cannot be inlined: {error}") from error
    return _restore(inlined, kept)


def with_preheader(html: str, preheader: str) -> str:
    """The HTML with a line at its beginning that only the list of mails shows."""
    if not preheader:
        return html
    hidden = (
        f'<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{preheader}</div>'
    )
    body = _BODY.search(html)
    at = body.end() if body else 0
    return html[:at] + hidden + html[at:]


def _mark(text: str) -> tuple[str, list[str]]:
    """The text with marks in place of Liquid, and what they stand for."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"kx{len(kept) - 1}xk"

    marked = _LIQUID.sub(keep, text)
    out: list[str] = []
    last = 0
    for tag in _TAGS.finditer(marked):
        out += (_as_comments(marked[last : tag.start()], kept), tag.group())
        last = tag.end()
    out.append(_as_comments(marked[last:], kept))
    return "".join(out), kept


def _as_comments(text: str, kept: list[str]) -> str:
    def comment(found: re.Match[str]) -> str:
        mark = found.group()
        return f"<!--{mark}-->" if kept[int(found.group(2))].startswith("{%") else mark

    return _MARK.sub(comment, text)


def _restore(text: str, kept: list[str]) -> str:
    def said(mark: re.Match[str]) -> str:
        number = int(mark.group(1) or mark.group(2))
        return kept[number] if number < len(kept) else mark.group()

    return _MARK.sub(said, text)
