"""`kairos doctor`: every setting of every process, and what is wrong here."""

import importlib
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from cli.system import DEFAULT_DATA, GIVEN_BY_UP
from cli.terminal import Data, console, fail, say
from kit.embedded import nats, postgres, processes
from kit.embedded.errors import EmbeddedError
from kit.embedded.supervisor import SELF
from kit.settings import Described, describe


@dataclass(frozen=True)
class Process:
    """Where the settings of one process are declared."""

    name: str
    module: str
    prefix: str


PROCESSES = (
    Process("kairos up", "cli.settings", "KAIROS"),
    Process("gateway", "gateway.settings", "KAIROS_GATEWAY"),
    Process("ingest", "services.ingest.settings", "KAIROS_INGEST"),
    Process("decision", "services.decision.settings", "KAIROS_DECISION"),
    Process("delivery", "services.delivery.settings", "KAIROS_DELIVERY"),
    Process("history", "services.history.settings", "KAIROS_HISTORY"),
    Process("sandbox", "sandbox.settings", "KAIROS_SANDBOX"),
)
"""Each module has a class `Settings`."""

KNOWN = frozenset(
    {
        "KAIROS_DATA",
        "KAIROS_DEV_CLOCK",
        "KAIROS_DEV_ENV",
        "KAIROS_LOG_LEVEL",
        "KAIROS_PUBLIC_URL",
        "KAIROS_ROLE_PASSWORD",
        "KAIROS_SECRET_KEY",
        "KAIROS_TRACE_FILE",
        "KAIROS_TRACE_RATIO",
        "KAIROS_URL",
        "KAIROS_WORKSPACE",
        "KAIROS_WRITE_KEY",
        "KAIROS_BROWSER_KEY",
    }
)
"""Variables that no settings class declares: the command line's, the kit's, dev.env's."""


def doctor(data: Data = DEFAULT_DATA) -> None:
    """Show every setting with unit, default, bounds and reason; end with 1 if one is wrong."""
    problems = _machine(data)
    declared = set(KNOWN | GIVEN_BY_UP)
    for process in PROCESSES:
        rows, wrong = settings_of(process, os.environ)
        declared |= {row.variable for row in rows}
        problems += wrong
        _show(process, rows)
    unread = sorted(
        name for name in os.environ if name.startswith("KAIROS_") and name not in declared
    )
    problems += [f"{name} is set and nobody reads it: a typing mistake?" for name in unread]
    if problems:
        fail("\n".join(problems))
    say("Nothing is wrong.")


def settings_of(process: Process, env: Mapping[str, str]) -> tuple[list[Described], list[str]]:
    """The settings of a process, and what is wrong with them in this environment."""
    try:
        cls = importlib.import_module(process.module).Settings
        rows = describe(cls, env, process.prefix)
    except (ImportError, AttributeError, TypeError) as error:
        return [], [f"{process.name}: {process.module}.Settings cannot be read: {error}"]
    given = {row.variable for row in rows if row.variable in GIVEN_BY_UP and not row.value}
    return rows, [row.problem for row in rows if row.problem and row.variable not in given]


def _machine(data: Path) -> list[str]:
    """Prints what this machine offers; returns what is missing."""
    problems = []
    say(f"Python {platform.python_version()} at {sys.executable}")
    for what, find in _BINARIES.items():
        try:
            say(f"{what} at {find()}")
        except EmbeddedError as error:
            problems.append(str(error))
    pid = processes.recorded(data.absolute() / "run", SELF)
    say(f"data in {data.absolute()}: " + (f"runs as pid {pid}" if pid else "nothing runs"))
    return problems


_BINARIES: dict[str, Callable[[], Path]] = {
    "PostgreSQL": lambda: postgres.binary("postgres"),
    "nats-server": nats.server_binary,
}


def _show(process: Process, rows: list[Described]) -> None:
    table = Table(
        "variable", "value", "unit", "default", "bounds", "why", title=process.name, box=None,
        title_justify="left", title_style="bold", header_style="dim", pad_edge=False,
    )  # fmt: skip
    for row in rows:
        value = row.value
        if not value and row.variable in GIVEN_BY_UP:
            value = "(by kairos up)"
        table.add_row(row.variable, value, row.unit, row.default, row.bounds, row.why)
    console.print(table)
