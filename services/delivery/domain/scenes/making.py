"""Scenes out of template documents."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from services.delivery.domain.scenes.reading import links_of, words_of
from services.delivery.domain.scenes.scene import Scene
from services.delivery.domain.template import Copy

RECAP = "recap"
"""The variant for people who have not seen the scene this one builds on."""
SEGMENTS_MAX = 3


class Told(msgspec.Struct, frozen=True, rename={"message_class": "class"}):
    """What a template document says beside its texts."""

    key: str
    channel: str
    topic: str = ""
    message_class: str | None = None
    ask: str | None = None
    builds_on: str | None = None
    variables: tuple[str, ...] = ()
    variants: Mapping[str, object] = {}
    expires: str = ""
    holds_for: str | None = None
    segments_max: int = SEGMENTS_MAX


def scene_of(
    told: Told,
    path: str,
    copy: Copy,
    used: Sequence[str],
    *,
    message_class: str,
    now: datetime,
    holds_for_s: float | None = None,
    valid_for_s: float = 0.0,
) -> Scene:
    """One wording as the linter sees it; `copy` is the source as parsed."""
    return Scene(
        path=path,
        channel=told.channel,
        message_class=message_class,
        copy=copy,
        used=tuple(used),
        declared=told.variables,
        plain=words_of(copy),
        links=links_of(copy),
        now=now,
        ask=told.ask or "",
        builds_on=told.builds_on or "",
        has_recap=RECAP in told.variants,
        expires=told.expires,
        holds_for_s=holds_for_s,
        valid_for_s=valid_for_s,
        segments_max=told.segments_max,
    )
