"""`kairos dead-letters`: list, replay and discard facts that a service could not take."""

from typing import Annotated, Any, Literal

import typer

from cli.api import URL, Api, Key, Url
from cli.terminal import fail, say

Action = Annotated[Literal["list", "replay", "discard"], typer.Argument(help="What to do.")]


def dead_letters(
    action: Action,
    ids: Annotated[list[str] | None, typer.Argument(help="Which; replay: none for all.")] = None,
    url: Url = URL,
    key: Key = "",
    *,
    service: Annotated[str, typer.Option(help="Only this service's.")] = "",
    reason: Annotated[str, typer.Option(help="Why they may be discarded.")] = "",
) -> None:
    """Deal with facts that a service could not take; ends with 1 where a replay failed again."""
    api = Api(url, key)
    if action == "list":
        _show(_waiting(api, service))
    elif action == "discard":
        if not ids or not reason:
            fail("Name the dead letters, and say why with --reason")
        for each in ids:
            api.post(f"/v1/dead-letters/{each}/discard", {"reason": reason})
            say(f"discarded  {each}")
    else:
        # Oldest first, as the facts came.
        _replay(api, ids or [each["id"] for each in reversed(_waiting(api, service))])


def _waiting(api: Api, service: str) -> list[dict[str, Any]]:
    path = "/v1/dead-letters?limit=100" + (f"&service={service}" if service else "")
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = api.get(f"{path}&cursor={cursor}")
        found += page["items"]
        cursor = page.get("next_cursor", "")
        if not cursor:
            return found


def _show(letters: list[dict[str, Any]]) -> None:
    for each in letters:
        say(
            f"{each['id']}  {each['last_seen_at']}  {each['service']:<8}"
            f" {each.get('kind', '?'):<18} {each['attempts']:>3} x"
            f" {each['error_type']}: {each['error']}"
        )
    say(f"{len(letters)} waiting")


def _replay(api: Api, ids: list[str]) -> None:
    failed = 0
    for each in ids:
        try:
            api.post(f"/v1/dead-letters/{each}/replay", {})
            say(f"replayed  {each}")
        except SystemExit:
            # Said by `fail` already; the others may still succeed.
            failed += 1
    if failed:
        fail(f"{failed} of {len(ids)} failed again")
