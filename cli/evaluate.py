"""`kairos evaluate-policy`: what another way to choose would have been worth, from the log."""

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.api import URL, Api, Key, Url
from cli.terminal import console, fail, say

Policy = Annotated[
    list[str],
    typer.Option(
        "-p", "--policy", help="uniform, greedy, or NAME=WEIGHT (variant, template or channel)."
    ),
]


def evaluate_policy(
    policy: Policy,
    url: Url = URL,
    key: Key = "",
    *,
    template: Annotated[str, typer.Option(help="Only messages of this template.")] = "",
    since: Annotated[str, typer.Option(help="Ordered from then on, RFC 3339.")] = "",
    until: Annotated[str, typer.Option(help="Ordered before then, RFC 3339.")] = "",
) -> None:
    """Estimate responses per decision under another policy: IPS, SNIPS and DR with intervals."""
    asked: dict[str, Any] = {"policy": _policy(policy), "template": template}
    asked |= {name: at for name, at in (("since", since), ("until", until)) if at}
    told = Api(url, key).post("/v1/decisions/evaluate", asked)
    table = Table("", "responses per decision", "95 % interval", box=None, header_style="dim")
    for name, title in (("logged", "as it was"), ("ips", "IPS"), ("snips", "SNIPS"), ("dr", "DR")):
        value, (low, high) = told[name]["value"], told[name]["interval"]
        table.add_row(title, f"{value:.4f}", f"{low:.4f} to {high:.4f}")
    console.print(table)
    say(
        f"{told['decisions']} decisions with a choice; effective sample {told['effective']:.0f},"
        f" largest weight {told['weight_max']:.1f}"
    )
    if told["thin"]:
        say("Too little of the log is what this policy would do: do not rely on these figures.")


def _policy(given: list[str]) -> Any:
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    try:
        return {name: float(weight) for name, weight in (each.split("=", 1) for each in given)}
    except ValueError:
        fail("A policy is uniform, greedy, or NAME=WEIGHT, several of them")
