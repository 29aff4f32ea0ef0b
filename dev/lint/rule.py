"""What a rule is, and what running the rules means."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dev.lint.source import Finding, Source

PRODUCT = ("cli", "contracts", "examples", "gateway", "kit", "sandbox", "services")
"""Folders whose code runs at customers'."""

Place = tuple[int, str]
"""Line, and what to do instead."""


@dataclass(frozen=True)
class Rule:
    """A named rule: which files it looks at, and where it is broken in one.

    A place is excused by a comment in its statement, up to its line, or on the line before the
    statement: `# lint: allow <name>: <reason>`. An excuse without a reason or without use is a
    finding too.
    """

    name: str
    applies: Callable[[Source], bool]
    places: Callable[[Source], Iterable[Place]]


def check(source: Source, rules: Iterable[Rule]) -> list[Finding]:
    """Everything wrong in one file, in order of lines."""
    used: set[int] = set()
    findings = []
    names = set()
    for rule in rules:
        names.add(rule.name)
        if not rule.applies(source):
            continue
        for line, text in rule.places(source):
            excuse = _excuse(source, rule.name, line)
            if excuse is None:
                findings.append(Finding(str(source.path), line, rule.name, text))
            else:
                used.add(excuse)
    return sorted([*findings, *_bad_excuses(source, used, names)])


def read(root: Path, path: Path) -> Source:
    """The source at `path`, which lies below `root`."""
    relative = PurePosixPath(path.relative_to(root).as_posix())
    return Source(relative, path.read_text(encoding="utf-8"), root)


def _excuse(source: Source, rule: str, line: int) -> int | None:
    for allowance in source.allowances:
        if allowance.rule == rule and source.statement_start(line) - 1 <= allowance.line <= line:
            return allowance.line
    return None


def _bad_excuses(source: Source, used: set[int], names: set[str]) -> Iterator[Finding]:
    for allowance in source.allowances:
        where = str(source.path), allowance.line
        if allowance.rule not in names:
            yield Finding(*where, "excuse", f"there is no rule {allowance.rule!r}")
        elif not allowance.reason:
            yield Finding(*where, "excuse", "say why: `# lint: allow <rule>: <reason>`")
        elif allowance.line not in used:
            yield Finding(*where, "excuse", "nothing to excuse here any more: remove the comment")
