"""ISO 8601 durations of exact length: weeks, days, hours, minutes, seconds."""

import re
from datetime import timedelta

from kit.errors import Invalid

_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


def parse(text: str) -> timedelta:
    """The length of `P30D`, `PT12H` ...; months and years have none, so they are refused."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Invalid("A duration looks like P30D, P2W or PT12H30M; months have no fixed length")
    return timedelta(**{unit: int(count) for unit, count in match.groupdict(default="0").items()})
