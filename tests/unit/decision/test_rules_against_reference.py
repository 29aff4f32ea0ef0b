"""One evaluator for live traffic, passing time and settling, held to the naive reference."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.decision.domain.inputs import EventKind
from tests.unit.decision import builders as b
from tests.unit.decision import reference

ZONE = "Europe/Berlin"
WINDOWS = ["PT30M", "PT5H", "P2D", "P30D", "P120D"]
AGES = ["P1D", "P1M", "PT3H", "P2M5D"]
EVENTS = ["ordered", "ordered", "ordered", "viewed"]
PROBES_MAX = 40

Rules = st.SearchStrategy[dict[str, Any]]

counts: Rules = st.one_of(
    st.fixed_dictionaries({"at_least": st.integers(1, 3)}),
    st.fixed_dictionaries({"at_most": st.integers(0, 2)}),
    st.fixed_dictionaries({"is": st.integers(0, 2)}),
    st.just({}),
)
filters: Rules = st.one_of(st.just({}), st.just({"where": {"property": "kind", "is": "x"}}))
windows: Rules = st.one_of(st.just({}), st.sampled_from([{"within": each} for each in WINDOWS]))
events = st.sampled_from([{"event": each} for each in EVENTS])


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


counted = merged(events, counts, filters, windows)
summed = merged(
    events,
    filters,
    windows,
    st.just({"sum": "amount"}),
    st.one_of(
        st.fixed_dictionaries({"at_least": st.sampled_from([0.3, 10, 25])}),
        st.fixed_dictionaries({"less_than": st.sampled_from([5, 20.5])}),
    ),
)
aged = st.one_of(
    *(st.fixed_dictionaries({name: st.sampled_from(AGES)})
      for name in ("older_than", "newer_than", "due_within"))
)  # fmt: skip
timed = merged(events, filters, st.sampled_from([{"which": "first"}, {"which": "last"}]), aged)
dated = merged(
    st.just({"trait": "day"}),
    st.one_of(
        aged,
        st.sampled_from([
            {"anniversary": "P0D"}, {"anniversary": "P7D"}, {"before": "2026-03-29"},
            {"after": "2026-05-01T10:00Z"},
        ]),
    ),
)  # fmt: skip
plain = st.sampled_from([
    {"trait": "plan", "is": "pro"}, {"trait": "plan", "in": ["pro", "plus"]},
    {"trait": "plan", "exists": False}, {"trait": "age", "at_least": 18, "less_than": 40},
    {"trait": "tags", "contains_any": ["a", "c"]},
    {"trait": "app", "as": "version", "at_least": "2.9.0"},
])  # fmt: skip
leaves = st.one_of(counted, summed, timed, dated, plain)


def grouped(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(*(st.fixed_dictionaries({kind: some}) for kind in ("all", "any", "none")))


inner_rules = st.one_of(counted, summed, timed, dated, st.recursive(leaves, grouped, max_leaves=4))
outer_rules = st.recursive(st.one_of(leaves, st.just({"segment": "inner"})), grouped, max_leaves=4)
gaps = st.one_of(
    st.sampled_from([1, 600, 1_800, 7_200, 43_200, 86_400, 86_400, 10 * 86_400]),
    st.integers(1, 40 * 86_400),
)
happenings = st.one_of(
    st.tuples(
        st.just("event"),
        st.sampled_from(EVENTS),
        st.fixed_dictionaries({
            "kind": st.sampled_from(["x", "x", "y"]),
            "amount": st.sampled_from([0.1, 0.2, 4.5, 10, -3]),
        }),
        st.one_of(st.just(0), st.integers(1, 3 * 86_400)),
    ),
    st.tuples(
        st.just("traits"),
        st.just(""),
        st.fixed_dictionaries({}, optional={
            "plan": st.sampled_from(["pro", "plus", "free"]),
            "age": st.sampled_from([12, 18, 39, 40.5]),
            "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
            "app": st.sampled_from(["2.9.0", "2.10.1", "1.0.0"]),
            "day": st.sampled_from([
                "2004-02-29", "1990-04-05", "2026-03-29", "2026-05-30T08:00Z", "2026-03-15",
            ]),
        }).filter(bool),
        st.just(0),
    ),
)  # fmt: skip
LAST: tuple[int, Any] = (130 * 86_400, ("event", "parted", {}, 0))
lives = st.lists(st.tuples(gaps, happenings), min_size=4, max_size=8)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inner_rules, outer_rules, lives)
def test_any_rule_over_any_history_says_what_the_reference_says(
    inner: dict[str, Any], outer: dict[str, Any], life: list[Any]
) -> None:
    """Whatever happens, late events among it, and at every second around a possible flip."""
    catalog = b.catalog(
        b.workspace(ZONE),
        {"kind": "segment", "key": "inner", "rule": inner},
        {"kind": "segment", "key": "outer", "rule": outer},
    )
    person = b.Person(catalog, email=None, consent=False)
    past = reference.Past(ZoneInfo(ZONE), segments={"inner": inner, "outer": outer})
    used = _durations([inner, outer])
    person.step(person.event("arrived"))
    for gap_s, (kind, name, said, late_s) in [*life, LAST]:
        until = person.now + timedelta(seconds=gap_s)
        for probe in _probes(past, used, int(person.now.timestamp()), int(until.timestamp())):
            person.sleep(datetime.fromtimestamp(probe, UTC) - person.now)
            _agree(person, past)
        person.sleep(until - person.now)
        _agree(person, past)
        now_s = int(person.now.timestamp())
        if kind == "event":
            at = person.now - timedelta(seconds=late_s)
            person.step(person.event(name, properties=said, occurred_at=at))
            past.events.append((now_s, now_s - late_s, name, said))
        else:
            person.step(person.event("", kind=EventKind.IDENTIFY, traits=said))
            past.traits.append((now_s, said))
        _agree(person, past)


def _probes(past: reference.Past, used: set[str], now_s: int, until_s: int) -> list[int]:
    """Seconds at which a window may end, and those before."""
    found: set[int] = set()
    for _, at_s, _, _ in past.events:
        for text in used.intersection(WINDOWS):
            length_s, unit_s = reference.window(text)
            for end_s in (at_s, (at_s // unit_s + 1) * unit_s):
                found |= {end_s + length_s - 1, end_s + length_s}
        for text in used.intersection(AGES):
            end_s = reference.later(at_s, text, past.zone)
            found |= {end_s - 1, end_s}
    for _, said in past.traits[-1:]:
        day_s = reference.instant(said["day"], past.zone) if "day" in said else None
        if day_s is not None:
            found |= {
                reference.later(day_s, text, past.zone, sign)
                for text in used.intersection(AGES)
                for sign in (1, -1)
            }
    midnight = now_s // 86_400 * 86_400 + 86_400 - 7_200
    found |= {midnight - 1, midnight, midnight + 3_600}
    ahead = sorted(each for each in found if now_s < each < until_s)
    return ahead[:: len(ahead) // PROBES_MAX + 1]


def _durations(rule: Any) -> set[str]:
    """Every duration a rule names."""
    if isinstance(rule, dict | list):
        parts = rule.values() if isinstance(rule, dict) else rule
        return {each for part in parts for each in _durations(part)}
    return {rule} if isinstance(rule, str) and rule.startswith("P") else set()


def _agree(person: b.Person, past: reference.Past) -> None:
    """Membership is what the reference says, and the next flip is none too late."""
    now_s = int(person.now.timestamp())
    for segment in person.catalog.segments.ordered:
        inside = segment.number in person.state.segments
        assert inside == past.holds(past.segments[segment.key], now_s), f"at {person.now}"
        due_s = person.state.dues.get(segment.number, now_s + 3 * 366 * 86_400)
        assert segment.test(person.state, due_s - 1, {}) == inside, f"before {due_s}"
