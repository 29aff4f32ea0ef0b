"""What the story shows at its end: one customer's conversation with reasons, and what became of
everything.
"""

from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

_STYLES = {"message": "bold green", "decision": "yellow", "receipt": "cyan", "consent": "magenta"}


def show(console: Console, api: httpx.Client, customers: list[str], url: str, mailbox: str) -> None:
    """Prints the liveliest customer's timeline, counts per outcome, and where to look further."""
    timelines = {customer: _timeline(api, customer) for customer in customers}
    chosen = max(customers, key=lambda customer: _liveliness(timelines[customer]))
    console.print(_conversation(chosen, timelines[chosen]))
    console.print(_outcomes(api))
    console.print(f"[bold]API docs[/]   {url}/docs")
    console.print(f"[bold]Mailbox[/]    {mailbox}/")
    console.print(f"[bold]Timeline[/]   {url}/v1/profiles/user:{chosen}/timeline")
    if trace := next((i["trace_id"] for i in timelines[chosen] if i.get("trace_id")), ""):
        console.print(f"[bold]A trace[/]    grep {trace} .kairos/logs/*.spans.jsonl")


def _timeline(api: httpx.Client, customer: str) -> list[dict[str, Any]]:
    answer = api.get(f"/v1/profiles/user:{customer}/timeline", params={"limit": 200})
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _liveliness(items: list[dict[str, Any]]) -> tuple[bool, int, int]:
    """Something was sent and something was not; then most different things; then most at all."""
    happened = {(item["kind"], item["name"]) for item in items}
    both = {("decision", "message"), ("decision", "held")} <= happened
    return both, len(happened), len(items)


def _conversation(customer: str, items: list[dict[str, Any]]) -> Table:
    table = Table(title=f"Customer {customer}: the whole conversation, oldest first", expand=True)
    for column, ratio in (("when", 2), ("what", 1), ("", 5), ("why", 5)):
        table.add_column(column, ratio=ratio, overflow="fold")
    for item in reversed(items):
        style = _STYLES.get(item["kind"], "")
        when = item["at"][:16].replace("T", " ")
        table.add_row(when, item["kind"], item["summary"], item.get("reason", ""), style=style)
    return table


def _outcomes(api: httpx.Client) -> Table:
    answer = api.get("/v1/reports/outcomes")
    answer.raise_for_status()
    table = Table(title="Everybody: what became of it")
    for column in ("kind", "name", "reason", "count"):
        table.add_column(column, justify="right" if column == "count" else "left")
    for item in answer.json()["items"]:
        table.add_row(item["kind"], item["name"], item.get("reason", ""), str(item["count"]))
    return table
