"""Durations as they stand in conditions."""

from services.decision.domain.civil import Duration, parse_duration
from services.decision.domain.conditions.context import Report


def any_duration(text: str, path: str, report: Report) -> Duration:
    """Return a duration of any kind; zero, with a problem, where the text is none."""
    try:
        return parse_duration(text)
    except ValueError as error:
        report(path, str(error).removeprefix("expected "), repr(text))
        return Duration()


def fixed_duration(text: str, path: str, report: Report) -> Duration:
    """Return a duration that has a fixed and positive length."""
    duration = any_duration(text, path, report)
    if duration.months or not duration.fixed_s:
        expected = "days, hours or minutes, more than none (months differ in length)"
        report(path, expected, repr(text))
        return Duration(seconds=1)
    return duration


def rolling_s(text: str, path: str, report: Report) -> int:
    """Return the seconds of a rolling window, which must have a fixed and positive length."""
    return fixed_duration(text, path, report).fixed_s
