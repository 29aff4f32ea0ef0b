"""What belongs to the repository: the files git knows or would add, without generated ones."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "contracts" / "gen"


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository that exists, sorted; ignored files are left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = sorted({ROOT / name for name in listed.split("\0") if name})
    return tuple(path for path in paths if path.is_file())


def written(suffix: str) -> list[Path]:
    """The files with this suffix that people write."""
    return [p for p in files() if p.suffix == suffix and not p.is_relative_to(GENERATED)]


def python_files() -> list[Path]:
    """The Python files that people write."""
    return written(".py")
