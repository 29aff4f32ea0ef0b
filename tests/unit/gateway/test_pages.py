"""Pages for people: their language, no scripts, nothing of the caller's unescaped."""

from uuid import UUID

import msgspec
import pytest

from gateway.app import build
from gateway.openapi import describe
from gateway.pages import docs, page
from gateway.pages import tokens as tokens_of_pages
from kit import tokens
from kit.errors import NotFound

SECRET = "a secret of this test"
PAYLOAD = ("fitshop", UUID(int=1).bytes, UUID(int=2).bytes, "email", "tips")


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr,de;q=0.5,en;q=0.2", "de"),
        ("de;q=x", "en"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("DE", "de"),
    ],
)
def test_page_speaks_the_language_the_browser_likes_best(accept: str, language: str) -> None:
    assert page.language_of(accept) == language


def test_title_is_escaped() -> None:
    assert "<script>" not in page.html("en", "<script>", body="")


def test_link_is_read() -> None:
    token = tokens.sign("unsubscribe", msgspec.msgpack.encode(PAYLOAD), SECRET.encode())

    assert tokens_of_pages.page_link("unsubscribe", token, SECRET) == tokens_of_pages.PageLink(
        "fitshop", UUID(int=1), UUID(int=2), "email", "tips"
    )


def test_link_for_another_purpose_or_by_another_is_not() -> None:
    payload = msgspec.msgpack.encode(PAYLOAD)
    for token in (
        tokens.sign("click", payload, SECRET.encode()),
        tokens.sign("unsubscribe", payload, b"another secret"),
        "v1.x.y",
        "",
    ):
        with pytest.raises(NotFound):
            tokens_of_pages.page_link("unsubscribe", token, SECRET)


def test_docs_name_every_route() -> None:
    document = describe(build())
    shown = docs.page(document)

    for path, item in document["paths"].items():
        for method in item:
            assert f"<code>{method.upper()} {path}</code>" in shown
    assert "<script" not in shown
