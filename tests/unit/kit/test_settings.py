"""Settings refuse what cannot work, name the variable, and never show a secret."""

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from kit.settings import SettingError, describe, load, setting


class Provider(enum.Enum):
    SMTP = "smtp"
    HTTP = "http"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One field of every kind."""

    nats_url: str = setting(why="where facts travel", variable="KAIROS_NATS_URL")
    ttl_s: float = setting(1.0, unit="s", lowest=0.1, highest=5, why="a permit must age")
    batch: int = setting(500, unit="facts", lowest=1, highest=5000, why="one transaction")
    on: bool = setting(False, why="off unless asked")
    data: Path = setting(Path(".kairos"), why="where files go")
    key: str = setting("s3cret", secret=True, why="signs links")
    provider: Provider = setting(Provider.SMTP, why="how mail leaves")
    level: Literal["info", "debug"] = setting("info", why="how much is said")
    lanes: tuple[str, ...] = setting(("now", "bulk"), why="what is consumed")
    origin: str | None = setting(None, why="another address")
    mode: str = setting("a", choices=("a", "b"), why="two ways")


NEEDED = {"KAIROS_NATS_URL": "nats://127.0.0.1:4222"}


def test_defaults_are_taken_where_nothing_is_set() -> None:
    """Only what has no default must be given."""
    got = load(Example, NEEDED, "KAIROS_X")
    assert got == Example(nats_url="nats://127.0.0.1:4222")


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("KAIROS_X_TTL_S", " 2.5 ", "ttl_s", 2.5),
        ("KAIROS_X_BATCH", "5000", "batch", 5000),
        ("KAIROS_X_ON", "yes", "on", True),
        ("KAIROS_X_ON", "0", "on", False),
        ("KAIROS_X_DATA", "/srv/k", "data", Path("/srv/k")),
        ("KAIROS_X_PROVIDER", "http", "provider", Provider.HTTP),
        ("KAIROS_X_LEVEL", "debug", "level", "debug"),
        ("KAIROS_X_LANES", "now, bulk,", "lanes", ("now", "bulk")),
        ("KAIROS_X_ORIGIN", "https://k", "origin", "https://k"),
        ("KAIROS_X_MODE", "b", "mode", "b"),
        ("KAIROS_X_BATCH", "", "batch", 500),
    ],
)
def test_a_variable_is_read_in_its_type(variable: str, text: str, name: str, value: Any) -> None:
    """Text from the environment becomes the field's type; nothing counts as unset."""
    assert getattr(load(Example, {**NEEDED, variable: text}, "KAIROS_X"), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("KAIROS_X_TTL_S", "9", "KAIROS_X_TTL_S=9: must be at most 5 s (a permit must age)"),
        ("KAIROS_X_TTL_S", "nan", "KAIROS_X_TTL_S=nan: must be a finite number"),
        ("KAIROS_X_TTL_S", "soon", "KAIROS_X_TTL_S=soon: must be a number"),
        ("KAIROS_X_BATCH", "0", "KAIROS_X_BATCH=0: must be at least 1 facts (one transaction)"),
        ("KAIROS_X_BATCH", "1.5", "KAIROS_X_BATCH=1.5: must be a whole number"),
        ("KAIROS_X_ON", "maybe", "KAIROS_X_ON=maybe: must be 1 or 0"),
        ("KAIROS_X_PROVIDER", "fax", "KAIROS_X_PROVIDER=fax: must be one of smtp, http"),
        ("KAIROS_X_LEVEL", "loud", "KAIROS_X_LEVEL=loud: must be one of info, debug"),
        ("KAIROS_X_MODE", "c", "KAIROS_X_MODE=c: must be one of a, b"),
    ],
)
def test_a_wrong_value_is_named_with_its_bound(variable: str, text: str, said: str) -> None:
    """The error carries the variable, the value and the rule it breaks."""
    with pytest.raises(SettingError) as error:
        load(Example, {**NEEDED, variable: text}, "KAIROS_X")
    assert str(error.value) == said


def test_all_wrong_values_are_named_at_once() -> None:
    """Nobody should have to start five times to learn of five mistakes."""
    with pytest.raises(SettingError) as error:
        load(Example, {"KAIROS_X_BATCH": "-1", "KAIROS_X_ON": "?"}, "KAIROS_X")
    assert str(error.value).splitlines() == [
        "KAIROS_NATS_URL is not set: where facts travel",
        "KAIROS_X_BATCH=-1: must be at least 1 facts (one transaction)",
        "KAIROS_X_ON=?: must be 1 or 0",
    ]


def test_description_tells_value_default_bounds_and_reason() -> None:
    """What `kairos doctor` prints comes from the class alone."""
    rows = {row.name: row for row in describe(Example, {"KAIROS_X_TTL_S": "2"}, "KAIROS_X_")}
    ttl = rows["ttl_s"]
    assert (ttl.variable, ttl.value, ttl.unit) == ("KAIROS_X_TTL_S", "2.0", "s")
    assert (ttl.default, ttl.bounds, ttl.why) == ("1.0", "0.1 … 5", "a permit must age")
    assert rows["nats_url"].problem.startswith("KAIROS_NATS_URL is not set")
    assert rows["provider"].bounds == "smtp | http"


@pytest.mark.parametrize("env", [{}, {"KAIROS_X_KEY": "hunter2"}])
def test_a_secret_is_never_shown(env: dict[str, str]) -> None:
    """Neither a given nor a default secret appears in a description."""
    text = repr(describe(Example, env, "KAIROS_X"))
    assert "hunter2" not in text
    assert "s3cret" not in text


def test_a_field_without_a_reason_is_refused() -> None:
    """A setting nobody can explain is not a setting."""

    @dataclass(frozen=True)
    class Bare:
        batch: int = 3

    with pytest.raises(TypeError, match="declared with setting"):
        load(Bare, {}, "KAIROS_X")
    with pytest.raises(TypeError, match="needs a reason"):
        setting(3, why=" ")


def test_a_mutable_class_is_refused() -> None:
    """Settings never change while a process runs."""

    @dataclass
    class Loose:
        batch: int = setting(3, why="x")

    with pytest.raises(TypeError, match="frozen"):
        load(Loose, {}, "KAIROS_X")
