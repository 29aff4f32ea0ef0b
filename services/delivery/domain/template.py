"""A template as the catalog holds it, and which of its languages a person gets.

kind: template
key: welcome
channel: email
topic: onboarding
class: marketing
content:
  de: {subject: "Willkommen, {{ profile.first_name }}", html: "<p>…</p>"}
  en: {subject: "Welcome, {{ profile.first_name }}", mjml: "<mjml>…</mjml>", text: "…"}
variants:
  short: {de: {subject: "Willkommen!"}}
"""

import re

import msgspec

FALLBACK_LOCALE = "en"
"""Taken where neither the person's locale nor its language is there; after it the first by name."""
SEGMENTS_MAX = 3
"""About 450 characters; above it the template has to say so."""
BLOCK = re.compile(r"\{%-?\s*render\s+['\"]([a-z0-9][a-z0-9_-]{0,62})['\"]\s*-?%\}")
"""Where a text asks for a shared block: `{% render 'imprint' %}`."""


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one language of a template says; which members are needed depends on the channel.

    Args:
        subject: e-mail: the subject; push and in-app: the title.
        preheader: e-mail: what mail programs show beside the subject.
        html: e-mail: the HTML part; or `mjml`, which is compiled.
        text: e-mail: the plain part, else made from the HTML; SMS, push, in-app: the words.
        sender: e-mail: `Name <address>` instead of the workspace's.
        reply_to: e-mail: where answers go.
        url: push, in-app: where a click leads.
        action: in-app: the label of the button.
        image: push, in-app: address of a picture.
    """

    subject: str = ""
    preheader: str = ""
    html: str = ""
    mjml: str = ""
    text: str = ""
    sender: str = ""
    reply_to: str = ""
    url: str = ""
    action: str = ""
    image: str = ""


class TemplateDocument(msgspec.Struct, frozen=True):
    """The parts of a template document that delivery uses.

    Args:
        variants: other wordings by name and language; what one leaves out is the content's.
        link_parameters: added to every link that leads out, such as `utm_source`.
        placement: in-app: where it shows.
        segments_max: SMS: how many segments one message may take.
    """

    key: str
    channel: str
    content: dict[str, Copy]
    variants: dict[str, dict[str, Copy]] = {}
    link_parameters: dict[str, str] = {}
    placement: str = ""
    segments_max: int = SEGMENTS_MAX
    holds_for: str | None = None


class Block(msgspec.Struct, frozen=True):
    """A piece of text that templates share, by language; without `text` it is made from `html`."""

    key: str
    content: dict[str, Copy]


_template_decoder = msgspec.json.Decoder(TemplateDocument)
_block_decoder = msgspec.json.Decoder(Block)

NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "email": (("subject",), ("html", "mjml")),
    "sms": (("text",),),
    "push": (("subject",), ("text",)),
    "in_app": (("subject",), ("text",)),
    "webhook": (("text",),),
}
"""Channel -> what every language needs: of each group one. Another channel needs `text`."""


def read(body_json: bytes) -> TemplateDocument:
    """The document; ValueError naming the place where it is not one that can be rendered."""
    document = _template_decoder.decode(body_json)
    if not document.content:
        raise ValueError("content has no language")
    for locale in document.content:
        for variant in ("", *document.variants):
            copy = copy_for(document, locale, variant)
            for group in NEEDS.get(document.channel, (("text",),)):
                if not any(getattr(copy, name).strip() for name in group):
                    raise ValueError(f"content.{locale} needs {' or '.join(group)}")
    return document


def read_block(body_json: bytes) -> Block:
    """The block; ValueError where it is none."""
    return _block_decoder.decode(body_json)


def locale_for(offered_locales: "dict[str, Copy]", locale: str) -> str:
    """The language for a person: `de-AT` falls back to `de`, then `en`, then the first by name."""
    offered = {name.lower().replace("_", "-"): name for name in sorted(offered_locales)}
    wanted = locale.lower().replace("_", "-")
    while wanted:
        if wanted in offered:
            return offered[wanted]
        wanted = wanted.rpartition("-")[0]
    return offered.get(FALLBACK_LOCALE) or next(iter(offered.values()))


def variant_of(variables: str) -> str:
    """The variant decision drew, which travels among the variables so that history has it too."""
    try:
        found = _variables.decode(variables).variant
    except msgspec.MsgspecError:
        return ""  # What cannot be read is refused where it is rendered.
    return found if isinstance(found, str) else ""


class _Variables(msgspec.Struct):
    variant: object = ""


_variables = msgspec.json.Decoder(_Variables)


def copy_for(document: TemplateDocument, locale: str, variant: str = "") -> Copy:
    """What a language of the content says in a variant; an unknown variant says the content."""
    base = document.content[locale]
    other = document.variants.get(variant, {}).get(locale)
    if other is None:
        return base
    said = {name: text for name in Copy.__struct_fields__ if (text := getattr(other, name))}
    if "html" in said or "mjml" in said:
        said = {"html": "", "mjml": "", "text": ""} | said
    return msgspec.structs.replace(base, **said)


def blocks_in(document: TemplateDocument) -> set[str]:
    """Keys of the shared blocks that the document's texts ask for."""
    copies = [*document.content.values()]
    copies += [copy for by_locale in document.variants.values() for copy in by_locale.values()]
    texts = [getattr(copy, name) for copy in copies for name in Copy.__struct_fields__]
    return {key for text in texts for key in BLOCK.findall(text)}
