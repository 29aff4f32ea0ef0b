"""No error vanishes: no bare `except`, no broad `except` that does nothing.

A consumer that logs an error and goes on has lost the message; a bare `except` also eats
cancellation, so a process no longer stops. Name the error and say what to do about it; let the rest
rise to the edge, where the error tree knows whether to retry or to keep it as a dead letter.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source

_BROAD = ("Exception", "BaseException")


def _places(source: Source) -> Iterator[Place]:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield node.lineno, "name the errors you expect; a bare except eats cancellation"
            elif _is_broad(node.type) and all(_is_idle(line) for line in node.body):
                yield node.lineno, "this error vanishes: name it, or let it rise"
        elif isinstance(node, ast.Call) and source.dotted(node.func) == "contextlib.suppress":
            if any(_is_broad(argument) for argument in node.args):
                yield node.lineno, "these errors vanish: name them, or let them rise"


def _is_broad(kind: ast.expr) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_is_broad(each) for each in kind.elts)
    return isinstance(kind, ast.Name) and kind.id in _BROAD


def _is_idle(line: ast.stmt) -> bool:
    if isinstance(line, ast.Pass | ast.Continue | ast.Break):
        return True
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


RULE = Rule(name="swallowing", applies=lambda source: True, places=_places)
