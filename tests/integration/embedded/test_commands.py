"""`kairos up` and `kairos down` as a person calls them, where they refuse."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kit.embedded.lock import DataLock
from kit.embedded.ports import LOOPBACK, free_port

pytestmark = pytest.mark.timeout(45)


def kairos(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("KAIROS_")}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env=env | variables,
        capture_output=True,
        check=False,
        text=True,
        timeout=40,
    )


@pytest.mark.parametrize(
    ("offset", "what", "change"),
    [
        (0, "gateway", "choose another with --port N"),
        (1, "sandbox", "set KAIROS_SANDBOX_PORT, or choose another with --port N"),
        (2, "sandbox SMTP", "set KAIROS_SANDBOX_SMTP_PORT, or choose another with --port N"),
    ],
    ids=["gateway", "sandbox", "smtp"],
)
def test_up_on_a_taken_port_names_it_and_the_setting(
    data: Path, offset: int, what: str, change: str
) -> None:
    """No trace, no half-started system: one sentence, status 1."""
    port = free_port(3)
    with socket.create_server((LOOPBACK, port + offset)):
        result = kairos("up", "--data", str(data), "--port", str(port))
    assert result.returncode == 1
    assert f"port {port + offset} ({what}) is taken by pid {os.getpid()}" in result.stdout
    assert change in result.stdout
    assert "Traceback" not in result.stderr
    assert not (data / "postgres").exists()


def test_up_names_the_variable_of_a_taken_server_port(data: Path) -> None:
    """A fixed port of Postgres or NATS is never silently replaced."""
    port = free_port(4)
    with socket.create_server((LOOPBACK, port + 3)):
        result = kairos(
            "up", "--data", str(data), "--port", str(port), KAIROS_POSTGRES_PORT=str(port + 3)
        )
    assert result.returncode == 1
    assert "change KAIROS_POSTGRES_PORT" in result.stdout


def test_second_up_on_the_same_data_refuses(data: Path) -> None:
    """It names the first one and how to run beside it."""
    data.mkdir()
    with DataLock(data):
        result = kairos("up", "--data", str(data), "--port", str(free_port(3)))
    assert result.returncode == 1
    assert f"already runs on {data} (pid {os.getpid()})" in result.stdout
    assert "--data DIR --port N" in result.stdout


def test_down_without_a_system_says_so(data: Path) -> None:
    result = kairos("down", "--data", str(data))
    assert result.returncode == 0
    assert f"Nothing runs on {data}." in result.stdout


def test_up_on_data_that_cannot_be_written_says_whose_it_is(tmp_path: Path) -> None:
    """A file where the folder should be: nothing anybody could write to."""
    (tmp_path / "kairos").write_text("")
    result = kairos("up", "--data", str(tmp_path / "kairos"), "--port", str(free_port(3)))
    assert result.returncode == 1
    assert "cannot write to" in result.stdout
    assert "--data DIR" in result.stdout


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KAIROS_POSTGRES_DSN", "postgresql://kairos:hush@127.0.0.1:1/kairos"),
        ("KAIROS_NATS_URL", "nats://kairos:hush@127.0.0.1:1"),
    ],
)
def test_foreign_server_that_does_not_answer_is_named(
    data: Path, variable: str, value: str
) -> None:
    """With its address and without its password."""
    result = kairos("up", "--data", str(data), "--port", str(free_port(3)), **{variable: value})
    assert result.returncode == 1
    assert f"{variable} (127.0.0.1:1) cannot be used" in result.stdout
    assert "hush" not in result.stdout + result.stderr
