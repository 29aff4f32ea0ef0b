"""`kairos replay`: run stored decisions again; they must come out to the bit."""

import sys
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from cli.api import URL, Api, Key, Url
from cli.terminal import console, fail, say

PAGE = 100


def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Decisions; none: all in a time.")] = None,
    url: Url = URL,
    key: Key = "",
    *,
    since: Annotated[str, typer.Option(help="From then on, RFC 3339.")] = "",
    until: Annotated[str, typer.Option(help="Before then, RFC 3339.")] = "",
) -> None:
    """Compute stored decisions again from what they rested on; ends with 1 where one differs."""
    api = Api(url, key)
    if ids:
        pages = [{"ids": ids[i : i + PAGE]} for i in range(0, len(ids), PAGE)]
        told = [api.post("/v1/decisions/replay", page) for page in pages]
    else:
        told = _all(api, {"since": since} if since else {}, {"until": until} if until else {})
    checked = sum(page["checked"] for page in told)
    differing = [each for page in told for each in page["differing"]]
    for each in differing:
        say(f"differs: {each}")
    say(f"{checked} decisions run again, {checked - len(differing)} agree to the bit")
    if differing:
        fail(f"{len(differing)} differ: a bug, or a catalog that was changed by hand")
    sys.exit(0)


def _all(api: Api, *bounds: dict[str, str]) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {name: value for bound in bounds for name, value in bound.items()}
    told: list[dict[str, Any]] = []
    columns = (TextColumn("run again: {task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        while True:
            page = api.post("/v1/decisions/replay", asked | {"limit": PAGE})
            told.append(page)
            progress.advance(task, page["checked"])
            if "next_cursor" not in page:
                return told
            asked["cursor"] = page["next_cursor"]
