"""A past of events, imported over HTTP: rows per second, and whether memory stays flat.

Bar: at most 100 ms for a thousand rows (10,000 rows a second), committed and deduped, and no more
than 64 MB by which gateway and ingest grow between the first tenth and the end. A whole system is
started; history and decision consume meanwhile. KAIROS_BENCH_ROWS sets how many rows (200,000).
"""

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from bench.results import Figure
from kit.clock import SystemClock
from tests.support.running import Running, running

BAR_MS, BAR_MB = 100.0, 64.0
PEOPLE = 20_000
CHUNK_ROWS = 500
NAMES = ("gateway", "ingest")


async def measure() -> list[Figure]:
    """One import on a fresh system."""
    rows = int(os.environ.get("KAIROS_BENCH_ROWS", "200000"))
    with tempfile.TemporaryDirectory() as data:
        async with running(Path(data)) as system:
            early: list[float] = []
            clock = SystemClock()
            begun = clock.monotonic()
            await _import(system, rows, early)
            took_s = clock.monotonic() - begun
            grown = _memory_mb(system) - early[0]
    bench = f"import of {rows} events"
    return [
        Figure(bench, "time for 1,000 rows", took_s / rows * 1e6, "ms", BAR_MS),
        Figure(bench, "gateway and ingest grew by", max(grown, 0.0), "MB", BAR_MB),
    ]


async def _import(system: Running, rows: int, early: list[float]) -> None:
    async def body() -> AsyncIterator[bytes]:
        for start in range(0, rows, CHUNK_ROWS):
            if start >= rows // 10 and not early:
                early.append(_memory_mb(system))
            yield b"".join(_row(n) for n in range(start, min(start + CHUNK_ROWS, rows)))

    endless = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=endless, headers=system.headers) as http:
        url = f"{system.system.url}/v1/imports"
        async with http.post(url, data=body()) as answer:
            told = await answer.json()
    assert (told["accepted"], told["refused"]) == (rows, 0), told


def _row(number: int) -> bytes:
    at = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T12:00:00Z"
    return (
        f'{{"type":"track","userId":"u{number % PEOPLE}","event":"Order Completed",'
        f'"timestamp":"{at}","properties":{{"total":{number % 90}.9,"sku":"s-{number % 50}"}}}}\n'
    ).encode()


def _memory_mb(system: Running) -> float:
    """What the two processes hold of the machine's memory."""
    total = 0
    for name in NAMES:
        pid = (system.system.home.data / "run" / f"{name}.pid").read_text().strip()
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        [line] = [each for each in status.splitlines() if each.startswith("VmRSS")]
        total += int(line.split()[1])
    return total / 1024
