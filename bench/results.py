"""Figures as they are kept: one line each in results.csv, with the commit they belong to."""

import csv
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kit.clock import SystemClock

FILE = Path(__file__).with_name("results.csv")
COLUMNS = ("date", "commit", "machine", "bench", "figure", "value", "unit", "bar")


@dataclass(frozen=True)
class Figure:
    """One measured value; `bar` is the most it may be, None where nothing was promised.

    With `at_least` the bar is the least it may be.
    """

    bench: str
    name: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the value keeps its bar."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        bar = (
            "" if self.bar is None else f"   bar {self.bar:g} {'kept' if self.holds else 'MISSED'}"
        )
        return f"{self.bench}: {self.name:<36}{self.value:>9.1f} {self.unit}{bar}"


def keep(figures: Iterable[Figure]) -> None:
    """Appends figures to results.csv."""
    new = not FILE.exists()
    with FILE.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        for each in figures:
            bar = "" if each.bar is None else f"{each.bar:g}"
            value = f"{each.value:.1f}"
            about = (_date(), _commit(), _machine(), each.bench)
            writer.writerow([*about, each.name, value, each.unit, bar])


def _date() -> str:
    return SystemClock().now().date().isoformat()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{os.cpu_count()} cores {platform.machine()} python {platform.python_version()}"
