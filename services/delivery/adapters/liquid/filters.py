"""Filters that write numbers, money, dates and plurals as the person's language does (CLDR).

    {{ event.amount | money: "EUR" }}                  12,50 €
    {{ event.total | number }}  {{ 0.25 | percent }}   1.234,5   25 %
    {{ event.due | day }}  {{ event.due | day: "short" }}   2. März 2026   02.03.26
    {{ event.due | time }}  {{ event.due | moment }}   in the person's time zone
    {{ n | plural: one: "# Punkt", other: "# Punkte" }}     # is the number

The forms of `plural` are CLDR's: zero, one, two, few, many, other.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError, dates, numbers
from liquid.filter import with_context

from services.delivery.ports import Unrenderable

_DIGITS_MAX = 40
_WIDTHS = ("short", "medium", "long", "full")
_FALLBACK = "en"
_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})


def money(value: Any, currency: Any = "EUR", *, context: Any) -> str:
    """An amount with its currency (ISO 4217)."""
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isalpha()):
        raise Unrenderable("money takes a currency such as EUR")
    return numbers.format_currency(_number("money", value), currency.upper(), locale=_of(context))


def number(value: Any, *, context: Any) -> str:
    """A number with the language's separators."""
    return numbers.format_decimal(_number("number", value), locale=_of(context))


def percent(value: Any, *, context: Any) -> str:
    """A share: 0.25 is 25 %."""
    return numbers.format_percent(_number("percent", value), locale=_of(context))


def day(value: Any, width: Any = "long", *, context: Any) -> str:
    """A calendar day in the person's zone."""
    at = _instant("day", value, context)
    return dates.format_date(at, _width(width), locale=_of(context))


def time(value: Any, width: Any = "short", *, context: Any) -> str:
    """A time of day in the person's zone."""
    at = _instant("time", value, context)
    if not isinstance(at, datetime):
        raise Unrenderable("time takes an instant, not a day")
    return dates.format_time(at, _width(width), tzinfo=at.tzinfo, locale=_of(context))


def moment(value: Any, width: Any = "long", *, context: Any) -> str:
    """A day with its time of day, in the person's zone."""
    return f"{day(value, width, context=context)}, {time(value, context=context)}"


def plural(value: Any, *, context: Any, **forms: Any) -> str:
    """The form the number needs in the person's language; `#` in it is the number."""
    if "other" not in forms or not forms.keys() <= _FORMS:
        raise Unrenderable("plural takes the forms zero, one, two, few, many and other")
    count = _number("plural", value)
    form = forms.get(_of(context).plural_form(abs(count)), forms["other"])
    return str(form).replace("#", numbers.format_decimal(count, locale=_of(context)))


FILTERS: dict[str, Callable[..., Any]] = {
    each.__name__: with_context(each)
    for each in (money, number, percent, day, time, moment, plural)
}


@lru_cache(maxsize=128)
def _locale(name: str) -> Locale:
    wanted = name.replace("_", "-")
    while wanted:
        try:
            return Locale.parse(wanted, sep="-")
        except (UnknownLocaleError, ValueError):
            wanted = wanted.rpartition("-")[0]
    return Locale.parse(_FALLBACK)


def _of(context: Any) -> Locale:
    return _locale(str(context.globals.get("locale", "")))


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _number(name: str, value: Any) -> Decimal:
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise Unrenderable(f"{name} takes a number") from None
    if not found.is_finite() or abs(found.adjusted()) > _DIGITS_MAX:
        raise Unrenderable(f"{name} takes a number of at most {_DIGITS_MAX} digits")
    return found


def _instant(name: str, value: Any, context: Any) -> datetime | date:
    """The instant in the person's zone; a text without a time of day is that day anywhere."""
    if value in ("now", "today"):
        value = context.globals["now"]
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise Unrenderable(f"{name} takes a date as in ISO 8601") from None
    if isinstance(value, datetime):
        zone = _zone(str(context.globals.get("timezone", "UTC")))
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(zone)
    if isinstance(value, date):
        return value
    raise Unrenderable(f"{name} takes a date as in ISO 8601")


def _width(width: Any) -> Any:
    if width not in _WIDTHS:
        raise Unrenderable(f"the width must be one of {', '.join(_WIDTHS)}")
    return width
