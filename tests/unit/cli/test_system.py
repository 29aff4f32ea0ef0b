"""What `kairos up` takes from the environment, and what it gives to its processes."""

from pathlib import Path

import pytest

from cli.system import GIVEN_BY_UP, Kairos, Options, without_sourced
from kit.embedded.supervisor import Backing
from kit.settings import SettingError

DSN = "postgresql://postgres:one@127.0.0.1:20001/kairos"


@pytest.fixture
def dev_env(tmp_path: Path) -> Path:
    """A file as `kairos up` leaves it behind."""
    path = tmp_path / "dev.env"
    path.write_text(f"export KAIROS_POSTGRES_DSN='{DSN}'\nexport KAIROS_NATS_URL=nats://a:b@c:1\n")
    return path


def test_sourced_addresses_do_not_become_external_servers(dev_env: Path) -> None:
    """A shell that sourced dev.env can start the system again after it has ended."""
    env = {
        "KAIROS_DEV_ENV": str(dev_env),
        "KAIROS_POSTGRES_DSN": DSN,
        "KAIROS_NATS_URL": "nats://a:b@c:1",
        "PATH": "/bin",
    }
    assert without_sourced(env) == {"PATH": "/bin"}


def test_address_set_after_sourcing_stands(dev_env: Path) -> None:
    """Only what the file says is left out."""
    env = {"KAIROS_DEV_ENV": str(dev_env), "KAIROS_POSTGRES_DSN": "postgresql://mine/x"}
    assert without_sourced(env) == {"KAIROS_POSTGRES_DSN": "postgresql://mine/x"}


def test_addresses_of_a_removed_system_are_left_out(tmp_path: Path) -> None:
    """Where the file is gone, so are the servers it named."""
    env = {"KAIROS_DEV_ENV": str(tmp_path / "dev.env"), "KAIROS_POSTGRES_DSN": DSN, "HOME": "/h"}
    assert without_sourced(env) == {"HOME": "/h"}


def test_address_that_was_not_sourced_is_taken() -> None:
    """Servers that somebody else runs."""
    assert without_sourced({"KAIROS_POSTGRES_DSN": DSN}) == {"KAIROS_POSTGRES_DSN": DSN}


def test_processes_get_what_nobody_has_to_set(tmp_path: Path) -> None:
    """Doctor may leave out of its findings only what the supervisor really gives."""
    system = Kairos(Options(tmp_path, port=20010, dev_clock=True), {})
    backing = Backing(tmp_path, DSN, "nats://127.0.0.1:4222")
    common = system.common(backing)
    given = (
        common
        | system.for_gateway()
        | dict.fromkeys(("KAIROS_POSTGRES_API_DSN", "KAIROS_POSTGRES_WORKER_DSN"), DSN)
    )
    assert set(given) >= GIVEN_BY_UP
    assert all(given[name] for name in GIVEN_BY_UP)
    assert common["KAIROS_DEV_CLOCK"] == "1"
    assert common["KAIROS_SANDBOX_URL"] == "http://127.0.0.1:20011"
    assert common["KAIROS_DELIVERY_SMTP_URL"] == "smtp://127.0.0.1:20012"


def test_secrets_are_kept_for_the_next_start(tmp_path: Path) -> None:
    """Links in mails and keys in clients outlive a restart."""
    backing = Backing(tmp_path, DSN, "nats://127.0.0.1:4222")
    first, second = (Kairos(Options(tmp_path), {}) for _ in range(2))
    for name in ("KAIROS_LINK_SECRET", "KAIROS_WEBHOOK_SECRET"):
        assert first.common(backing)[name] == second.common(backing)[name]
    assert first.for_gateway() == second.for_gateway()
    assert len(set(first.for_gateway().values())) == len(first.for_gateway())


def test_operators_word_about_delivery_stands(tmp_path: Path) -> None:
    """The sandbox is a proposal; the addresses of the state are not."""
    mine = {"KAIROS_DELIVERY_SMTP_URL": "smtp://mail:25", "KAIROS_DEV_CLOCK": "1"}
    common = Kairos(Options(tmp_path), mine).common(Backing(tmp_path, DSN, "nats://n:1"))
    assert common["KAIROS_DELIVERY_SMTP_URL"] == "smtp://mail:25"
    assert common["KAIROS_DEV_CLOCK"] == "0", "only the command line turns time"


def test_wrong_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="KAIROS_NATS_PORT=0: must be at least 1"):
        Kairos(Options(tmp_path), {"KAIROS_NATS_PORT": "0"})
