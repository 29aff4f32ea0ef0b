"""Settings of a process: frozen dataclasses filled from environment variables.

A settings class says everything about a value in one place, so that `kairos doctor` can show it and
a wrong value is refused before anything starts:

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        permit_ttl_s: float = setting(1.0, unit="s", lowest=0.1, highest=5.0, why="bounds ...")

    settings = load(Settings, os.environ, "KAIROS_DELIVERY")      # KAIROS_DELIVERY_PERMIT_TTL_S

The variable is the prefix and the field's name in capitals, unless the field names one itself
(`variable="KAIROS_NATS_URL"`), which is how processes share one. A variable set to nothing counts
as unset: that is what `${NAME:-}` gives in a compose file. A field without a default is required.
"""

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

_KEY = "kairos.setting"
_REDACTED = "(set)"
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")

T = TypeVar("T")


class SettingError(ValueError):
    """One or more settings cannot be used; the text names each variable, its value and the rule."""


@dataclass(frozen=True)
class Rule:
    """What a settings field declares besides its type and default."""

    why: str
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    variable: str | None = None


@dataclass(frozen=True)
class Described:
    """One setting as a person reads it; secrets are redacted, absent values are empty."""

    name: str
    variable: str
    value: str
    unit: str
    default: str
    bounds: str
    why: str
    problem: str = ""


def setting(
    default: Any = MISSING,
    *,
    why: str,
    unit: str = "",
    lowest: float | None = None,
    highest: float | None = None,
    choices: Sequence[str] = (),
    secret: bool = False,
    variable: str | None = None,
) -> Any:
    """Declare a field of a settings class; without a default the variable is required."""
    if not why.strip():
        raise TypeError("a setting needs a reason (why=...)")
    rule = Rule(why, unit, lowest, highest, tuple(choices), secret, variable)
    if default is MISSING:
        return field(metadata={_KEY: rule})
    return field(default=default, metadata={_KEY: rule})


def load(cls: type[T], env: Mapping[str, str], prefix: str) -> T:
    """Build `cls` from `env`; raises SettingError naming every variable that cannot be used."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for one in _declared(cls, prefix):
        try:
            values[one.name] = one.value(env)
        except SettingError as error:
            problems.append(str(error))
    if problems:
        raise SettingError("\n".join(problems))
    return cls(**values)


def describe(cls: type[Any], env: Mapping[str, str], prefix: str) -> list[Described]:
    """Every setting of `cls` in order of declaration, with what is wrong with it, if anything."""
    return [one.describe(env) for one in _declared(cls, prefix)]


@dataclass(frozen=True)
class _Declared:
    """A field of a settings class together with its rule, type and variable."""

    name: str
    variable: str
    kind: Any
    rule: Rule
    default: Any

    def value(self, env: Mapping[str, str]) -> Any:
        text = env.get(self.variable, "")
        if text == "":
            if self.default is MISSING:
                raise SettingError(f"{self.variable} is not set: {self.rule.why}")
            return self.default
        try:
            value = _parse(self.kind, text.strip())
        except ValueError as error:
            raise SettingError(f"{self.variable}={self._shown(text)}: {error}") from None
        self._check(value, text)
        return value

    def describe(self, env: Mapping[str, str]) -> Described:
        try:
            shown, problem = self._shown(self.value(env)), ""
        except SettingError as error:
            shown, problem = self._shown(env.get(self.variable, "")), str(error)
        default = "(required)" if self.default is MISSING else self._shown(self.default)
        return Described(
            name=self.name,
            variable=self.variable,
            value=shown,
            unit=self.rule.unit,
            default=default,
            bounds=self._bounds(),
            why=self.rule.why,
            problem=problem,
        )

    def _check(self, value: Any, text: str) -> None:
        rule, unit = self.rule, f" {self.rule.unit}" if self.rule.unit else ""
        said = f"{self.variable}={self._shown(text)}"
        if rule.choices and str(value) not in rule.choices:
            raise SettingError(f"{said}: must be one of {', '.join(rule.choices)}")
        if rule.lowest is not None and not value >= rule.lowest:
            raise SettingError(f"{said}: must be at least {rule.lowest:g}{unit} ({rule.why})")
        if rule.highest is not None and not value <= rule.highest:
            raise SettingError(f"{said}: must be at most {rule.highest:g}{unit} ({rule.why})")

    def _bounds(self) -> str:
        rule = self.rule
        if rule.choices:
            return " | ".join(rule.choices)
        if isinstance(self.kind, type) and issubclass(self.kind, enum.Enum):
            return " | ".join(str(member.value) for member in self.kind)
        if rule.lowest is None and rule.highest is None:
            return ""
        low = "" if rule.lowest is None else f"{rule.lowest:g}"
        high = "" if rule.highest is None else f"{rule.highest:g}"
        return f"{low} … {high}".strip()

    def _shown(self, value: Any) -> str:
        if value is None or value == "":
            return ""
        if self.rule.secret:
            return _REDACTED
        if isinstance(value, enum.Enum):
            return str(value.value)
        return ",".join(value) if isinstance(value, tuple) else str(value)


def _declared(cls: type[Any], prefix: str) -> list[_Declared]:
    if not getattr(getattr(cls, "__dataclass_params__", None), "frozen", False):
        raise TypeError(f"{cls.__name__} must be a frozen dataclass")
    kinds = typing.get_type_hints(cls)
    found = []
    for one in dataclasses.fields(cls):
        rule = one.metadata.get(_KEY)
        if not isinstance(rule, Rule):
            raise TypeError(f"{cls.__name__}.{one.name} must be declared with setting(...)")
        variable = rule.variable or f"{prefix.rstrip('_')}_{one.name}".upper()
        found.append(_Declared(one.name, variable, _plain(kinds[one.name]), rule, one.default))
    return found


def _plain(kind: Any) -> Any:
    """`X | None` is read as X: the default says whether None is possible."""
    if typing.get_origin(kind) in (Union, types.UnionType):
        others = [arm for arm in typing.get_args(kind) if arm is not types.NoneType]
        if len(others) == 1:
            return others[0]
    return kind


def _parse(kind: Any, text: str) -> Any:
    if kind is bool:
        return _parse_bool(text)
    if kind is int:
        return _parse_number(int, text, "a whole number")
    if kind is float:
        number = _parse_number(float, text, "a number")
        if not math.isfinite(number):
            raise ValueError("must be a finite number")
        return number
    if kind is str or kind is Path:
        return kind(text)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _parse_choice({str(member.value): member for member in kind}, text)
    if typing.get_origin(kind) is Literal:
        return _parse_choice({str(choice): choice for choice in typing.get_args(kind)}, text)
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        return tuple(_parse(item, part.strip()) for part in text.split(",") if part.strip())
    raise TypeError(f"a setting cannot be of type {kind}")


def _parse_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("must be 1 or 0")


def _parse_number(kind: type[Any], text: str, name: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"must be {name}") from None


def _parse_choice(choices: Mapping[str, Any], text: str) -> Any:
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return choices[text]
