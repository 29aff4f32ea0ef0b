"""What `make test-clients` needs besides Python: Node.js, npm and Debian's Chromium.

Installed with apt where they are missing and we may; otherwise said in words.
"""

import os
import shutil
import subprocess
import sys

TOOLS = {"node": "nodejs", "npm": "npm", "chromium": "chromium"}
"""Command -> the Debian package it comes with."""
TRIES = 3
"""A mirror may be slow to answer; the third refusal is final."""


def missing() -> dict[str, str]:
    """The tools this machine does not have, with their packages."""
    return {tool: package for tool, package in TOOLS.items() if shutil.which(tool) is None}


def install(packages: list[str]) -> bool:
    """Installs Debian packages; whether that worked."""
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    wanted = [
        ["apt-get", "update", "--quiet=2"],
        ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *packages],
    ]
    for _ in range(TRIES):
        if all(subprocess.run(each, check=False, env=env).returncode == 0 for each in wanted):
            return True
    return False


def main() -> int:
    """Makes the tools available; 1 where that cannot be done."""
    packages = sorted(missing().values())
    if not packages:
        return 0
    names = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"test-clients needs {names}: install them, or run this as root on Debian or Ubuntu.")
        return 1
    print(f"installing {names}")
    if not install(packages):
        print(f"{names} could not be installed; see what apt-get said above.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
