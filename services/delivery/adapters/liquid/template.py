"""Template documents parsed once and rendered many times."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import msgspec
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError

from services.delivery.adapters.liquid.environment import Limited
from services.delivery.adapters.liquid.markup import compile_mjml, inline_css, with_preheader
from services.delivery.domain.mail import Content
from services.delivery.domain.plaintext import text_template
from services.delivery.domain.sms import segments
from services.delivery.domain.template import (
    BLOCK,
    Block,
    Copy,
    TemplateDocument,
    copy_for,
    locale_for,
)
from services.delivery.ports import Unrenderable

SOURCE_CHARS_MAX = 256 * 1024

_decoder = msgspec.json.Decoder(dict[str, Any])


class Liquid:
    """Parses template documents."""

    def __init__(self) -> None:
        self.html = Limited(autoescape=True)
        self.text = Limited(autoescape=False)

    def parse(
        self, document: TemplateDocument, blocks: dict[str, Block] | None = None
    ) -> "LiquidTemplate":
        """The document, ready to be rendered."""
        return LiquidTemplate(self, document, blocks or {})


class LiquidTemplate:
    """One template document; each wording is parsed when somebody first needs it."""

    def __init__(
        self, liquid: Liquid, document: TemplateDocument, blocks: dict[str, Block]
    ) -> None:
        self._liquid = liquid
        self._document = document
        self._blocks = blocks
        self._parsed: dict[tuple[str, str], Parsed] = {}

    def render(self, locale: str, variant: str, variables: str, given: dict[str, Any]) -> Content:
        """What a recipient reads; raises Unrenderable for anything the template does wrong.

        `variables` is a JSON object; `given` goes on top of it.
        """
        found = locale_for(self._document.content, locale)
        seen = _variables(variables) | given
        seen["locale"] = locale or found
        seen["timezone"] = _timezone(seen.get("profile"))
        try:
            content = self.parsed(found, variant).render(seen)
            self._check_length(content)
            return content
        except Unrenderable:
            raise
        except (UndefinedError, ResourceLimitError) as error:
            raise Unrenderable(str(error.message)) from error
        except Exception as error:
            # Filters are Python functions over whatever a client sent: anything may be raised, and
            # what they say may quote it.
            raise Unrenderable(f"{type(error).__name__} while rendering") from error

    def _check_length(self, content: Content) -> None:
        """A text message that costs more than it may is not sent."""
        if self._document.channel == "sms":
            count, most = segments(content.text).count, self._document.segments_max
            if count > most:
                raise Unrenderable(f"the text takes {count} segments, {most} are allowed")

    def parsed(self, locale: str, variant: str = "") -> "Parsed":
        """One wording, parsed; `locale` is one of the content's."""
        parsed = self._parsed.get((locale, variant))
        if parsed is None:
            copy = copy_for(self._document, locale, variant)
            built = build(copy, self._document.channel, locale, self._blocks)
            parsed = self._parsed[locale, variant] = Parsed(self._liquid, built)
        return parsed


def build(copy: Copy, channel: str, locale: str, blocks: dict[str, Block]) -> Copy:
    """The copy as Liquid sees it: blocks put in, MJML compiled, CSS inlined, text part made."""
    texts = {
        name: _with_blocks(getattr(copy, name), name, locale, blocks)
        for name in Copy.__struct_fields__
    }
    if sum(map(len, texts.values())) > SOURCE_CHARS_MAX:
        raise Unrenderable(f"the source is over {SOURCE_CHARS_MAX} characters")
    if channel != "email":
        return Copy(**texts)
    html = compile_mjml(texts["mjml"]) if texts["mjml"].strip() else texts["html"]
    texts["text"] = texts["text"] or text_template(html)
    texts["html"] = with_preheader(inline_css(html), texts["preheader"])
    texts["mjml"] = ""
    return Copy(**texts)


class Parsed:
    """One wording, ready to be filled; `source` is what was parsed."""

    def __init__(self, liquid: Liquid, source: Copy) -> None:
        self.source = source
        try:
            self.subject = liquid.text.from_string(source.subject.strip())
            self.html = liquid.html.from_string(source.html)
            self.text = liquid.text.from_string(source.text)
            self.url = liquid.text.from_string(source.url.strip())
            self.action = liquid.text.from_string(source.action)
            self.image = liquid.text.from_string(source.image.strip())
        except LiquidError as error:
            raise Unrenderable(str(error.message)) from error

    def variables(self) -> list[str]:
        """Paths of the variables it prints or asks for, such as `profile.first_name`.

        Raises Unrenderable for a filter that does not exist, which Liquid only notices on its way.
        """
        used: set[str] = set()
        for part in (self.subject, self.html, self.text, self.url, self.action, self.image):
            found = part.analyze()
            if unknown := sorted(found.filters.keys() - part.env.filters.keys()):
                raise Unrenderable(f"there is no filter {unknown[0]}")
            used |= {_path(use.segments) for uses in found.globals.values() for use in uses}
        return sorted(used)

    def render(self, seen: dict[str, Any]) -> Content:
        """The wording with these variables."""
        return Content(
            subject=self.subject.render(seen),
            html=self.html.render(seen),
            text=self.text.render(seen),
            sender=self.source.sender,
            reply_to=self.source.reply_to,
            url=self.url.render(seen),
            action=self.action.render(seen),
            image=self.image.render(seen),
        )


def _path(segments: Sequence[object]) -> str:
    """`profile.first_name`; a position in a list, or a name not yet known, ends it."""
    names = takewhile(lambda each: isinstance(each, str), segments)
    return ".".join(str(name) for name in names)


def _with_blocks(text: str, name: str, locale: str, blocks: dict[str, Block]) -> str:
    """The text with its shared blocks in place; a block holds no further ones."""
    if "render" not in text:
        return text
    pieces = BLOCK.split(text)
    for at in range(1, len(pieces), 2):
        key = pieces[at]
        block = blocks.get(key)
        if block is None or not block.content:
            raise Unrenderable(f"there is no block {key}")
        said = block.content[locale_for(block.content, locale)]
        pieces[at] = said.html if name in ("html", "mjml") else said.text
        if not pieces[at]:
            pieces[at] = text_template(said.html) if name not in ("html", "mjml") else said.text
    return "".join(pieces)


def _timezone(profile: object) -> str:
    """The person's zone, in which `day`, `time` and `moment` speak."""
    zone = profile.get("timezone") if isinstance(profile, dict) else None
    return zone if isinstance(zone, str) else "UTC"


def _variables(text: str) -> dict[str, Any]:
    try:
        return _decoder.decode(text)
    except ValueError as error:
        raise Unrenderable("the variables are no JSON object") from error
