"""Numbers, money, dates and plurals as each language writes them, and markup that is compiled."""

from typing import Any

import msgspec
import pytest

from services.delivery.adapters.liquid.markup import compile_mjml, inline_css, with_preheader
from services.delivery.adapters.liquid.template import Liquid
from services.delivery.domain.mail import Content
from services.delivery.domain.template import BLOCK, Block, Copy, TemplateDocument, blocks_in
from services.delivery.ports import Unrenderable
from tests.unit.delivery.orders import NOW

VARIABLES: dict[str, Any] = {
    "profile": {"timezone": "America/New_York"},
    "event": {"due": "2026-07-01T22:30:00+00:00", "day": "2026-12-24", "n": 3},
}


def written(
    text: str, locale: str = "de", blocks: dict[str, Block] | None = None, **more: Any
) -> Content:
    copy = Copy(subject="S", html=text)
    document = TemplateDocument("t", "email", {"de": copy}, **more)
    given = {"unsubscribe_url": "https://k.example/u/1", "now": NOW}
    made = Liquid().parse(document, blocks)
    return made.render(locale, "", msgspec.json.encode(VARIABLES).decode(), given)


@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [
        ("{{ 1234.5 | money }}", "de", "1.234,50\u00a0€"),
        ("{{ '1234.5' | money: 'USD' }}", "en-US", "$1,234.50"),
        ("{{ 1234.5 | money: 'chf' }}", "de-CH", "CHF\u00a01’234.50"),
        ("{{ 1234.5 | number }}", "de", "1.234,5"),
        ("{{ 1234.5 | number }}", "en", "1,234.5"),
        ("{{ 0.25 | percent }}", "de", "25\u00a0%"),
        ("{{ event.day | day }}", "de", "24. Dezember 2026"),
        ("{{ event.day | day: 'short' }}", "de", "24.12.26"),
        ("{{ event.due | day }}", "en", "July 1, 2026"),
        ("{{ event.due | time }}", "de", "18:30"),
        ("{{ event.due | moment }}", "de", "1. Juli 2026, 18:30"),
        ("{{ event.n | plural: one: '# Punkt', other: '# Punkte' }}", "de", "3 Punkte"),
        ("{{ 1 | plural: one: '# Punkt', other: '# Punkte' }}", "de", "1 Punkt"),
        ("{{ 0 | plural: one: '# point', other: '# points' }}", "en", "0 points"),
        ("{{ 0 | plural: one: '# point', other: '# points' }}", "fr", "0 point"),
        ("{{ 3 | plural: one: 'a', few: 'b', other: 'c' }}", "pl", "b"),
        ("{{ 5 | number }}", "tlh", "5"),
    ],
)
def test_filter_speaks_the_language(text: str, locale: str, shown: str) -> None:
    assert written(text, locale).html == shown


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'much' | money }}",
        "{{ 1 | money: 'Euro' }}",
        "{{ '1e999' | number }}",
        "{{ 'NaN' | number }}",
        "{{ event.day | time }}",
        "{{ 'tomorrow' | day }}",
        "{{ event.day | day: 'huge' }}",
        "{{ 1 | plural: one: 'a' }}",
        "{{ 1 | plural: several: 'a', other: 'b' }}",
        "{{ event.nothing | money }}",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Unrenderable):
        written(text)


def test_variant_says_what_differs_and_the_content_the_rest() -> None:
    document = TemplateDocument(
        "t",
        "email",
        {"de": Copy(subject="Hallo", html="<p>Lang</p>", text="Lang")},
        {"short": {"de": Copy(html="<p>Kurz</p>")}},
    )
    made = Liquid().parse(document)
    for variant, html, text in (("", "<p>Lang</p>", "Lang"), ("short", "<p>Kurz</p>", "Kurz")):
        got = made.render("de", variant, "{}", {})
        assert (got.subject, got.html, got.text) == ("Hallo", html, text)
    assert made.render("de", "gone", "{}", {}).html == "<p>Lang</p>"


def test_block_is_put_in_as_html_and_as_text() -> None:
    blocks = {"imprint": Block("imprint", {"de": Copy(html="<p>FitShop, <b>Berlin</b></p>")})}
    text = "<p>Hi</p>{% render 'imprint' %}"
    got = written(text, blocks=blocks)
    assert got.html == "<p>Hi</p><p>FitShop, <b>Berlin</b></p>"
    assert got.text == "Hi\n\nFitShop, Berlin"
    document = TemplateDocument(
        "t", "email", {"de": Copy(html=text)}, {"b": {"de": Copy(text=text)}}
    )
    assert blocks_in(document) == {"imprint"}
    assert BLOCK.findall('{%- render "a-b" -%}') == ["a-b"]


def test_block_that_is_missing_is_refused() -> None:
    with pytest.raises(Unrenderable, match="no block imprint"):
        written("{% render 'imprint' %}")


def test_mjml_becomes_html_and_liquid_comes_through() -> None:
    """Quotes, comparison signs and loops between elements survive the XML parser."""
    html = compile_mjml(
        "<mjml><mj-body><mj-section><mj-column>{% for i in event.items %}"
        '<mj-text>{{ i | append: "<&" }}</mj-text>{% endfor %}'
        '<mj-button href="{{ event.url | default: "https://x.example" }}">Go</mj-button>'
        "</mj-column></mj-section></mj-body></mjml>"
    )
    assert "<mj-" not in html
    assert '{{ i | append: "<&" }}' in html
    assert html.index("{% for") < html.index("<tr", html.index("{% for")) < html.index("{% endfor")
    assert 'href="{{ event.url | default: "https://x.example" }}"' in html


@pytest.mark.parametrize(
    "mjml",
    ["<mjml><mj-nope></mjml>", "<p>no</p>", "<mjml><mj-include path='/etc/passwd' /></mjml>"],
)
def test_mjml_that_cannot_be_read_is_refused(mjml: str) -> None:
    with pytest.raises(Unrenderable):
        compile_mjml(mjml)


def test_style_sheet_moves_into_the_elements() -> None:
    html = inline_css(
        "<style>p { color: red } @media (max-width: 9px) { p { color: blue } }</style>"
        '<table>{% for i in a %}<tr><td><p title="{{ "x" }}">{{ i }}</p></td></tr>'
        "{% endfor %}</table>"
    )
    assert '<p title="{{ "x" }}" style="color: red;">{{ i }}</p>' in html
    assert "@media" in html
    assert html.index("{% for") < html.index("<tr") < html.index("{% endfor")


def test_remote_style_sheet_is_never_fetched() -> None:
    html = (
        '<link rel="stylesheet" href="http://127.0.0.1:1/x.css"><style>p{color:red}</style><p>x</p>'
    )
    assert 'style="color: red;"' in inline_css(html)


def test_preheader_comes_first_in_the_body() -> None:
    shown = with_preheader("<html><body class='a'><p>x</p></body></html>", "{{ profile.x }}")
    assert shown.index("<body") < shown.index("{{ profile.x }}") < shown.index("<p>")
    assert with_preheader("<p>x</p>", "") == "<p>x</p>"
