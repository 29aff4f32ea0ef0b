"""Only what talks to a person at a terminal prints: `cli`, `examples`, `bench`, `dev`.

Everything else logs through the kit, as structured lines with the trace's id, so that an on-call
engineer finds them. A print is lost, or worse: it carries an address into a log without rules.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source


def _places(source: Source) -> Iterator[Place]:
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "print":
                yield node.lineno, "use `logging.getLogger(__name__)`"


RULE = Rule(
    name="prints",
    applies=lambda source: not source.is_in("cli", "examples", "bench", "dev"),
    places=_places,
)
