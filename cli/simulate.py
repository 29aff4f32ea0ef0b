"""`kairos simulate`: what a catalog would do to people over months, on the core that runs live."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.plot import plot
from cli.recorded import read_events
from cli.terminal import console, fail, say
from cli.test import CATALOG, documents_in
from kit.clock import SystemClock
from kit.documents import read_yaml
from kit.errors import KairosError
from services.decision.domain.catalog import Catalog, CatalogError, parse_catalog
from services.decision.domain.simulation.people import Recorded
from services.decision.domain.simulation.report import Report
from services.decision.domain.simulation.run import Settings, Simulation
from services.decision.domain.simulation.spec import Spec, read_spec

SPEC = "simulation.yaml"
PEOPLE_MAX, DAYS_MAX = 200_000, 730
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday; a simulation begins the same way whenever it is run."""


def simulate(
    pack: Annotated[
        Path, typer.Option(help=f"A folder with {CATALOG}/ and perhaps {SPEC}.", exists=True)
    ],
    people: Annotated[int, typer.Option(min=1, max=PEOPLE_MAX, help="Made-up people.")] = 1000,
    days: Annotated[int, typer.Option(min=0, max=DAYS_MAX, help="0: 90, or all events.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, other people.")] = 1,
    *,
    events: Annotated[
        Path | None,
        typer.Option(
            help="Live through real events instead: NDJSON of Segment calls.", exists=True
        ),
    ] = None,
    learn: Annotated[bool, typer.Option(help="Let the response model learn on the way.")] = True,
    json: Annotated[Path | None, typer.Option(help="Write the report there, as JSON.")] = None,
    svg: Annotated[Path | None, typer.Option("--plot", help="Draw it there, as SVG.")] = None,
) -> None:
    """Live through days with made-up or recorded people, and report what they got and why not."""
    catalog, spec = load_pack(pack)
    start, recorded = START, None
    if events is not None:
        start, recorded = _recorded(events)
        last = max(one.events[-1].occurred_at for one in recorded)
        days = days or min(DAYS_MAX, (last - start).days + 30)
    settings = Settings(start, days or 90, people, seed, learn)
    clock = SystemClock()
    began = clock.monotonic()
    report = _run(catalog, spec, settings, recorded)
    _show(report, clock.monotonic() - began)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
        say(f"report: {json}")
    if svg is not None:
        svg.write_text(plot(report), encoding="utf-8")
        say(f"plot: {svg}")


def load_pack(folder: Path) -> tuple[Catalog, Spec]:
    """Catalog and specification of a pack; ends the command where they are none."""
    try:
        catalog = parse_catalog(documents_in(folder / CATALOG))
    except CatalogError as error:
        for problem in error.problems:
            say(str(problem))
        fail(f"{folder / CATALOG} is no valid catalog")
    path = folder / SPEC
    if not path.exists():
        return catalog, Spec()
    try:
        given = read_yaml(path.read_bytes())
        return catalog, read_spec(given[0] if given else {})
    except (KairosError, ValueError) as error:
        fail(f"{path}: {error}")


def _recorded(path: Path) -> tuple[datetime, list[Recorded]]:
    try:
        people = read_events(path)
    except ValueError as error:
        fail(f"{path}: {error}")
    if not people:
        fail(f"{path} has no event of anybody")
    first = min(one.events[0].occurred_at for one in people)
    return first.replace(hour=0, minute=0, second=0, microsecond=0), people


def _run(
    catalog: Catalog, spec: Spec, settings: Settings, recorded: list[Recorded] | None
) -> Report:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("day {task.completed}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        count = settings.people if recorded is None else len(recorded)
        task = progress.add_task(f"{count:,} people", total=settings.days)
        simulation = Simulation(catalog, spec, settings, recorded)
        while not simulation.done:
            simulation.run_day()
            progress.advance(task)
    return simulation.report()


def _show(report: Report, took_s: float) -> None:
    months = report.days_simulated / 30
    per_month = report.marketing / report.people / months
    until = timedelta(days=report.days_simulated)
    say(f"{report.people:,} people, {until.days} days, {report.steps:,} steps in {took_s:.1f} s")
    say(
        f"{report.messages:,} messages, {report.marketing:,} of them marketing:"
        f" {per_month:.2f} per person and 30 days"
    )
    _per_person(report)
    _table(
        "Why a message did not go (then)", ("reason", "times", "people"),
        [
            (reason, f"{times:,}", f"{report.people_by_reason.get(reason, 0):,}")
            for reason, times in sorted(report.reasons.items(), key=lambda one: -one[1])
        ],
    )  # fmt: skip
    _table(
        "Journeys", ("journey", "entered", "messages", "goal", "completed", "left", "inside"),
        [
            (
                key, f"{one.entered:,}", f"{one.messages:,}", f"{one.goal_reached:,}",
                f"{one.completed:,}", f"{sum(one.exits.values()):,}", f"{one.inside:,}",
            )
            for key, one in sorted(report.journeys.items())
        ],
    )  # fmt: skip
    _table(
        "Messages", ("template", "sent", "clicked", "answered", "unsubscribed"),
        [
            (
                key, f"{one.sent:,}", _share(one.clicked, one.sent), _share(one.answered, one.sent),
                _share(one.unsubscribed, one.sent),
            )
            for key, one in sorted(report.templates.items())
        ],
    )  # fmt: skip
    conflicts = sorted(report.conflicts.items(), key=lambda one: -one[1])[:10]
    rows = [(pair, f"{times:,}") for pair, times in conflicts]
    _table("Conflicts (the first gave way to the second)", ("messages", "times"), rows)
    _pressure(report)


def _pressure(report: Report) -> None:
    mean_h = report.quiet_held_h / report.quiet_holds if report.quiet_holds else 0.0
    say(
        f"caps held {report.cap_holds:,} times; quiet hours {report.quiet_holds:,} times,"
        f" {mean_h:.1f} h each; {report.unsubscribed:,} unsubscribed, {report.complained:,}"
        " complained"
    )
    if report.regret_even:
        share = report.regret / report.regret_even
        say(
            f"variants: {report.regret:.0f} responses less than the best would have brought,"
            f" {share:.0%} of what an even split would have lost"
        )


def _per_person(report: Report) -> None:
    shown: dict[str, int] = {}
    for count, people in report.per_person.items():
        name = str(count) if count < 12 else "12 and more"
        shown[name] = shown.get(name, 0) + people
    _table(
        "Marketing messages per person", ("messages", "people", ""),
        [(name, f"{n:,}", "█" * round(40 * n / report.people)) for name, n in shown.items()],
    )  # fmt: skip


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    table = Table(
        *columns, title=title, box=None, title_justify="left", title_style="bold",
        header_style="dim", pad_edge=False,
    )  # fmt: skip
    for row in rows:
        table.add_row(*row)
    console.print(table)
