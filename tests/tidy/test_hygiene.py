"""The repository says nothing about the machines and people it was written on."""

import re
from pathlib import Path

import pytest

from dev.files import ROOT, files

BINARY = {".png", ".ico", ".parquet", ".woff2", ".gz", ".bin"}
# Put together from halves, so that this file does not find itself.
FORBIDDEN = {
    "a path of one machine": r"/(?:wo" r"rk|ro" r"ot|farm)/|/ho" r"me/(?!kairos\b)\w|/Use" r"rs/\w",
    "a host of a package registry": r"pyp"
    r"i\.org|pythonho"
    r"sted\.org"
    r"|registry\.(?:np"
    r"mjs|ya"
    r"rnpkg)|proxy\.gola"
    r"ng\.org",
    "an index set in a lock file": r"^--(?:extra-)?index" r"-url",
    "a task left open": r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b",
}
TEXT = {path.relative_to(ROOT).as_posix(): path for path in files() if path.suffix not in BINARY}


@pytest.mark.parametrize("why", FORBIDDEN)
def test_file_is_free_of(why: str) -> None:
    pattern = re.compile(FORBIDDEN[why], re.MULTILINE)
    found = {
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}": match[0]
        for name, path in TEXT.items()
        if (match := pattern.search(text := read(path)))
    }

    assert found == {}


def read(path: Path) -> str:
    """The text of a file; one that is not text has nothing to say here."""
    return path.read_bytes().decode("utf-8", errors="replace")


def test_text_file_ends_with_one_line_break() -> None:
    """Every tool then agrees where the last line ends."""
    wrong = [
        name
        for name, path in TEXT.items()
        if (text := read(path)) and (not text.endswith("\n") or text.endswith("\n\n"))
    ]

    assert wrong == []
