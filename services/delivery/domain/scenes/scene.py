"""What the linter looks at, and what it says."""

from datetime import datetime
from enum import StrEnum

import msgspec

from services.delivery.domain.template import Copy


class Flaw(StrEnum):
    """What can be wrong with a scene; the first two keep it from being read at all."""

    UNREADABLE = "unreadable"
    UNRENDERABLE = "unrenderable"
    UNKNOWN_VARIABLE = "unknown_variable"
    NO_UNSUBSCRIBE = "no_unsubscribe"
    NO_IMPRINT = "no_imprint"
    PROMOTION_IN_TRANSACTIONAL = "promotion_in_transactional"
    SURVEY_IN_TRANSACTIONAL = "survey_in_transactional"
    BAD_LINK = "bad_link"
    TOO_LARGE = "too_large"
    BAD_HEADER = "bad_header"
    TOO_MANY_SEGMENTS = "too_many_segments"
    URGENCY_WITHOUT_END = "urgency_without_end"
    ENDS_TOO_EARLY = "ends_too_early"
    PAST_DATE = "past_date"
    MORE_THAN_ONE_ASK = "more_than_one_ask"
    TOO_MANY_SENTENCES = "too_many_sentences"
    CHANNEL_ROLE = "channel_role"
    NO_RECAP = "no_recap"
    UNSAFE_LINK = "unsafe_link"


ADVICE = frozenset(
    {
        Flaw.MORE_THAN_ONE_ASK,
        Flaw.TOO_MANY_SENTENCES,
        Flaw.CHANNEL_ROLE,
        Flaw.NO_RECAP,
        Flaw.UNSAFE_LINK,
    }
)
"""Flaws that are told but do not keep a template from being saved."""


class Finding(msgspec.Struct, frozen=True):
    """One flaw: where, what was expected, and what stands there (a piece of the template)."""

    flaw: Flaw
    path: str
    expected: str
    got: str = ""

    @property
    def refuses(self) -> bool:
        """Whether a template with it is not saved."""
        return self.flaw not in ADVICE


class Link(msgspec.Struct, frozen=True):
    """A link and its words."""

    href: str
    words: str


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One wording of a template, with what the catalog says about it.

    Args:
        copy: the source as parsed: blocks in place, MJML compiled, the text part made.
        used: paths of the variables it uses.
        declared: paths the template lists.
        plain: its words without markup and Liquid.
        expires: the real end of what it offers: a day, or the path of a variable.
        holds_for_s: how long promise and links are there after sending; None where not said.
        valid_for_s: how long after its order it may still be sent at most.
        segments_max: SMS: how much a message may cost.
    """

    path: str
    channel: str
    message_class: str
    copy: Copy
    used: tuple[str, ...]
    declared: tuple[str, ...]
    plain: str
    links: tuple[Link, ...]
    now: datetime
    ask: str = ""
    builds_on: str = ""
    has_recap: bool = False
    expires: str = ""
    holds_for_s: float | None = None
    valid_for_s: float = 0.0
    segments_max: int = 3
