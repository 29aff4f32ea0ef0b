"""`kairos explain`: why a message went or did not, and what somebody would get now or later."""

from typing import Annotated, Any
from uuid import UUID

import typer

from cli.api import URL, Api, Key, Url
from cli.terminal import console, say

What = Annotated[
    str, typer.Argument(help="A decision's id, or a profile: user:<userId>, email:<address>.")
]


def explain(
    what: What,
    url: Url = URL,
    key: Key = "",
    *,
    at: Annotated[str, typer.Option(help="A later time, RFC 3339.")] = "",
    why_not: Annotated[str, typer.Option(help="A template: why not this one?")] = "",
    journey: Annotated[str, typer.Option(help="A journey: why nothing from it?")] = "",
    german: Annotated[bool, typer.Option(help="Sentences in German.")] = False,
) -> None:
    """Tell the story of a decision, or what would be decided for a person; changes nothing."""
    api, language = Api(url, key), "de" if german else "en"
    if _is_id(what):
        _story(api.get(f"/v1/decisions/{what}"), language)
        return
    asked = {"profile": what, "template": why_not, "journey": journey}
    told = api.post("/v1/decisions/preview", asked | ({"at": at} if at else {}))
    for one in told["on_the_way"]:
        _story(one, language)
    say(f"At {told['at']}:")
    for one in told["decisions"]:
        _story(one, language)
    if not told["decisions"]:
        say("Nothing waits to be sent.")
    for one in told["why_not"]:
        _standing(one, language)


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _story(told: dict[str, Any], language: str) -> None:
    console.print(f"{told['at']}  {told['outcome']}", style="bold", markup=False)
    say(f"  {told['sentence'].get(language, '')}")
    for one in told["candidates"]:
        _candidate(one, language)
    if len(told["actions"]) > 1:
        drawn = ", ".join(
            f"{each['template']}{'/' + each['variant'] if 'variant' in each else ''}"
            f" {each['probability']:.1%}"
            for each in told["actions"]
        )
        say(f"  drawn from {drawn} (model {told['model_revision']}, {told.get('bucket', '')})")
    if "basis" in told:
        agrees = told["basis"].get("replay_agrees")
        say(f"  run again: {'the same' if agrees else 'DIFFERENT'}")


def _candidate(told: dict[str, Any], language: str) -> None:
    against = [each for each in told["verdicts"] if each["outcome"] != "passed"]
    score = f", score {told['score']['total']:.4f}" if "score" in told else ""
    where = f"{told['template']} by {told['channel']} (priority {told['priority']}{score})"
    if not against:
        say(f"  {where}: all {len(told['verdicts'])} rules passed")
    for each in against:
        say(f"  {where}: {each['sentence'].get(language, each['reason'])}")


def _standing(told: dict[str, Any], language: str) -> None:
    name = f"{told['template']} ({told['journey']}, {told['step']})"
    console.print(f"Why not {name}: {told['standing']}", style="bold", markup=False)
    say(f"  {told['sentence'].get(language, '')}")
    if "until" in told:
        say(f"  until {told['until']}")
    if "candidate" in told and told["standing"] in ("outside", "waiting", "sent"):
        say("  If it were wanted now:")
        _candidate(told["candidate"], language)
