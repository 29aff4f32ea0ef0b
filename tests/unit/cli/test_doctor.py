"""`kairos doctor` shows all there is, and no secret."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.doctor import PROCESSES, settings_of
from cli.main import app
from dev.files import ROOT, python_files


def test_every_settings_module_is_registered() -> None:
    """A setting that doctor does not know is found by nobody."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in python_files()
        if path.name == "settings.py" and path.relative_to(ROOT).parts[0] not in ("kit", "tests")
    }
    assert modules == {each.module for each in PROCESSES}


@pytest.mark.parametrize("process", PROCESSES, ids=lambda each: each.name)
def test_process_has_no_problem_where_up_gives_the_rest(
    process: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh machine needs no variable at all."""
    wanted = next(each for each in PROCESSES if each is process)
    rows, problems = settings_of(wanted, {})
    assert rows
    assert problems == []


def test_doctor_names_wrong_and_unread_variables(tmp_path: Path) -> None:
    """It ends with 1, and says which variable and why."""
    env = {
        "KAIROS_GATEWAY_PORT": "0",
        "KAIROS_GATWAY_HOST": "localhost",
        "KAIROS_LINK_SECRET": "hush",
    }
    result = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path)], env=env)
    assert result.exit_code == 1
    assert "KAIROS_GATEWAY_PORT=0: must be at least 1" in result.output
    assert "KAIROS_GATWAY_HOST is set and nobody reads it" in result.output
    assert "hush" not in result.output


def test_unknown_module_is_named() -> None:
    """A process whose settings cannot be read is a finding, not a crash."""
    process = PROCESSES[0].__class__("ghost", "services.ghost.settings", "KAIROS_GHOST")
    rows, problems = settings_of(process, {})
    assert rows == []
    assert problems[0].startswith("ghost: services.ghost.settings.Settings cannot be read")
