"""`kairos simulate` on the example pack: report, plot, recorded events, and what it refuses."""

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.recorded import read_events

PACK = Path(__file__).parents[3] / "examples" / "three-acts"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["simulate", "--pack", str(PACK), *arguments])
    return result.exit_code, result.output


def test_pack_is_lived_through_and_reported(tmp_path: Path) -> None:
    report, page = tmp_path / "report.json", tmp_path / "plot.svg"
    code, told = run("--people", "120", "--days", "30", "--json", str(report), "--plot", str(page))

    assert code == 0, told
    assert "per person and 30 days" in told
    assert "first-steps" in told
    figures = msgspec.json.decode(report.read_bytes())
    assert figures["people"] == 120
    assert figures["messages"] > 0
    svg = ET.fromstring(page.read_text())  # noqa: S314 - our own page
    assert svg.tag.endswith("svg")
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}rect"))) > 30


def test_recorded_events_are_lived_through(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(
        '{"type":"identify","userId":"u1","timestamp":"2026-02-02T09:00:00Z",'
        '"traits":{"email":"a@example.com"}}\n\n'
        '{"type":"track","userId":"u1","event":"order_completed",'
        '"timestamp":"2026-02-03T09:00:00Z","properties":{"quantity":1,"amount_usd":9}}\n'
    )
    [who] = read_events(file)
    assert [one.name for one in who.events] == ["", "order_completed"]
    code, told = run("--events", str(file))

    assert code == 0, told
    assert "1 people" in told
    assert "order-confirmation" in told


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"type":"track"}', "timestamp"),
        ('{"type":"shout","userId":"u","timestamp":"2026-01-01T00:00:00Z"}', "type is one of"),
        ('{"type":"track","userId":"u","timestamp":"2026-01-01T00:00:00"}', "needs a zone"),
        ('{"type":"track","timestamp":"2026-01-01T00:00:00Z"}', "userId or anonymousId"),
        ("nonsense", "line 1"),
    ],
    ids=str,
)
def test_line_that_is_no_call_is_named(tmp_path: Path, line: str, expected: str) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(line + "\n")
    code, told = run("--events", str(file))

    assert code == 1
    assert expected in told.replace("\n", " ")
