"""What every command says and takes in the same way."""

import logging
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

Data = Annotated[Path, typer.Option(help="The folder of the system.", envvar="KAIROS_DATA")]
console = Console(highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Prints a sentence as it is; brackets are no markup."""
    console.print(text, markup=False)


def fail(text: str) -> NoReturn:
    """Prints why and ends the command with status 1."""
    console.print(text, style="red", markup=False)
    sys.exit(1)


def log_to_terminal(*names: str) -> None:
    """Shows these loggers' lines with the time of day."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    for name in names:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
