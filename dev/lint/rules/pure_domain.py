"""A domain neither waits nor draws: no `async`, no randomness, no random ids.

`step(state, inputs, catalog, now, seed)` gives the same answer every time, so a stored decision can
be replayed and a year simulated in seconds. Ids and seeds derive from the input's id and ordinal.
The import contracts keep libraries out; this rule keeps the language's own doors shut.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source

_MODULES = ("random", "secrets", "numpy.random")
_NAMES = frozenset({"uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "uuid.uuid8"})
_WAITING = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
_DOORS = frozenset({"open", "input", "print", "exec", "eval", "__import__"})


def _places(source: Source) -> Iterator[Place]:
    for node in source.nodes:
        if isinstance(node, _WAITING):
            yield node.lineno, "a domain never waits: let the handler load and store"
        elif isinstance(node, ast.Import | ast.ImportFrom) and (name := _random_module(node)):
            yield node.lineno, f"{name} draws: derive from the seed the step was given"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _DOORS:
                yield node.lineno, f"{node.func.id}() reaches outside: return a value instead"
    for line, name in source.uses(_NAMES):
        yield line, f"{name} is not repeatable: derive the id from the input's id and ordinal"


def _random_module(node: ast.Import | ast.ImportFrom) -> str:
    named = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        named = [node.module or "", *(f"{node.module}.{name}" for name in named)]
    return next((name for name in named if name.startswith(_MODULES)), "")


def _is_domain(source: Source) -> bool:
    parts = source.path.parts
    return len(parts) > 2 and parts[0] == "services" and parts[2].removesuffix(".py") == "domain"


RULE = Rule(name="pure-domain", applies=_is_domain, places=_places)
