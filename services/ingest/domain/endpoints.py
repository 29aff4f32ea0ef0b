"""Where a person can be reached, as one call says it.

An identify names e-mail and telephone by its traits; any call may carry the token of the device it
comes from. Whether an address may be used is decision's business; here it only gets its one
spelling.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

TOKEN_CHARACTERS_MAX = 4096
"""Tokens of push services stay well below it; no text of an address is longer."""


class Channel(StrEnum):
    """The channels that have an address."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


ENDPOINT_TRAITS = {Channel.EMAIL: "email", Channel.SMS: "phone"}
"""Channel → the trait that names its address, which is also what such an address is an id by."""


class Endpoint(NamedTuple):
    """What a call says about one channel: an address; an empty one where it was taken back; None
    where nobody can read it, and then it changes nothing.
    """

    channel: Channel
    address: str | None


class Spelling(Protocol):
    """Knows addresses; see `adapters.addresses`."""

    def email(self, text: str) -> str | None:
        """The address in its one spelling, None for what is none."""
        ...

    def phone(self, text: str, region: str) -> str | None:
        """The number in E.164, None for what is none."""
        ...


def named(
    traits: Mapping[str, Any] | None,
    context: Mapping[str, Any] | None,
    spelling: Spelling,
    region: str,
) -> Sequence[Endpoint]:
    """The endpoints a call speaks of.

    Args:
        traits: of an identify, else None.
        context: of the call.
        region: the country of telephone numbers without a country code.
    """
    found = []
    if traits:
        if "email" in traits:
            found.append(_read(Channel.EMAIL, traits["email"], spelling.email))
        if "phone" in traits:
            phone = lambda text: spelling.phone(text, region)  # noqa: E731
            found.append(_read(Channel.SMS, traits["phone"], phone))
    device = context.get("device") if context else None
    if isinstance(device, dict) and "token" in device:
        found.append(_read(Channel.PUSH, device["token"], _token))
    return found


def _read(channel: Channel, value: Any, spell: Any) -> Endpoint:
    if value is None or value == "":
        return Endpoint(channel, "")
    return Endpoint(channel, spell(value) if isinstance(value, str) else None)


def _token(text: str) -> str | None:
    text = text.strip()
    return text if 0 < len(text) <= TOKEN_CHARACTERS_MAX else None
