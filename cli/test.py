"""`kairos test`: run the journey tests of a pack on the pure core, without a running system."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cli.apply import SUFFIXES
from cli.terminal import console, fail, say
from kit.clock import SystemClock
from kit.documents import read_yaml
from kit.errors import KairosError
from services.decision.domain.catalog import CatalogError, parse_catalog
from services.decision.domain.rehearsal import JourneyTest, rehearse

CATALOG, TESTS = "catalog", "tests"
Packs = Annotated[
    list[Path],
    typer.Argument(help=f"Folders with {CATALOG}/ and {TESTS}/.", exists=True, file_okay=False),
]


def test(pack: Packs) -> None:
    """Run journey tests: given these events on these days, who gets what, and why not more."""
    clock = SystemClock()
    failed = ran = 0
    for folder in pack:
        began = clock.monotonic()
        outcomes = _run(folder)
        took_ms = (clock.monotonic() - began) * 1000
        for name, problems in outcomes:
            ran += 1
            failed += bool(problems)
            console.print(f"{'failed' if problems else 'ok':<7} {name}", markup=False)
            for problem in problems:
                say(f"        {problem}")
        say(f"{folder}: {len(outcomes)} tests in {took_ms:.0f} ms")
    if not ran:
        fail(f"No journey tests: a pack has a folder {TESTS} beside {CATALOG}")
    if failed:
        fail(f"{failed} of {ran} failed")


def _run(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    try:
        catalog = parse_catalog(documents_in(folder / CATALOG))
    except CatalogError as error:
        for problem in error.problems:
            say(str(problem))
        fail(f"{folder / CATALOG} is no valid catalog")
    found: list[tuple[str, tuple[str, ...]]] = []
    for number, document in enumerate(documents_in(folder / TESTS)):
        try:
            outcome = rehearse(catalog, msgspec.convert(document, JourneyTest))
        except ValueError as error:
            name = str(document.get("test", f"test {number + 1}"))
            found.append((name, (str(error),)))
            continue
        found.append((outcome.test, outcome.problems))
    return found


def documents_in(folder: Path) -> list[dict[str, Any]]:
    """Every document of a folder, files in order of name; ends the command where one is none."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in SUFFIXES:
            continue
        try:
            found += read_yaml(path.read_bytes())
        except KairosError as error:
            fail(f"{path}: {error}")
    return found
