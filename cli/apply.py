"""`kairos apply`: bring catalog documents into a workspace, all or nothing."""

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from cli.terminal import console, fail, say

SUFFIXES = (".yaml", ".yml", ".json")
Given = Annotated[
    list[Path], typer.Option("-f", "--file", help="A file, or a folder of files.", exists=True)
]
Url = Annotated[str, typer.Option(envvar="KAIROS_URL", help="Where the API is.")]
Key = Annotated[str, typer.Option(envvar="KAIROS_SECRET_KEY", help="A secret key.")]


def apply(
    file: Given,
    url: Url = "http://127.0.0.1:8700",
    key: Key = "",
    *,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, change nothing.")] = False,
) -> None:
    """Apply topics, asks, journeys, templates and policies; `source .kairos/dev.env` first."""
    if not key:
        fail("No secret key: source the dev.env of your system, or set KAIROS_SECRET_KEY")
    text = "\n---\n".join(path.read_text(encoding="utf-8") for path in _files(file))
    try:
        answer = httpx.post(
            f"{url}/v1/apply",
            params={"dry_run": "true"} if dry_run else {},
            content=text,
            headers={"authorization": f"Bearer {key}", "content-type": "application/yaml"},
            timeout=30,
        )
    except httpx.TransportError as error:
        fail(f"{url} does not answer ({type(error).__name__}); is Kairos up?")
    if answer.is_error:
        _refused(answer)
    _show(answer.json())


def _files(given: list[Path]) -> list[Path]:
    """Files as named, those of folders in order of name."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES)
        else:
            found.append(path)
    if not found:
        fail(f"No {', '.join(SUFFIXES)} file in {', '.join(map(str, given))}")
    return found


def _refused(answer: httpx.Response) -> None:
    problem: dict[str, Any] = answer.json()
    for each in problem.get("errors", []):
        place = " at ".join(part for part in (each["document"], each["path"]) if part)
        say(f"{place}: expected {each['expected']}, got {each['got']}")
    fail(problem["detail"])


def _show(reply: dict[str, Any]) -> None:
    for change in reply["changes"]:
        style = "dim" if change["change"] == "unchanged" else "bold"
        console.print(f"{change['change']:<10} {change['kind']} {change['key']}", style=style)
    say(f"revision {reply['revision']}")
