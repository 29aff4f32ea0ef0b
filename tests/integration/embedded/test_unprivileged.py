"""As root, Postgres runs as somebody else, and nothing but the data directory is changed for it.

As a normal user the same tests hold: then Postgres runs as that user.
"""

import os
import pwd
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.embedded.errors import PostgresUnusable
from kit.embedded.launch import KEPT, Way
from kit.embedded.postgres import EmbeddedPostgres, binary
from kit.embedded.unprivileged import choose, run_once
from tests.integration.embedded.small_system import living, proc

pytestmark = pytest.mark.timeout(30)
ROOT = os.geteuid() == 0
ACCOUNTS = Path("/etc/passwd")
INITDB = (str(binary("initdb")), "--version")


@pytest.fixture(params=[0o755, 0o700], ids=["open", "private"])
def home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory that everybody may enter, and one that only its owner may."""
    with tempfile.TemporaryDirectory() as path:
        Path(path).chmod(request.param)
        yield Path(path)
        assert living(Path(path, "kairos")) == {}


async def test_postgres_runs_unprivileged_and_nothing_else_changes(home: Path) -> None:
    """As nobody, without a capability, no user added and no directory above opened."""
    users = ACCOUNTS.read_bytes()
    modes = [path.stat().st_mode for path in (home, *home.parents)]
    uid = pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid()
    async with EmbeddedPostgres(home / "kairos") as postgres:
        assert postgres.child is not None
        status = proc(postgres.child.pid, "status")
        assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
        assert "CapEff:\t0000000000000000" in status
        assert postgres.folder.stat().st_uid == uid
        postgres.child.kill(signal.SIGKILL)
        await postgres.child.exited()
    async with EmbeddedPostgres(home / "kairos"):
        assert living(home / "kairos") != {}
    assert [path.stat().st_mode for path in (home, *home.parents)] == modes
    assert ACCOUNTS.read_bytes() == users


@pytest.mark.parametrize("way", KEPT)
async def test_where_nothing_can_be_mounted_one_capability_is_kept(home: Path, way: Way) -> None:
    """A container's root may lack the right to mount; the server then gets one capability only."""
    folder = home / "cluster"
    folder.mkdir(mode=0o700)
    run_as = await choose(folder, [], INITDB, ways=[way])
    kept = 1 << KEPT[way] if ROOT else 0
    found = ("/bin/grep", f"^CapEff:.{kept:016x}$", "/proc/self/status")
    assert await run_once(found, folder, run_as) is None


async def test_no_way_at_all_says_what_to_set(home: Path) -> None:
    """The message carries what was tried and ends with the ways out."""
    folder = home / "cluster"
    folder.mkdir(mode=0o700)
    if not ROOT:
        assert await choose(folder, [], INITDB, ways=[]) is None
        return
    with pytest.raises(PostgresUnusable) as error:
        await choose(folder, [], ("/nowhere/initdb",), ways=[Way.PLAIN])
    assert "/nowhere/initdb" in str(error.value)
    assert "KAIROS_POSTGRES_DSN" in str(error.value)


async def test_cluster_copied_by_root_is_given_back(home: Path) -> None:
    """Data restored with `cp -r` belongs to root; it is handed to the server's user again."""
    data = home / "kairos"
    async with EmbeddedPostgres(data) as postgres:
        folder = postgres.folder
    for path in (folder, *folder.rglob("*")):
        os.chown(path, os.geteuid(), os.getegid())
    async with EmbeddedPostgres(data) as postgres:
        assert postgres.child is not None
