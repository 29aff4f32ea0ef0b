"""SQL never asks for the time.

`now()` in a query is the database's clock: it does not follow the development clock, differs from
the process that decided, and cannot be replayed. Times are parameters, defaults are set by the code
that inserts. (A peer stored local time in a column without zone: tasks "ran" for the UTC offset.)
"""

import ast
import re
from collections.abc import Iterator

from dev.lint.rule import PRODUCT, Place, Rule
from dev.lint.source import Source, strings

_TIME = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
_SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|DEFAULT|CREATE|ALTER|SET)\b|^\W*\w+(\(\))?\W*$",
)
_FUNCTIONS = ("now", "current_timestamp", "current_date", "localtimestamp")


def _places(source: Source) -> Iterator[Place]:
    for text in strings(source):
        if _SQL.search(text.value) and (match := _TIME.search(text.value)):
            yield text.line, f"{match[0]} in SQL: pass `clock.now()` as a parameter"
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in _FUNCTIONS:
            if source.dotted(node.value) in ("sqlalchemy.func", "sqlalchemy.sql.func"):
                yield node.lineno, f"func.{node.attr} in SQL: pass `clock.now()` as a parameter"


RULE = Rule(name="sql-time", applies=lambda source: source.is_in(*PRODUCT), places=_places)
