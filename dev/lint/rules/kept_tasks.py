"""A task that is started is kept.

The event loop holds tasks weakly: one that nobody keeps may be collected in mid-flight, and its
error is never seen. Keep it and await it on the way out, or start it in an `asyncio.TaskGroup`.
"""

import ast
from collections.abc import Iterator

from dev.lint.rule import Place, Rule
from dev.lint.source import Source, parent_of

_STARTERS = ("create_task", "ensure_future", "run_coroutine_threadsafe")


def _places(source: Source) -> Iterator[Place]:
    groups = _task_groups(source)
    for node in source.nodes:
        if not isinstance(node, ast.Call) or _method(node.func) not in _STARTERS:
            continue
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in groups:
            continue
        if _is_dropped(node):
            yield node.lineno, "keep the task and await it, or start it in a TaskGroup"


def _method(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_dropped(call: ast.Call) -> bool:
    parent = parent_of(call)
    if isinstance(parent, ast.Assign):
        return all(isinstance(each, ast.Name) and each.id == "_" for each in parent.targets)
    return isinstance(parent, ast.Expr)


def _task_groups(source: Source) -> set[str]:
    """Names bound by `async with asyncio.TaskGroup() as <name>`."""
    names = set()
    for node in source.nodes:
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                opened = item.context_expr
                is_group = isinstance(opened, ast.Call) and _method(opened.func) == "TaskGroup"
                if is_group and item.optional_vars is not None:
                    names.add(ast.unparse(item.optional_vars))
    return names


RULE = Rule(name="kept-tasks", applies=lambda source: True, places=_places)
