"""`make bench`: measures the bars, prints them, appends them to results.csv; fails where one is
missed.
"""

import asyncio
import sys

from bench import (
    accepting,
    event_to_provider,
    history,
    imports,
    next_message,
    pure_step,
    segments,
    simulation,
    throughput,
)
from bench.results import keep


def main() -> int:
    """Runs every bench, one after the other."""
    figures = pure_step.measure()
    figures += simulation.measure()
    figures += asyncio.run(accepting.measure())
    figures += asyncio.run(segments.measure())
    figures += asyncio.run(event_to_provider.measure())
    figures += asyncio.run(next_message.measure())
    figures += asyncio.run(imports.measure())
    figures += asyncio.run(history.measure())
    for provider in throughput.BARS:
        figures += asyncio.run(throughput.measure(provider))
    for each in figures:
        print(each)
    keep(figures)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
