"""No `Any` in a port.

A port is what a service needs from the world, said in its own words. `Any` there means the
adapter's words leak through, and neither mypy nor the reader can tell a fake from the real thing.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source


def _places(source: Source) -> Iterator[Place]:
    for node in source.nodes:
        if isinstance(node, ast.Name | ast.Attribute) and source.dotted(node) == "typing.Any":
            yield node.lineno, "say what it is: a domain type, or a type variable"


def _is_port(source: Source) -> bool:
    parts = source.path.parts
    return len(parts) > 2 and parts[0] == "services" and parts[2].removesuffix(".py") == "ports"


RULE = Rule(name="typed-ports", applies=_is_port, places=_places)
