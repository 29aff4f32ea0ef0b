"""Settings of ingest: `KAIROS_INGEST_*`."""

from dataclasses import dataclass

from kit.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How much ingest takes on at once."""

    group_events_max: int = setting(
        1000,
        unit="events",
        lowest=1,
        highest=10_000,
        why="bounds the length of a commit: everyone in it waits for all of it",
    )
    queue_events_max: int = setting(
        20_000,
        unit="events",
        lowest=100,
        highest=1_000_000,
        why="about one second of work, 20 MB (one of over 1 KB counts for its KB); the rest is "
        "told to come back",
    )
    committers: int = setting(
        2,
        unit="connections",
        lowest=1,
        highest=8,
        why="one prepares while the other waits for the disk; each is a Postgres connection",
    )
    requests_max: int = setting(
        256,
        unit="requests",
        lowest=1,
        highest=4096,
        why="bounds memory: each may hold 500 KB, and as many again may wait",
    )
    erasure_secret: str = setting(
        variable="KAIROS_ERASURE_SECRET",
        secret=True,
        why="keys the hashes by which erased people are recognised; another one forgets them",
    )
