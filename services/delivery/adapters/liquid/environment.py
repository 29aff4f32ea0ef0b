"""Liquid with every limit set.

Limits do what a limit can: output, loops, nesting, variables, source, and what a single filter may
take in or blow up (`python-liquid` bounds loops, not filters: joining a range of 30 million took
10 s). Time and memory are bounded by the process it runs in (`adapters/press`).
"""

from collections.abc import Callable
from typing import Any

from liquid import Environment, Mode
from liquid.filter import with_context
from liquid.undefined import FalsyStrictUndefined

from services.delivery.adapters.liquid.filters import FILTERS
from services.delivery.ports import Unrenderable

SOURCE_CHARS_MAX = 256 * 1024
OUTPUT_BYTES_MAX = 512 * 1024
LOOPS_MAX = 10_000
NAMESPACE_BYTES_MAX = 256 * 1024
DEPTH_MAX = 30
NUMBER_BITS_MAX = 256
_NO_TAGS = ("include", "render", "increment", "decrement")
"""Shared blocks are put in before parsing; counters outlive their scope and surprise."""


class Missing(FalsyStrictUndefined):
    """A variable nobody gave: an error when printed, false when asked, and `default` works."""

    force_liquid_default = True


class Limited(Environment):
    """Liquid with bounds."""

    block_nesting_limit = DEPTH_MAX
    context_depth_limit = DEPTH_MAX
    loop_iteration_limit = LOOPS_MAX
    local_namespace_limit = NAMESPACE_BYTES_MAX
    output_stream_limit = OUTPUT_BYTES_MAX

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, undefined=Missing, tolerance=Mode.STRICT)
        for tag in _NO_TAGS:
            del self.tags[tag]
        for name, apply in list(self.filters.items()):
            self.filters[name] = _bounded(name, apply)
        self.filters["date"] = _dated(self.filters["date"])
        self.filters.update(FILTERS)


def _bounded(name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing huge ranges and numbers, and what would multiply text too far."""

    def bounded(value: Any, *args: Any, **kwargs: Any) -> Any:
        given = (value, *args)
        if any(isinstance(each, range) and len(each) > LOOPS_MAX for each in given):
            raise Unrenderable(f"{name} takes a range of at most {LOOPS_MAX}")
        if any(isinstance(each, int) and each.bit_length() > NUMBER_BITS_MAX for each in given):
            raise Unrenderable(f"{name} takes numbers of at most {NUMBER_BITS_MAX} bits")
        if name.startswith("replace") and _replaced_size(given) > OUTPUT_BYTES_MAX:
            raise Unrenderable(f"{name} would write more than {OUTPUT_BYTES_MAX} bytes")
        return apply(value, *args, **kwargs)

    for flag in ("filter_async", "with_context", "with_environment"):
        if hasattr(apply, flag):
            setattr(bounded, flag, getattr(apply, flag))
    return bounded


def _replaced_size(given: tuple[Any, ...]) -> int:
    """The most that `text | replace: old, new` can come to."""
    text, old, new = (len(str(each)) for each in (*given, "", "")[:3])
    places = text + 1 if old == 0 else text // old
    return text + places * new


def _dated(apply: Callable[..., Any]) -> Callable[..., Any]:
    """`now` is when the message was ordered, so that rendering it again gives the same."""

    @with_context
    def date(value: Any, layout: Any = "%Y-%m-%d", *, context: Any) -> Any:
        if value in ("now", "today"):
            value = context.globals["now"]
        return apply(value, layout, environment=context.env)

    return date
