"""Settings of history: `KAIROS_HISTORY_*`."""

from dataclasses import dataclass

from kit.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How much history takes on at once."""

    batch_facts_max: int = setting(
        500,
        unit="facts",
        lowest=1,
        highest=5_000,
        why="a statement of 500 rows costs a fortieth of 500 statements; more gains little",
    )
