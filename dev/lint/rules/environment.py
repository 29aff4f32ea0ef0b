"""The environment is read in one kind of place: settings, composition roots and the command line.

A setting read anywhere else has no unit, bound or reason, is missing from `kairos doctor`, and
makes a module behave differently in a test than in production without a trace in its signature.
"""

from collections.abc import Iterator

from dev.lint.rule import PRODUCT, Place, Rule
from dev.lint.source import Source

_NAMES = frozenset({"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"})
_FILES = ("settings.py", "main.py")


def _places(source: Source) -> Iterator[Place]:
    for line, name in source.uses(_NAMES):
        yield line, f"{name}: declare a setting and take it as a parameter"


def _applies(source: Source) -> bool:
    if not source.is_in(*PRODUCT) or source.path.name in _FILES:
        return False
    return not source.is_in("cli", "examples", "kit/embedded", "kit/service.py")


RULE = Rule(name="environment", applies=_applies, places=_places)
