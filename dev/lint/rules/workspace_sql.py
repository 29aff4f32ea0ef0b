"""Every query on a table with a workspace names the workspace.

The worker role sees all workspaces (it works in batches across them), so row-level security does
not protect its queries: a join on the person alone would hand one customer's data to another. The
rule is textual: a string of SQL in a store that touches such a table says `workspace` somewhere. A
query that is right without it (a scan by time) says so: `# lint: allow workspace-sql: <why>`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dev.lint.rule import Place, Rule
from dev.lint.source import Source, strings

_TOUCHES = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?(?:[a-z_]+\.)?([a-z_][a-z0-9_]*)"
)


def _places(source: Source) -> Iterator[Place]:
    owner = source.root.joinpath(*source.path.parts[: _depth(source)])
    guarded = _guarded_tables(owner)
    for text in strings(source):
        touched = {name for name in _TOUCHES.findall(text.value) if name in guarded}
        if touched and "workspace" not in text.value:
            names = ", ".join(sorted(touched))
            yield text.line, f"{names}: name the workspace in every key and join"


@cache
def _guarded_tables(owner: Path) -> frozenset[str]:
    """Tables of a service whose definition has a workspace."""
    files = [owner / "tables.py", *sorted((owner / "tables").rglob("*.py"))]
    names = set()
    for file in files:
        if not file.exists():
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if _is_table(node) and "workspace" in ast.unparse(node):
                names.add(_first_string(node))
    return frozenset(names - {""})


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1].lower() in (
        "table",
        "_table",
    )


def _first_string(node: ast.AST) -> str:
    arguments = node.args if isinstance(node, ast.Call) else []
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value.split(".")[-1]
    return ""


def _depth(source: Source) -> int:
    """How many parts of the path name the owner: `services/decision`, `gateway`."""
    return 2 if source.is_in("services") else 1


def _is_store(source: Source) -> bool:
    rooms = source.path.parts[_depth(source) :]
    is_owner = source.is_in("services", "gateway")
    return is_owner and bool(rooms) and rooms[0].removesuffix(".py") == "store"


RULE = Rule(name="workspace-sql", applies=_is_store, places=_places)
