"""Everything `make check` checks, two at a time: `python -m dev.check [name ...]`.

Each check is a command that people can run by itself; the output of one that passes is not shown.
"""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from dev.files import ROOT
from kit.clock import SystemClock

SIDE_BY_SIDE = 2
"""The slowest, mypy, takes one core; the others share the second."""

_BIN = Path(sys.executable).parent
_PYTHON = sys.executable

CHECKS: dict[str, list[str]] = {
    "types": [_PYTHON, "-m", "mypy"],
    "style": [str(_BIN / "ruff"), "check", "."],
    "format": [str(_BIN / "ruff"), "format", "--check", "--quiet", "."],
    "imports": [str(_BIN / "lint-imports"), "--no-cache", "--no-logo"],
    "rules": [_PYTHON, "-m", "dev.lint"],
    "tidy": [_PYTHON, "-m", "pytest", "tests/tidy", "-q", "-p", "no:cacheprovider"],
}
COMPOSE = ["docker-compose", "--file", "docker-compose.yml", "config", "--quiet"]


class Result(NamedTuple):
    """What came of one check."""

    name: str
    passed: bool
    seconds: float
    output: str


def checks() -> dict[str, list[str]]:
    """The checks this machine can make; the compose file's needs docker-compose."""
    has_compose = shutil.which(COMPOSE[0]) and (ROOT / "docker-compose.yml").exists()
    return CHECKS | {"compose": COMPOSE} if has_compose else CHECKS


def run(name: str) -> Result:
    """Runs one check to its end."""
    clock = SystemClock()
    start = clock.monotonic()
    done = subprocess.run(
        checks()[name],
        cwd=ROOT,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return Result(name, done.returncode == 0, clock.monotonic() - start, done.stdout)


def main(names: list[str]) -> int:
    """Runs the named checks, by default all; ends with 1 if one fails."""
    failed = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for result in pool.map(run, names or checks()):
            print(f"{'ok    ' if result.passed else 'FAILED'} {result.name} {result.seconds:.1f} s")
            if not result.passed:
                failed.append(result.name)
                print(result.output)
    print(f"check: {'failed: ' + ', '.join(failed) if failed else 'all passed'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
