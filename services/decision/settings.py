"""What can be set about the decision process."""

from dataclasses import dataclass

from kit.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of decision; variables start with KAIROS_DECISION_."""

    batch_facts_max: int = setting(
        200,
        unit="facts",
        lowest=1,
        highest=2000,
        why="a transaction of so many steps holds its row locks for about 20 ms",
    )
    learn_every_s: float = setting(
        5.0,
        unit="s",
        lowest=0.1,
        highest=3600,
        why="how often settled messages become the next snapshot of the response model",
    )
