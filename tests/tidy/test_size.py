"""Nothing grows out of sight: files, functions, lines, package files, pages."""

import ast
import re
from pathlib import Path

import pytest

from dev.files import ROOT, python_files, written

FILE_LINES_MAX = 500
"""A longer file is a room that should become a folder."""
FUNCTION_LINES_MAX = 70
"""A function is seen whole on one screen (TigerBeetle's limit)."""
COLUMNS_MAX = 100
PRAGMA = re.compile(r"  # (type: ignore|noqa|lint: allow)\b.*")
"""What a line says to a tool may stand beyond its end."""
README_LINES_MAX = 80
"""A service's README is one screen, or one and a half."""
ADR_LINES_MAX = 60
"""A decision is one page."""


def relative(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


PYTHON = {relative(path): path for path in python_files()}


@pytest.mark.parametrize("name", PYTHON)
def test_python_file_keeps_the_limits(name: str) -> None:
    lines = PYTHON[name].read_text(encoding="utf-8").splitlines()
    long = [n for n, line in enumerate(lines, 1) if len(PRAGMA.sub("", line)) > COLUMNS_MAX]

    assert len(lines) <= FILE_LINES_MAX, "make the room a folder of the same name"
    assert long == [], f"more than {COLUMNS_MAX} columns"


@pytest.mark.parametrize("name", PYTHON)
def test_function_fits_a_screen(name: str) -> None:
    tree = ast.parse(PYTHON[name].read_text(encoding="utf-8"))
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {
        f"{each.name}:{each.lineno}": length
        for each in functions
        if (length := (each.end_lineno or each.lineno) - each.lineno + 1) > FUNCTION_LINES_MAX
    }

    assert long == {}, f"more than {FUNCTION_LINES_MAX} lines"


@pytest.mark.parametrize("name", [name for name in PYTHON if name.endswith("__init__.py")])
def test_package_file_holds_its_docstring_only(name: str) -> None:
    """Imports read as paths, and importing a package does no work."""
    body = ast.parse(PYTHON[name].read_text(encoding="utf-8")).body

    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert ast.get_docstring(ast.Module(body, []))


@pytest.mark.parametrize("path", written(".md"), ids=relative)
def test_page_is_not_longer_than_its_kind_allows(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())

    if path.name == "README.md" and path.parent.parent.name == "services":
        assert lines <= README_LINES_MAX
    elif path.parent.name == "adr" and path.name != "README.md":
        assert lines <= ADR_LINES_MAX
