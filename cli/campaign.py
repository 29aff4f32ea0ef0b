"""`kairos campaign`: check, launch, pause, resume, cancel and follow campaigns."""

from typing import Annotated, Any, Literal

import httpx
import typer

from cli.apply import Key, Url
from cli.terminal import console, fail, say

Action = Annotated[
    Literal["check", "launch", "approve", "pause", "resume", "cancel", "progress"],
    typer.Argument(help="What to do."),
]


def campaign(
    action: Action,
    campaign_key: Annotated[str, typer.Argument(metavar="KEY", help="Key of the campaign.")],
    url: Url = "http://127.0.0.1:8700",
    key: Key = "",
    *,
    missed: Annotated[bool, typer.Option(help="Launch for those it did not reach.")] = False,
) -> None:
    """Work with a campaign of the catalog; `source .kairos/dev.env` first."""
    if not key:
        fail("No secret key: source the dev.env of your system, or set KAIROS_SECRET_KEY")
    method = "GET" if action in ("check", "progress") else "POST"
    try:
        answer = httpx.request(
            method,
            f"{url}/v1/campaigns/{campaign_key}/{action}",
            params={"missed": "true"} if missed else {},
            headers={"authorization": f"Bearer {key}"},
            timeout=30,
        )
    except httpx.TransportError as error:
        fail(f"{url} does not answer ({type(error).__name__}); is Kairos up?")
    told: dict[str, Any] = answer.json()
    if answer.is_error:
        fail(told["detail"])
    if action == "check":
        _show_check(told)
    else:
        _show_progress(told)


def _show_check(told: dict[str, Any]) -> None:
    say(f"audience about {told['audience']} of {told['people']} ({told['sampled']} looked at)")
    for name in ("reachable", "held", "lost"):
        for what, people in told[name].items():
            say(f"  {name:<10} {what:<24} {people}")
    for problem in told["problems"]:
        console.print(problem, style="red", markup=False)


def _show_progress(told: dict[str, Any]) -> None:
    say(f"{told['campaign']}: {told['state']}")
    for run in told["runs"]:
        eta = f", {run['eta_s']} s left" if run.get("eta_s") else ""
        say(f"  {run['state']}, {run['taken_up']} of {run['audience']} taken up,"
            f" {run['per_minute']} a minute{eta}")  # fmt: skip
        for outcome, people in run["outcomes"].items():
            say(f"    {outcome:<10} {people}")
