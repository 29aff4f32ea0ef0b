"""What the documents name exists, and what exists is named."""

import re
import tomllib
from pathlib import Path

import pytest

from dev.files import ROOT, files, written

PAGES = {path.relative_to(ROOT).as_posix(): path for path in written(".md")}
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
NAMED_PATH = re.compile(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]*)+|[A-Za-z0-9_-]+\.(?:md|py|toml))`")
MADE_LATER = (".kairos/", ".venv/")
"""Folders that installing and running make."""
ADR_SECTIONS = ("Status", "Context", "Decision", "Consequences", "Check")


def anchors(path: Path) -> set[str]:
    """The names a page's headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", PAGES)
def test_link_in_a_page_resolves(name: str) -> None:
    page = PAGES[name]
    text = CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in (first or second for first, second in LINK.findall(text)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), f"{target} leads nowhere"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{target}: no such heading"


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_path_named_in_the_map_exists(name: str) -> None:
    """A map that is stale is worse than none."""
    known = {path.name for path in files()}
    for path in NAMED_PATH.findall(PAGES[name].read_text(encoding="utf-8")):
        if path.startswith(MADE_LATER):
            continue
        exists = (ROOT / path).exists() if "/" in path else path in known
        assert exists, f"{path} does not exist"


def decisions() -> dict[str, Path]:
    """The decision records by their number."""
    found = [path for path in files() if path.parent == ROOT / "docs" / "adr"]
    return {path.name[:4]: path for path in found if path.name != "README.md"}


def title(path: Path) -> str:
    """The first line of a page, without its mark."""
    return path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def test_index_of_decisions_lists_each_by_its_title() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| ([^|]+) \|", index, re.MULTILINE)

    expected = [(number, path.name, title(path)) for number, path in sorted(decisions().items())]
    assert [(number, file, f"{number}. {what.strip()}") for number, file, what in rows] == expected


def test_decision_has_its_sections_in_order() -> None:
    for path in decisions().values():
        headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert tuple(headings) == ADR_SECTIONS, path.name


def declared_dependencies() -> set[str]:
    """Names of all packages pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    return {re.split(r"[\[<>=~! ;]", each)[0] for group in groups for each in group}


def test_every_dependency_says_why_it_is_needed() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([^`]+)` \| (\S.*) \|$", text, re.MULTILINE)

    assert {name for name, _ in explained} == declared_dependencies()
    assert len(explained) == len(dict(explained)), "explained twice"
