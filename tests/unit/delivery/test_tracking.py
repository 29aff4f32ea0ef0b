"""Links in a written message, parameters, short codes, and who is a machine."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.delivery.domain.links import short_code, target_of
from services.delivery.domain.mail import Content
from services.delivery.domain.reactions import Reaction, event_of, is_machine
from services.delivery.domain.receipts import ReceiptKind
from services.delivery.domain.tracking import led, with_parameters, with_pixel
from tests.unit.delivery.orders import MESSAGE, NOW

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1.15 Mobile/15E148"


def test_every_web_address_is_led_and_nothing_else() -> None:
    seen: list[str] = []

    def lead(url: str) -> str:
        seen.append(url)
        return "https://k.example/c/1?a=1&b=2"

    html = (
        "<a class=x href='https://a.example/?p=1&amp;q=2'>a</a><a href=\"mailto:x@y.example\">m</a>"
        '<img src="https://cdn.example/i.png"><A HREF="http://b.example">b</A><a href="#top">t</a>'
        '<a href="https://">broken</a><area href="https://c.example/c">'
    )
    got = led(Content("s", html, "Siehe https://a.example/x. Oder (https://d.example)!"), lead)
    assert seen == [
        "https://a.example/?p=1&q=2",
        "http://b.example",
        "https://c.example/c",
        "https://a.example/x",
        "https://d.example",
    ]
    assert got.html.count("https://k.example/c/1?a=1&amp;b=2") == 3
    assert "https://cdn.example/i.png" in got.html
    assert got.text == (
        "Siehe https://k.example/c/1?a=1&b=2. Oder (https://k.example/c/1?a=1&b=2)!"
    )


@pytest.mark.parametrize(
    ("url", "parameters", "full"),
    [
        ("https://a.example", {}, "https://a.example"),
        ("https://a.example", {"u": "k"}, "https://a.example?u=k"),
        (
            "https://a.example/x?u=own#f",
            {"u": "k", "v": "ä b"},
            "https://a.example/x?u=own&v=%C3%A4+b#f",
        ),
        ("https://a.example/?u=", {"u": "k"}, "https://a.example/?u="),
    ],
)
def test_parameters_are_added_and_own_ones_stay(
    url: str, parameters: dict[str, str], full: str
) -> None:
    assert with_parameters(url, parameters) == full


def test_pixel_stands_at_the_end_of_the_body() -> None:
    assert with_pixel("<body><p>x</p></body>", "https://k/o/1").endswith('border:0"></body>')
    assert with_pixel("<p>x</p>", "https://k/o/1").startswith("<p>x</p><img")


def test_short_code_is_the_same_whenever_made_and_nobody_elses() -> None:
    target = target_of("https://a.example")
    code = short_code(MESSAGE, target, b"k")
    assert code == short_code(MESSAGE, target, b"k")
    assert len(code) == 10
    assert code.isalnum()
    others = {
        short_code(UUID(int=1), target, b"k"),
        short_code(MESSAGE, UUID(int=1), b"k"),
        short_code(MESSAGE, target, b"other"),
    }
    assert code not in others
    assert len(others) == 3


def reaction(agent: str, kind: ReceiptKind = ReceiptKind.OPENED, after_s: float = 60) -> Reaction:
    return Reaction(kind, MESSAGE, None, "", agent, NOW + timedelta(seconds=after_s))


@pytest.mark.parametrize(
    ("agent", "after_s", "machine"),
    [
        (PERSON, 60, False),
        (f"{PERSON} (via ggpht.com GoogleImageProxy)", 60, False),
        (PERSON, 1, True),
        ("Mozilla/5.0", 3600, True),
        ("", 60, True),
        ("curl/8.5.0", 60, True),
        ("python-requests/2.32", 60, True),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", 60, True),
        ("Mozilla/5.0 HeadlessChrome/140", 60, True),
        ("BarracudaCentral Scanner", 60, True),
    ],
)
def test_machines_are_told_from_people(agent: str, after_s: float, *, machine: bool) -> None:
    assert is_machine(reaction(agent, after_s=after_s), NOW) is machine


def test_what_somebody_says_is_never_a_machines() -> None:
    assert not is_machine(reaction("", ReceiptKind.NOT_RELEVANT, after_s=0), None)


def test_same_reaction_within_a_minute_is_one_receipt() -> None:
    first = event_of(reaction(PERSON, after_s=60), MESSAGE, NOW, "https://a.example/x?mail=a@b")
    again = event_of(reaction(PERSON, after_s=119), MESSAGE, NOW, "https://a.example/x?mail=a@b")
    later = event_of(reaction(PERSON, after_s=120), MESSAGE, NOW, "https://a.example/x?mail=a@b")
    assert first.event_id == again.event_id != later.event_id
    assert first.detail == "https://a.example/x"
