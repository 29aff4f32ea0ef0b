"""No `publish_async`.

nats-py's fire-and-forget publish hands back a future whose error nobody has to look at, and keeps
order only until the first one fails. The relay publishes, awaits the acknowledgement, and only then
marks the outbox rows: a fact is never lost because an answer was not read.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source


def _places(source: Source) -> Iterator[Place]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "publish_async":
            yield node.lineno, "await `publish` and its acknowledgement, or `tx.emit` the fact"


RULE = Rule(name="publish-async", applies=lambda source: True, places=_places)
