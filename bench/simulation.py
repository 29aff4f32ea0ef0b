"""The simulator: 10,000 people over 90 days with the journeys of the three-acts pack, on one core.

Bar: at most 60 s.

    .venv/bin/python -m bench.simulation
"""

import sys
import time
from pathlib import Path

from bench.results import Figure
from cli.simulate import START, load_pack
from services.decision.domain.simulation.run import Settings, Simulation

BAR_S = 60.0
PEOPLE, DAYS = 10_000, 90
PACK = Path(__file__).parents[1] / "examples" / "three-acts"


def measure() -> list[Figure]:
    """CPU seconds of the whole simulation, and steps per second."""
    catalog, spec = load_pack(PACK)
    began = time.process_time()
    simulation = Simulation(catalog, spec, Settings(START, DAYS, PEOPLE))
    while not simulation.done:
        simulation.run_day()
    took_s, report = time.process_time() - began, simulation.report()
    assert len(catalog.current) >= 3
    assert report.marketing > PEOPLE
    name = f"{PEOPLE:,} people, {DAYS} days, {len(catalog.current)} journeys"
    return [
        Figure("simulation", name, took_s, "s", BAR_S),
        Figure("simulation", "a step", took_s / report.steps * 1e6, "µs"),
    ]


def main() -> int:
    """Measures and prints; fails above the bar."""
    figures = measure()
    for each in figures:
        print(each)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
