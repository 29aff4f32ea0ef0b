"""`python -m dev.lint [path ...]`: every rule on every Python file; ends with 1 on a finding."""

import sys
from pathlib import Path

from dev.files import ROOT, python_files
from dev.lint.registry import RULES
from dev.lint.rule import check, read


def main(arguments: list[str]) -> int:
    """Prints the findings, one a line, as `path:line: rule: what to do`."""
    paths = [Path(each).resolve() for each in arguments] or python_files()
    findings = [finding for path in paths for finding in check(read(ROOT, path), RULES)]
    for finding in findings:
        print(finding)
    print(f"dev.lint: {len(paths)} files, {len(RULES)} rules, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
