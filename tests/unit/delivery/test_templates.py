"""Languages, the text part, and what Liquid may and may not do."""

from typing import Any

import msgspec
import pytest

from services.delivery.adapters.liquid.environment import OUTPUT_BYTES_MAX
from services.delivery.adapters.liquid.template import Liquid, LiquidTemplate
from services.delivery.domain.mail import Content
from services.delivery.domain.plaintext import text_template
from services.delivery.domain.template import Copy, locale_for, read
from services.delivery.ports import Unrenderable
from tests.unit.delivery.orders import NOW

URL = "https://kairos.example/u/v1.abc?a=1&b=2"
GIVEN = {"unsubscribe_url": URL, "now": NOW}
ANNA = '{"profile": {"first_name": "Anna"}}'


def template(**content: dict[str, str]) -> LiquidTemplate:
    document = {"kind": "template", "key": "t", "channel": "email", "content": content}
    return Liquid().parse(read(msgspec.json.encode(document)))


def render(html: str, variables: dict[str, Any] | None = None, **more: str) -> Content:
    made = template(en={"subject": "S", "html": html, **more})
    return made.render("en", "", msgspec.json.encode(variables or {}).decode(), GIVEN)


@pytest.mark.parametrize(
    ("locale", "offered", "found"),
    [
        ("de", ["de", "en"], "de"),
        ("de-AT", ["de", "en"], "de"),
        ("de_AT", ["de-at", "de"], "de-at"),
        ("DE", ["de", "en"], "de"),
        ("fr-FR", ["de", "en"], "en"),
        ("", ["de", "en"], "en"),
        ("fr", ["it", "de"], "de"),
    ],
)
def test_language_falls_back(locale: str, offered: list[str], found: str) -> None:
    assert locale_for({each: Copy() for each in offered}, locale) == found


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'{"key": "t", "channel": "email", "content": {}}',
        b'{"key": "t", "channel": "email", "content": {"de": {"subject": "s"}}}',
    ],
)
def test_document_that_is_no_mail_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        read(body)


def test_values_are_escaped_in_html_and_plain_in_text() -> None:
    got = render("<p>{{ profile.name }}</p>", {"profile": {"name": "<b>Änna & Co"}})
    assert got.html == "<p>&lt;b&gt;Änna &amp; Co</p>"
    assert got.text == "<b>Änna & Co"


def test_text_part_follows_the_html() -> None:
    """Headings, lists and links survive; styles and scripts do not."""
    html = """
        <html><head><title>No</title><style>p { color: red }</style></head><body>
        <h1>Hi {{ profile.name }}</h1><p>First<br>second &amp; third</p>
        <ul><li>one</li><li>two</li></ul>
        {% if profile.x < 3 %}<p>Few</p>{% endif %}
        <p><a href="{{ unsubscribe_url }}">Unsubscribe</a>
        <img src="x" alt="A dog"></p><script>No()</script></body></html>
    """
    assert text_template(html) == (
        "Hi {{ profile.name }}\n\nFirst\nsecond & third\n\n- one\n- two\n\n"
        "{% if profile.x < 3 %}\n\nFew\n\n{% endif %}\n\n"
        "Unsubscribe ({{ unsubscribe_url }}) A dog"
    )


def test_given_text_part_is_kept() -> None:
    assert render("<p>Hi</p>", text="Own words").text == "Own words"


def test_link_is_escaped_in_html_only() -> None:
    got = render('<a href="{{ unsubscribe_url }}">x</a>')
    assert 'href="https://kairos.example/u/v1.abc?a=1&amp;b=2"' in got.html
    assert URL in got.text


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("{{ profile.name | default: 'you' }}", "you"),
        ("{% if profile.name %}a{% else %}b{% endif %}", "b"),
        ("{% if profile.age > 3 %}a{% else %}b{% endif %}", "b"),
        ("{{ 'now' | date: '%Y-%m-%d %H:%M' }}", NOW.strftime("%Y-%m-%d %H:%M")),
        ("{{ '2026-01-02' | date: '%d.%m.%Y' }}", "02.01.2026"),
    ],
)
def test_template_can_cope_with_what_is_missing(html: str, shown: str) -> None:
    """And `now` is the order's time, so rendering again gives the same."""
    assert render(html).html == shown


HOSTILE = {
    "printed undefined": "{{ profile.name }}",
    "undefined inside": "{{ a.b.c }}",
    "unknown filter": "{{ 'a' | nosuch }}",
    "unknown tag": "{% nosuch %}",
    "broken": "{% if a %}",
    "include": "{% include 'secrets' %}",
    "render": "{% render 'secrets' %}",
    "huge range joined": "{% assign a = (1..30000000) %}{{ a | join: ',' | size }}",
    "huge range sorted": "{% assign a = (1..30000000) %}{{ a | sort | first }}",
    "huge loop": "{% for i in (1..30000000) %}x{% endfor %}",
    "nested loops": "{% for i in (1..5000) %}{% for j in (1..5000) %}x{% endfor %}{% endfor %}",
    "doubling text": "{% assign a = 'xxxxxxxx' %}{% for i in (1..40) %}"
    "{% assign a = a | append: a %}{% endfor %}",
    "doubling list": "{% assign l = 'a,b' | split: ',' %}{% for i in (1..40) %}"
    "{% assign l = l | concat: l %}{% endfor %}",
    "squaring number": "{% assign a = 3 %}{% for i in (1..100) %}"
    "{% assign a = a | times: a %}{% endfor %}",
    "replace amplifies": "{% assign a = 'xxxxxxxx' %}{% for i in (1..10) %}"
    "{% assign a = a | append: a %}{% endfor %}{{ a | replace: '', a }}",
    "too long": "{% for i in (1..9000) %}" + "x" * 100 + "{% endfor %}",
    "division": "{{ 1 | divided_by: 0 }}",
}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_template_is_refused(name: str) -> None:
    """Refused with a sentence that holds nothing of the person, and soon."""
    with pytest.raises(Unrenderable) as refused:
        render(HOSTILE[name], {"profile": {"secret": "eve@example.com"}})
    assert str(refused.value)
    assert "eve@example.com" not in str(refused.value)


def test_source_has_a_limit() -> None:
    with pytest.raises(Unrenderable):
        render("x" * OUTPUT_BYTES_MAX)


def test_variables_that_are_no_object_are_refused() -> None:
    made = template(en={"subject": "S", "html": "x"})
    with pytest.raises(Unrenderable):
        made.render("en", "", "[1]", GIVEN)


def test_each_language_renders_its_own() -> None:
    made = template(
        de={"subject": "Hallo {{ profile.first_name }}", "html": "<p>Du</p>"},
        en={"subject": "Hello", "html": "<p>You</p>"},
    )
    assert made.render("de-CH", "", ANNA, GIVEN).subject == "Hallo Anna"
    assert made.render("sv", "", ANNA, GIVEN).subject == "Hello"
