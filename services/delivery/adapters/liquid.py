"""Templates in Liquid, parsed once and rendered many times, with every limit set.

Limits do what a limit can: output, loops, nesting, variables, source, and what a single filter may
take in or blow up (`python-liquid` bounds loops, not filters: joining a range of 30 million took
10 s). A bound on the wall clock needs a process of its own.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from liquid import Environment, Mode
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError
from liquid.filter import with_context
from liquid.undefined import FalsyStrictUndefined

from services.delivery.domain.mail import Content
from services.delivery.domain.message import Order
from services.delivery.domain.plaintext import text_template
from services.delivery.domain.template import TemplateDocument, Variant, locale_for
from services.delivery.ports import Unrenderable

SOURCE_CHARS_MAX = 256 * 1024
OUTPUT_BYTES_MAX = 512 * 1024
LOOPS_MAX = 10_000
NAMESPACE_BYTES_MAX = 256 * 1024
DEPTH_MAX = 30
NUMBER_BITS_MAX = 256
_NO_TAGS = ("include", "render", "increment", "decrement")
"""There are no other files to include; counters outlive their scope and surprise."""


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


class Liquid:
    """Parses template documents."""

    def __init__(self) -> None:
        self.html = Limited(autoescape=True)
        self.text = Limited(autoescape=False)

    def parse(self, document: TemplateDocument) -> "LiquidTemplate":
        """The document, ready to be rendered."""
        return LiquidTemplate(self, document)


class LiquidTemplate:
    """One template document; each language is parsed when somebody first needs it."""

    def __init__(self, liquid: Liquid, document: TemplateDocument) -> None:
        self.channel = document.channel
        self._liquid = liquid
        self._document = document
        self._variants: dict[str, _Parsed] = {}

    def render(self, order: Order, unsubscribe_url: str) -> Content:
        """What this recipient reads; raises Unrenderable for anything the template does wrong."""
        parsed = self._parsed(order.locale)
        given = _variables(order) | {"unsubscribe_url": unsubscribe_url}
        given["now"] = order.ordered_at
        try:
            return Content(
                subject=parsed.subject.render(given),
                html=parsed.html.render(given),
                text=parsed.text.render(given),
            )
        except Unrenderable:
            raise
        except (UndefinedError, ResourceLimitError) as error:
            raise Unrenderable(str(error.message)) from error
        except Exception as error:
            # Filters are Python functions over whatever a client sent: anything may be raised, and
            # what they say may quote it.
            raise Unrenderable(f"{type(error).__name__} while rendering") from error

    def _parsed(self, locale: str) -> "_Parsed":
        found = locale_for(self._document, locale)
        parsed = self._variants.get(found)
        if parsed is None:
            parsed = self._variants[found] = _Parsed(self._liquid, self._document.content[found])
        return parsed


class _Parsed:
    """One language, ready to be filled."""

    def __init__(self, liquid: Liquid, variant: Variant) -> None:
        if len(variant.html) + len(variant.text) + len(variant.subject) > SOURCE_CHARS_MAX:
            raise Unrenderable(f"the source is over {SOURCE_CHARS_MAX} characters")
        try:
            self.subject = liquid.text.from_string(variant.subject.strip())
            self.html = liquid.html.from_string(variant.html)
            self.text = liquid.text.from_string(variant.text or text_template(variant.html))
        except LiquidError as error:
            raise Unrenderable(str(error.message)) from error


_decoder = msgspec.json.Decoder(dict[str, Any])


def _variables(order: Order) -> dict[str, Any]:
    try:
        return _decoder.decode(order.variables)
    except ValueError as error:
        raise Unrenderable("the variables are no JSON object") from error


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
