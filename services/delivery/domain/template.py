"""A template as the catalog holds it, and which of its languages a person gets.

kind: template
key: welcome
channel: email
topic: onboarding
class: marketing
content:
  de: {subject: "Willkommen, {{ profile.first_name }}", html: "<p>…</p>"}
  en: {subject: "Welcome, {{ profile.first_name }}", html: "<p>…</p>", text: "…"}
"""

import msgspec

FALLBACK_LOCALE = "en"
"""Taken where neither the person's locale nor its language is there; after it the first by name."""


class Variant(msgspec.Struct, frozen=True):
    """One language of a template; without `text` it is made from `html`."""

    subject: str
    html: str
    text: str = ""


class TemplateDocument(msgspec.Struct, frozen=True):
    """The parts of a template document that delivery uses."""

    key: str
    channel: str
    content: dict[str, Variant]


_decoder = msgspec.json.Decoder(TemplateDocument)


def read(body_json: bytes) -> TemplateDocument:
    """The document; ValueError naming the place where it is not one that can be rendered."""
    document = _decoder.decode(body_json)
    if not document.content:
        raise ValueError("content has no language")
    return document


def locale_for(document: TemplateDocument, locale: str) -> str:
    """The language for a person: `de-AT` falls back to `de`, then `en`, then the first by name."""
    offered = {name.lower().replace("_", "-"): name for name in sorted(document.content)}
    wanted = locale.lower().replace("_", "-")
    while wanted:
        if wanted in offered:
            return offered[wanted]
        wanted = wanted.rpartition("-")[0]
    return offered.get(FALLBACK_LOCALE) or next(iter(offered.values()))
