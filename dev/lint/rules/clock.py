"""Nobody reads the clock but `kit/clock.py`.

Time is an input: a decision must be recomputable to the bit, a 90-day story must run in a minute,
and a test must not wait. One hidden `datetime.now()` breaks all three, and shows only on the day
the development clock runs ahead: a permit that is never valid, a wake-up that never comes.
Benches and tests may measure how long something takes, but not ask what day it is.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source

DATES = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "time.gmtime",
        "time.localtime",
        "time.time",
        "time.time_ns",
    }
)
DURATIONS = frozenset(
    {
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
    }
)


def _places(source: Source) -> Iterator[Place]:
    may_measure = source.is_in("bench", "tests")
    for line, name in source.uses(DATES if may_measure else DATES | DURATIONS):
        yield line, f"{name} reads the clock: take a `kit.clock.Clock` as a parameter"
    for node in source.nodes:
        if isinstance(node, ast.Call) and _is_loop_time(node.func) and not may_measure:
            yield node.lineno, "the loop's clock is not ours: use `clock.monotonic()`"


def _is_loop_time(function: ast.expr) -> bool:
    """`loop.time()`, `asyncio.get_running_loop().time()`."""
    if not isinstance(function, ast.Attribute) or function.attr != "time":
        return False
    owner = function.value
    if isinstance(owner, ast.Call):
        owner = owner.func
    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return name == "loop" or name.endswith(("_loop", "_event_loop"))


RULE = Rule(
    name="clock",
    applies=lambda source: not source.is_in("kit/clock.py", "tests/unit/kit/test_clock.py"),
    places=_places,
)
