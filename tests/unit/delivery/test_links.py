"""The unsubscribe link: what is in it, what is not, and that nobody can make one up."""

import pytest

from kit import tokens
from kit.errors import NotFound
from services.delivery.adapters.links import SignedLinks
from services.delivery.domain.links import UNSUBSCRIBE as PURPOSE
from services.delivery.domain.links import decode
from tests.unit.delivery.orders import order

SECRET = b"secret"


def token() -> str:
    url = SignedLinks("https://kairos.example/", SECRET).pages_of(order())["unsubscribe_url"]
    assert url.startswith("https://kairos.example/u/v1.")
    return url.rpartition("/")[2]


def test_link_names_person_message_channel_and_topic() -> None:
    link = decode(tokens.verify(PURPOSE, token(), SECRET))
    asked = order()
    assert (link.workspace, link.person, link.message_id) == (
        asked.workspace,
        asked.person,
        asked.message_id,
    )
    assert (link.channel, link.topic) == ("email", "tips")


def test_payload_keeps_its_form() -> None:
    """The gateway reads it: an array of text, 16 bytes, 16 bytes, text, text."""
    payload = tokens.verify(PURPOSE, token(), SECRET)
    asked = order()
    assert payload == (
        b"\x95\xa7fitshop\xc4\x10"
        + asked.person.bytes
        + b"\xc4\x10"
        + asked.message_id.bytes
        + b"\xa5email\xa4tips"
    )


def test_mutated_token_is_refused() -> None:
    """Any one character changed, and it is no link any more."""
    good = token()
    for place in range(len(good)):
        other = "A" if good[place] != "A" else "B"
        with pytest.raises(NotFound):
            tokens.verify(PURPOSE, good[:place] + other + good[place + 1 :], SECRET)


def test_link_says_nothing_of_the_address() -> None:
    assert b"anna" not in tokens.verify(PURPOSE, token(), SECRET)
