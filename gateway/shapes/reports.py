"""The shapes of numbers."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from gateway.shapes.common import Shape


class OutcomeCount(Shape):
    """How many timeline entries look like this."""

    kind: str
    name: str | None = None
    channel: str | None = None
    reason: str | None = None
    count: int


class Outcomes(Shape):
    """Counts per kind, name, channel and reason."""

    items: list[OutcomeCount]


class Report(Shape):
    """A table of numbers: one item a row. `notes` says what else there is to say about it."""

    items: list[dict[str, Any]]
    notes: dict[str, Any] = Field(default={})


Written = Literal["json", "csv"]
Model = Literal["last", "first", "linear", "position", "decay"]


class Period(Shape):
    """Over which whole days in UTC [since, until), and how the rows are written."""

    since: date | None = None
    until: date | None = None
    format: Written = "json"


class Breakdown(Period):
    """A report that may be broken down."""

    by: list[str] = Field(
        default=[], max_length=10, description="Columns, comma-joined or repeated."
    )


class CreditBreakdown(Breakdown):
    """As `Breakdown`, with the model that shares out credit."""

    model: Model = "last"


class PressureQuery(Period):
    """Pressure in a week or a month."""

    period: Literal["week", "month"] = "month"


class OfGoal(Period):
    """About one goal of the catalog."""

    goal: str = Field(min_length=1, max_length=100, description="A goal of the catalog.")


class ExperimentPlan(Shape):
    """An experiment to be planned."""

    baseline: float = Field(gt=0, lt=1, description="The rate without the change, such as 0.05.")
    lift: float = Field(description="The relative change to be found, such as 0.1.")
    alpha: float = Field(default=0.05, gt=0, lt=1, description="Chance of a false alarm.")
    power: float = Field(default=0.8, gt=0, lt=1, description="Chance of finding a real change.")
    arms: int = Field(default=2, ge=2, le=20)
    people: int = Field(default=0, ge=0, description="People in each arm, where that is given.")
    people_a_day: float = Field(default=0, ge=0)
    format: Written = "json"


class ExperimentQuery(OfGoal):
    """Which experiment is compared how."""

    experiment: str = Field(
        max_length=200,
        description="`journey:<key>` or `template:<key>`.",
        examples=["journey:hook"],
    )
    arms: list[str] = Field(
        max_length=20, description="Variants; comma-joined or repeated. Each person counts once."
    )
    control: str = Field(max_length=100, description="The arm the others are compared with.")
    measure: Literal["conversion", "count", "value"] = "conversion"
    shares: list[float] = Field(default=[], max_length=20, description="The planned shares.")
    alpha: float = Field(default=0.05, gt=0, lt=1)
