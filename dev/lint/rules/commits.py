"""Only the kit commits.

One message, request or batch is one transaction, committed at the edge, together with the facts it
emits and the floor it moves. A handler that commits by itself splits that: state without its fact,
or a fact twice. (A peer lost people for good because its checkpoint was committed before the send.)
"""

import ast
import re
from collections.abc import Iterator

from dev.lint.rule import PRODUCT, Place, Rule
from dev.lint.source import Source, strings

_METHODS = ("commit", "rollback")
_STATEMENT = re.compile(r"^\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\b(?! TO\b)")


def _places(source: Source) -> Iterator[Place]:
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in _METHODS:
                yield node.lineno, f"{node.func.attr}() belongs to the edge: just return or raise"
    for text in strings(source):
        if _STATEMENT.match(text.value) and len(text.value.split()) < 8:
            yield text.line, "transactions begin and end in the kit: just return or raise"


RULE = Rule(
    name="commits",
    applies=lambda source: source.is_in(*PRODUCT) and not source.is_in("kit"),
    places=_places,
)
