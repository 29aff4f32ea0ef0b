"""Tests neither skip nor patch by a dotted string.

A skipped test is a promise nobody keeps; whatever cannot run here is deleted or made to run. A
string such as `"kairos.kit.clock.now"` breaks on every rename and hides how parts are wired: hand
in a fake through the parameter that production uses.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source

_SKIPS = frozenset(
    {
        "pytest.mark.skip",
        "pytest.mark.skipif",
        "pytest.mark.xfail",
        "pytest.skip",
        "pytest.xfail",
        "pytest.importorskip",
        "unittest.skip",
    }
)


def _places(source: Source) -> Iterator[Place]:
    for line, name in source.uses(_SKIPS):
        yield line, f"{name}: delete the test or make it run"
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom) and _imports_mock(node):
            yield node.lineno, "no mocks: write a fake that passes the port's behaviour suite"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "setattr" and _is_dotted(node.args):
                yield node.lineno, "patched by a string: hand in a fake through a parameter"


def _imports_mock(node: ast.Import | ast.ImportFrom) -> bool:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{name}" for name in names]
    return any(name.startswith(("unittest.mock", "mock.")) or name == "mock" for name in names)


def _is_dotted(arguments: list[ast.expr]) -> bool:
    first = arguments[0] if arguments else None
    return isinstance(first, ast.Constant) and "." in str(first.value)


RULE = Rule(name="honest-tests", applies=lambda source: True, places=_places)
