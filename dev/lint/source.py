"""One Python file as the rules see it: its path, its tree, and what its names stand for."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

_ALLOW = re.compile(r"lint: allow (?P<rule>[a-z-]+)(?:: (?P<reason>\S.*))?")
_PARENT = "_lint_parent"


@dataclass(frozen=True, order=True)
class Finding:
    """A rule broken in one place; `text` says what to do instead."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


@dataclass(frozen=True)
class Allowance:
    """A comment `# lint: allow <rule>: <reason>`: the named rule may be broken on this line."""

    line: int
    rule: str
    reason: str


@dataclass(frozen=True)
class Source:
    """A parsed file; `path` is relative to the root of the repository, with forward slashes."""

    path: PurePosixPath
    text: str
    root: Path

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree, parents first; walked once for all rules."""
        nodes: list[ast.AST] = [self.tree]
        for node in nodes:
            for child in ast.iter_child_nodes(node):
                setattr(child, _PARENT, node)
                nodes.append(child)
        return nodes

    @cached_property
    def imports(self) -> dict[str, str]:
        """What each imported name stands for: `{"dt": "datetime.datetime"}`."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    head = alias.name.split(".")[0]
                    names[alias.asname or head] = alias.name if alias.asname else head
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return names

    @cached_property
    def allowances(self) -> list[Allowance]:
        """Every exception the file asks for."""
        found = []
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT and (match := _ALLOW.search(token.string)):
                reason = match["reason"] or ""
                found.append(Allowance(token.start[0], match["rule"], reason))
        return found

    @cached_property
    def constants(self) -> dict[str, str]:
        """The module's string constants by name, with those they are made of filled in."""
        found: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                text = _text(node.value, found)
                if text is not None:
                    found[node.targets[0].id] = text
        return found

    def statement_start(self, line: int) -> int:
        """The first line of the innermost statement around a line."""
        starts = (
            node.lineno
            for node in self.nodes
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
        )
        return max(starts, default=line)

    def is_in(self, *folders: str) -> bool:
        """Whether the file is one of these, or lies below one of them."""
        return any(self.path.is_relative_to(folder) for folder in folders)

    def dotted(self, node: ast.AST) -> str:
        """The full name a name or attribute stands for, `""` where it is not an import."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def uses(self, names: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Line and full name of each use of `names`, called or not (`key=time.time`)."""
        for node in self.nodes:
            if isinstance(node, ast.Name | ast.Attribute) and self.dotted(node) in names:
                yield node.lineno, self.dotted(node)


def parent_of(node: ast.AST) -> ast.AST | None:
    """The node of `Source.nodes` that holds this one; None for the module."""
    parent: ast.AST | None = getattr(node, _PARENT, None)
    return parent


@dataclass(frozen=True)
class Text:
    """A string of the file; what an f-string computes reads `{}`, constants are filled in."""

    value: str
    line: int


def strings(source: Source) -> Iterator[Text]:
    """Every string of a file except docstrings; adjacent literals, f-strings and sums are one."""
    for node in source.nodes:
        parent = parent_of(node)
        if isinstance(parent, ast.Expr | ast.JoinedStr | ast.BinOp):
            continue  # a docstring, or a part of a text that is seen as a whole
        value = _text(node, source.constants)
        if value is not None and not isinstance(node, ast.Name):
            yield Text(value, getattr(node, "lineno", 1))


def _text(node: ast.AST, constants: dict[str, str]) -> str | None:
    """What a node says as a string, as far as it can be read; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) or "" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants) or "{}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, constants), _text(node.right, constants)
        return None if left is None and right is None else (left or "{}") + (right or "{}")
    return None
