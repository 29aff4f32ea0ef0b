"""Scenes out of template documents."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from services.delivery.domain.scenes.reading import links_of, words_of
from services.delivery.domain.scenes.scene import Scene
from services.delivery.domain.template import SEGMENTS_MAX, Copy


class Told(msgspec.Struct, frozen=True, rename={"message_class": "class"}):
    """What a template document says beside its texts."""

    key: str
    channel: str
    topic: str = ""
    message_class: str | None = None
    ask: str | None = None
    builds_on: str | None = None
    recap: str | None = None
    variables: tuple[str, ...] = ()
    expires: str = ""
    holds_for: str | None = None
    segments_max: int = SEGMENTS_MAX


_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


def seconds(duration: str | None) -> float | None:
    """Seconds of an ISO 8601 duration without months; None where it is none."""
    found = _DURATION.fullmatch(duration or "")
    if found is None:
        return None
    parts = {unit: int(count) for unit, count in found.groupdict(default="0").items()}
    return timedelta(**parts).total_seconds()


def scene_of(
    told: Told,
    path: str,
    copy: Copy,
    used: Sequence[str],
    *,
    message_class: str,
    now: datetime,
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
        has_recap=bool(told.recap),
        expires=told.expires,
        holds_for_s=seconds(told.holds_for),
        valid_for_s=valid_for_s,
        segments_max=told.segments_max,
    )
