"""The simulator: the same core, repeatable to the bit, and a bandit that finds the better one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.decision.domain.catalog import Catalog
from services.decision.domain.inputs import EventInput, EventKind
from services.decision.domain.simulation.lots import Lots
from services.decision.domain.simulation.people import Recorded, person_id
from services.decision.domain.simulation.report import Report
from services.decision.domain.simulation.run import Settings, Simulation
from services.decision.domain.simulation.spec import read_spec
from tests.unit.decision import builders as b

START = datetime(2026, 1, 5, tzinfo=UTC)
RATES = {"events": {"started": {"per_30_days": 6}}, "people": {"consent": 1}}


def lived(
    catalog: Catalog, spec: dict[str, Any], people: int = 60, days: int = 40, **more: Any
) -> Report:
    simulation = Simulation(catalog, read_spec(spec), Settings(START, days, people, **more))
    while not simulation.done:
        simulation.run_day()
    return simulation.report()


HELLO = b.journey("hello", b.message("hi"), reentry="every")


def test_same_seed_same_report_to_the_bit_another_seed_another() -> None:
    one, same, other = (lived(b.catalog(HELLO), RATES, seed=seed) for seed in (1, 1, 2))

    assert msgspec.json.encode(one) == msgspec.json.encode(same)
    assert msgspec.json.encode(one) != msgspec.json.encode(other)


def test_figures_of_a_report_agree_with_each_other() -> None:
    capped = b.policy("cap", type="cap", messages=2, within="P7D")
    report = lived(b.catalog(HELLO, capped), RATES)

    assert sum(report.per_person.values()) == report.people == 60
    assert sum(n * people for n, people in report.per_person.items()) == report.marketing
    assert sum(report.days) == report.marketing == sum(sum(w.values()) for w in report.weeks)
    assert report.templates["hi"].sent == report.journeys["hello"].messages == report.messages
    assert report.cap_holds == report.reasons["cap_reached"] > 0
    assert max(report.per_person) <= 2 * 6  # Two in any seven of forty days.


def test_nobody_gets_marketing_without_consent() -> None:
    report = lived(b.catalog(HELLO), RATES | {"people": {"consent": 0}})

    assert report.marketing == 0
    assert report.people_by_reason["no_consent"] > 50


def test_quiet_hours_hold_and_conflicts_are_told() -> None:
    other = b.journey("other", b.message("also", priority=60), reentry="every")
    night = b.policy("night", type="quiet_hours", **{"from": "20:00", "to": "08:00"})
    report = lived(b.catalog(HELLO, other, night), RATES)

    assert report.quiet_holds > 0
    assert 0 < report.quiet_held_h / report.quiet_holds <= 12
    assert report.conflicts["hi < also"] == max(report.conflicts.values())


def test_bandit_finds_the_better_variant_and_reports_its_regret() -> None:
    """Three variants, one answered twice as often."""
    documents = (b.template("hi", variants={"a": {}, "b": {}, "c": {}}), HELLO)
    spec = RATES | {"responses": {"click": 0.1, "fatigue": 1, "factors": {"hi/b": 2}}}
    learnt = lived(b.catalog(*documents), spec, people=250, days=90)
    even = lived(b.catalog(*documents), spec, people=250, days=90, learn=False)
    last = learnt.weeks[-2]

    assert last["hi/b"] / sum(last.values()) > 0.7
    assert learnt.regret / learnt.regret_even < 0.6
    assert even.regret / even.regret_even == pytest.approx(1, abs=0.1)


def test_recorded_events_happen_when_they_happened_and_nothing_else_does() -> None:
    base = person_id(0, START)
    at = START + timedelta(days=3, hours=9)
    event = EventInput(base, 1, EventKind.TRACK, at, at, "started")
    catalog = b.catalog(b.journey("hello", b.wait("w", duration="P2D"), b.message("hi")))
    simulation = Simulation(
        catalog,
        read_spec({"people": {"reach": {"email": 1}, "consent": 1}}),
        Settings(START, 10),
        [Recorded("u1", [event])],
    )
    while not simulation.done:
        simulation.run_day()

    assert simulation.report().days == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_spec_says_where_it_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"consent"):
        read_spec({"people": {"consent": 2}})


def test_lots_are_even_and_repeatable() -> None:
    lots, again = Lots(5), Lots(5)
    shares = [lots.share() for _ in range(4_000)]

    assert shares == [again.share() for _ in range(4_000)]
    assert sum(shares) / 4_000 == pytest.approx(0.5, abs=0.02)
    gaps = [lots.gap_s(1_000) for _ in range(4_000)]
    assert sum(gaps) / 4_000 == pytest.approx(1_000, rel=0.08)
    seen = [lots.weighted({"a": 3, "b": 1}) for _ in range(4_000)]
    assert seen.count("a") / 4_000 == pytest.approx(0.75, abs=0.03)
