"""Clients in other languages as child processes: installed from their lock files, unmodified."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
PATIENCE_S = 120
CLIENTS = Path(__file__).parent


async def run(*command: str, cwd: Path) -> str:
    """Runs a command to its end and returns what it printed; all it said is shown if it fails."""
    child = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await asyncio.wait_for(child.communicate(), PATIENCE_S)
    assert child.returncode == 0, said.decode() + complained.decode()
    return said.decode()


async def installed(name: str, folder: Path) -> Path:
    """A copy of the client `name` below `folder`, with the packages its lock file names."""
    home = folder / name
    shutil.copytree(CLIENTS / name, home, ignore=shutil.ignore_patterns("node_modules"))
    await run(*INSTALL, cwd=home)
    return home


def lock(name: str) -> dict[str, Any]:
    """The packages of a client's lock file."""
    text = (CLIENTS / name / "package-lock.json").read_text(encoding="utf-8")
    packages: dict[str, Any] = json.loads(text)["packages"]
    return packages
