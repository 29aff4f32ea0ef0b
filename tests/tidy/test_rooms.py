"""The path predicts the content: every service has its README and the same rooms."""

import re

import pytest

from dev.files import ROOT, files

SERVICES = ("ingest", "decision", "delivery", "history")
NEEDED = ("README.md", "domain", "handlers", "main", "settings", "store", "subscriptions", "tables")
"""Rooms no service does without; the import contracts say which others there may be."""
README_ANSWERS = ("**In**", "**Out**", "**Owns**", "What holds", "When a neighbour is down")
"""Subjects in and out, tables, invariants, and what happens without the others."""
REVISION = re.compile(r"\d{4}-\d{2}-\d{2}-\d{4}_(pre|post)_[a-z0-9_]+\.py")


def rooms(service: str) -> set[str]:
    """Names of the files and folders of a service, without endings and private parts."""
    folder = ROOT / "services" / service
    tops = {path.relative_to(folder).parts[0] for path in files() if path.is_relative_to(folder)}
    return {top.removesuffix(".py") for top in tops if top != "__init__.py"}


def test_services_are_the_ones_we_know() -> None:
    found = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    assert found == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_service_has_the_rooms_it_needs(service: str) -> None:
    assert set(NEEDED) <= rooms(service)


@pytest.mark.parametrize("service", SERVICES)
def test_service_readme_answers_the_usual_questions(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")

    assert [each for each in README_ANSWERS if each not in text] == []


def test_migration_says_when_it_runs() -> None:
    """`pre` runs before the new code, `post` after the last old process is gone."""
    revisions = [path.name for path in files() if path.parent.name == "versions"]
    wrong = [name for name in revisions if not REVISION.fullmatch(name)]

    assert wrong == [], "name it YYYY-MM-DD-HHMM_{pre,post}_<what>.py"
