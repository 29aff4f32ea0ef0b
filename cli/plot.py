"""A simulation's report as one SVG page: per day, per person, why not, and variants by week."""

from collections.abc import Mapping, Sequence
from html import escape

from services.decision.domain.simulation.report import Report

WIDTH, PANEL_H, MARGIN = 900, 190, 60
_INK, _BAR, _GRID = "#1f2933", "#3b7dd8", "#d9e2ec"
_COLOURS = ("#3b7dd8", "#e07a1f", "#3f9b5b", "#b0468b", "#7c6ad6", "#8a8f98", "#c9a227", "#2aa5a0")


def plot(report: Report) -> str:
    """The page; well-formed XML without scripts or outside references."""
    reasons = sorted(report.reasons.items(), key=lambda one: -one[1])[:12]
    panels = [
        _columns("Marketing messages per day", report.days),
        _columns("People by number of marketing messages", _dense(report.per_person)),
        _bars("Why a message did not go (times)", reasons),
        _lines("Share of messages per week", report.weeks),
    ]
    height = MARGIN + sum(panel_h + 50 for _, panel_h in panels)
    parts, y = [], MARGIN
    for body, panel_h in panels:
        parts.append(f'<g transform="translate(0,{y})">{body}</g>')
        y += panel_h + 50
    title = f"{report.people:,} people, {report.days_simulated} days"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" fill="{_INK}">'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="20" y="30" font-size="18">{escape(title)}</text>{"".join(parts)}</svg>\n'
    )


def _dense(per_person: Mapping[int, int]) -> list[int]:
    return [per_person.get(n, 0) for n in range(max(per_person, default=0) + 1)]


def _title(text: str) -> str:
    return f'<text x="20" y="0" font-size="14">{escape(text)}</text>'


def _columns(title: str, values: Sequence[int]) -> tuple[str, int]:
    top, width = max(values, default=0) or 1, WIDTH - 2 * MARGIN
    each = width / max(1, len(values))
    parts = [_title(title), _axis(top)]
    for i, value in enumerate(values):
        h = value / top * (PANEL_H - 30)
        x = MARGIN + i * each
        parts.append(
            f'<rect x="{x:.1f}" y="{PANEL_H - h:.1f}" width="{max(1.0, each - 1):.1f}"'
            f' height="{h:.1f}" fill="{_BAR}"><title>{i}: {value}</title></rect>'
        )
    step = max(1, len(values) // 10)
    parts += [
        f'<text x="{MARGIN + (i + 0.5) * each:.1f}" y="{PANEL_H + 16}"'
        f' text-anchor="middle">{i}</text>'
        for i in range(0, len(values), step)
    ]
    return "".join(parts), PANEL_H


def _axis(top: float, unit: str = "") -> str:
    right = WIDTH - MARGIN
    return (
        f'<line x1="{MARGIN}" x2="{right}" y1="30" y2="30" stroke="{_GRID}"/>'
        f'<line x1="{MARGIN}" x2="{right}" y1="{PANEL_H}" y2="{PANEL_H}" stroke="{_INK}"/>'
        f'<text x="{MARGIN - 8}" y="34" text-anchor="end">{top:g}{unit}</text>'
        f'<text x="{MARGIN - 8}" y="{PANEL_H + 4}" text-anchor="end">0</text>'
    )


def _bars(title: str, rows: Sequence[tuple[str, int]]) -> tuple[str, int]:
    top = max((value for _, value in rows), default=0) or 1
    parts = [_title(title)]
    for i, (name, value) in enumerate(rows):
        y, w = 16 + i * 20, value / top * (WIDTH - 330)
        parts.append(
            f'<text x="200" y="{y + 12}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="208" y="{y}" width="{w:.1f}" height="15" fill="{_BAR}"/>'
            f'<text x="{214 + w:.1f}" y="{y + 12}">{value:,}</text>'
        )
    return "".join(parts), 20 + 20 * len(rows)


def _lines(title: str, weeks: Sequence[Mapping[str, int]]) -> tuple[str, int]:
    names = sorted({name for week in weeks for name in week})
    parts = [_title(title), _axis(100, " %")]
    each = (WIDTH - 2 * MARGIN) / max(1, len(weeks) - 1)
    for n, name in enumerate(names):
        colour = _COLOURS[n % len(_COLOURS)]
        points = " ".join(
            f"{MARGIN + i * each:.1f},{PANEL_H - _share(week, name) * (PANEL_H - 30):.1f}"
            for i, week in enumerate(weeks)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        x, y = MARGIN + (n % 4) * 200, PANEL_H + 22 + n // 4 * 18
        parts.append(
            f'<rect x="{x}" y="{y - 10}" width="10" height="10" fill="{colour}"/>'
            f'<text x="{x + 15}" y="{y}">{escape(name)}</text>'
        )
    return "".join(parts), PANEL_H + 30 + 18 * (len(names) // 4)


def _share(week: Mapping[str, int], name: str) -> float:
    total = sum(week.values())
    return week.get(name, 0) / total if total else 0.0
