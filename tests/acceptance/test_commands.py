"""The `kairos` command against a running system."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.support.running import PACK, Running

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def _kairos(shop: Running, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *arguments,
        env={**os.environ, **shop.system.addresses},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_apply_says_what_changed(shop: Running, tmp_path: Path) -> None:
    """The pack is there already; a new topic is created once, and a dry run creates nothing."""
    topic = tmp_path / "topic.yaml"
    topic.write_text("kind: topic\nkey: news\n")

    assert await _kairos(shop, "apply", "--dry-run", "-f", str(topic)) == (
        0,
        (await _kairos(shop, "apply", "-f", str(topic)))[1],
    )
    code, said = await _kairos(shop, "apply", "-f", str(PACK), "-f", str(topic))
    assert code == 0
    assert "unchanged  topic news" in said


async def test_apply_of_a_wrong_document_names_the_place(shop: Running, tmp_path: Path) -> None:
    """Document, path, what was expected; nothing is changed and the status says so."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("kind: policy\nkey: caps\nrule: {type: cap, messages: many, within: P1D}\n")
    code, said = await _kairos(shop, "apply", "-f", str(wrong))
    assert code == 1
    assert "policy caps" in said
    assert "messages" in said
