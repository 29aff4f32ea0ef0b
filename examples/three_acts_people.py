"""The people of the three-acts story: real purchases, made-up names.

The purchases are the CDNOW sample (see three-acts/README.md): who bought when, how many pieces, for
how much. Names, languages, zones, consent and workouts are not in it; they follow from the
customer's number, so that every run tells the same story.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zlib import crc32

DATA = Path(__file__).parent / "three-acts" / "data" / "cdnow.csv"
CUTOFF = date(1997, 3, 17)
"""Purchases before this day are imported as the past; the weeks after it are played live."""

_FIRST_NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hannes", "Ida", "Jonas")
_ZONES = ("Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "America/New_York")


@dataclass(frozen=True)
class Purchase:
    """One line of the log."""

    number: int
    customer: str
    day: date
    quantity: int
    amount_usd: float


@dataclass(frozen=True)
class Person:
    """A customer as the shop knows them."""

    customer: str
    first_name: str
    locale: str
    timezone: str
    consents: bool
    trains: bool

    @property
    def email(self) -> str:
        return f"customer{self.customer}@example.com"


def purchases() -> list[Purchase]:
    """All purchases in order of day."""
    with DATA.open(newline="") as file:
        lines = [
            Purchase(
                number,
                line["customer_id"],
                date.fromisoformat(line["date"]),
                int(line["quantity"]),
                float(line["amount_usd"]),
            )
            for number, line in enumerate(csv.DictReader(file), start=1)
        ]
    return sorted(lines, key=lambda line: (line.day, line.customer))


def person(customer: str) -> Person:
    """What follows from a customer's number: four of five agree, every second one trains."""
    draw = crc32(customer.encode())
    return Person(
        customer=customer,
        first_name=_FIRST_NAMES[draw % 10],
        locale="en" if draw // 10 % 4 == 0 else "de",
        timezone=_ZONES[draw // 40 % 5],
        consents=draw // 200 % 5 != 0,
        trains=draw // 1000 % 2 == 0,
    )


def sample(lines: list[Purchase], weeks: int, size: int) -> list[str]:
    """A lively sample: those who bought most often in the played weeks, half of them for the first
    time.
    """
    end = CUTOFF + timedelta(weeks=weeks)
    played: dict[str, int] = {}
    for line in lines:
        if CUTOFF <= line.day < end:
            played[line.customer] = played.get(line.customer, 0) + 1
    known = {line.customer for line in lines if line.day < CUTOFF}
    lively = sorted(played, key=lambda customer: (-played[customer], customer))
    new = [customer for customer in lively if customer not in known]
    old = [customer for customer in lively if customer in known]
    return sorted(new[: size // 2] + old[: size - size // 2])


def workouts(one: Person, bought: date, until: date) -> Iterator[date]:
    """Days on which somebody who trains did so after a purchase, in a rhythm of their own."""
    if not one.trains:
        return
    draw = crc32(f"{one.customer}/{bought}".encode())
    day = bought + timedelta(days=3 + draw % 5)
    for _ in range(2 + draw // 5 % 4):
        if day >= until:
            return
        yield day
        day += timedelta(days=2 + draw // 20 % 5)
