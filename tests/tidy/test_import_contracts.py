"""The import contracts find what they forbid: each planted fault breaks the contract named."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.files import ROOT

ROOMS = ("main", "subscriptions", "handlers", "store", "tables", "wire", "ports", "domain")
TREE = {
    **{f"{name}/__init__.py": "" for name in ("cli", "dev", "gateway", "kit", "sandbox")},
    "services/__init__.py": "",
    "contracts/__init__.py": "",
    "contracts/topology.py": "",
    "contracts/gen/__init__.py": "",
    "contracts/gen/fact_pb2.py": "",
    "kit/clock.py": "",
    "gateway/main.py": "",
    **{f"services/{name}/__init__.py": "" for name in ("ingest", "delivery", "history")},
    "services/decision/__init__.py": "",
    **{f"services/decision/{room}.py": "" for room in ROOMS},
}
FAULTS = [
    # contract, file, what is written into it
    ("Every service has the same rooms", "services/decision/handlers.py", "decision.store"),
    ("Every service has the same rooms", "services/decision/domain.py", "decision.ports"),
    ("Every service has the same rooms", "services/decision/utils.py", ""),
    ("Services do not know each other", "services/ingest/main.py", "decision.domain"),
    ("The domain is pure", "services/decision/domain.py", "kit.clock"),
    ("The domain is pure", "services/decision/domain.py", "asyncio"),
    ("Only wire sees generated protobuf", "services/decision/store.py", "contracts.gen.fact_pb2"),
    ("Only the store sees tables", "services/decision/subscriptions.py", "decision.tables"),
    ("The kit has no vocabulary", "kit/clock.py", "contracts.gen"),
    ("Processes know each other only over NATS and HTTP", "gateway/main.py", "decision.domain"),
]


def broken(root: Path) -> set[str]:
    """Names of the contracts a tree breaks."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    env = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"}
    run = subprocess.run(command, cwd=root, env=env, check=False, capture_output=True, text=True)
    text = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
    assert "Contracts:" in text, run.stdout + run.stderr
    return set(re.findall(r"^(.+) BROKEN$", text, re.MULTILINE))


def plant(root: Path, tree: dict[str, str]) -> None:
    """Writes a tree of files, and the contracts beside it."""
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    contracts = (ROOT / ".importlinter").read_text(encoding="utf-8")
    (root / ".importlinter").write_text(contracts, encoding="utf-8")


def test_clean_tree_keeps_every_contract(tmp_path: Path) -> None:
    plant(tmp_path, TREE)

    assert broken(tmp_path) == set()


@pytest.mark.parametrize(("contract", "file", "imported"), FAULTS)
def test_planted_fault_is_reported(tmp_path: Path, contract: str, file: str, imported: str) -> None:
    module = imported.replace("decision.", "services.decision.")
    plant(tmp_path, {**TREE, file: f"import {module}\n" if module else ""})

    assert contract in broken(tmp_path)
