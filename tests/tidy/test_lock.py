"""What `make install` installs is what pyproject.toml asks for, checked by its hash."""

import re
import tomllib

from packaging.requirements import Requirement

from dev.files import ROOT

PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def asked_for() -> list[Requirement]:
    """Everything the project, its tools and its build declare."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [
        project["project"]["dependencies"],
        project["build-system"]["requires"],
        *project["dependency-groups"].values(),
    ]
    return [Requirement(each) for group in groups for each in group]


def locked() -> dict[str, list[str]]:
    """Package -> its pinned versions (more than one where they differ by platform)."""
    found: dict[str, list[str]] = {}
    for name, version in PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")):
        found.setdefault(name, []).append(version)
    return found


def test_lock_file_satisfies_what_is_declared() -> None:
    """A dependency that is only installed by hand is missing in every fresh clone."""
    pins = locked()
    wrong = [
        str(each)
        for each in asked_for()
        if not all(map(each.specifier.contains, pins.get(each.name.lower(), ["missing"])))
    ]

    assert wrong == [], "run `make lock`"


def test_every_locked_package_has_hashes() -> None:
    """An altered package is refused."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    bare = [block.split()[0] for block in blocks if "--hash=sha256:" not in block]

    assert blocks
    assert bare == []
