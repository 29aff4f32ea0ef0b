"""The person's state: compact, versioned, and small enough for one page of Postgres."""

import random
from uuid import UUID

import msgspec
import pytest

from services.decision.domain import state
from services.decision.domain.ids import derive_id
from services.decision.domain.state import (
    Ask,
    Block,
    Consent,
    Contact,
    Counter,
    Endpoint,
    Flight,
    Passage,
    Pending,
    Permission,
    PersonState,
    Position,
)
from tests.unit.decision import builders as b

STATE_BYTES_P95_MAX = 1_800
NOW_S = int(b.MONDAY.timestamp())
DAY_S = state.DAY_S


def active_customer(seed: int) -> PersonState:
    """Someone who uses the product, gets the newsletter, and is in a journey or two."""
    dice = random.Random(seed)
    person = derive_id(b.PERSON, seed)
    found = state.new(person)
    found.said = dice.randint(20, 900)
    found.traits = {
        "first_name": dice.choice(["Anna", "Maximilian", "Zoë"]),
        "plan": dice.choice(["free", "pro"]),
        "city": dice.choice(["Berlin", "Neustadt an der Weinstraße"]),
        "birthday": "1984-05-23",
        "orders_total": dice.randint(1, 40),
    }
    found.endpoints = {"email": Endpoint("anna.beispiel@example.org")}
    if dice.random() < 0.5:
        found.endpoints["sms"] = Endpoint("+491701234567")
    found.timezone, found.timezone_source, found.locale = "Europe/Berlin", "trait", "de-DE"
    for i in range(dice.randint(4, 12)):
        ages = sorted(dice.sample(range(90), dice.randint(1, 14)), reverse=True)
        days = bytes(value for age in ages for value in (age, dice.randint(1, 9)))
        name = ("feature_used", "order_completed", "page_viewed")[i % 3]
        found.counters[f"{name}_{i}"] = Counter(
            dice.randint(1, 900), NOW_S - 400 * DAY_S, NOW_S - i * DAY_S, days
        )
    evidence = str(derive_id(person, "evidence"))
    consent = Consent("granted", NOW_S * 1_000_000, "double_opt_in", evidence)
    found.permission = Permission(
        {f"contact/email/{topic}": consent for topic in ("tips", "news")[: dice.randint(1, 2)]}
    )
    if dice.random() < 0.1:
        found.permission = msgspec.structs.replace(
            found.permission, pause=Block(True, NOW_S * 1_000_000, until_s=NOW_S + DAY_S)
        )
    found.asks = {f"ask-{i}": Ask("answered", NOW_S) for i in range(dice.randint(0, 3))}
    for i in range(dice.randint(0, 2)):
        found.positions.append(
            Position(f"journey-{i}", 2, "wait-for-use", derive_id(person, i), NOW_S, NOW_S + DAY_S,
                     {"product": "kettlebell 12 kg"}, "order_completed")
        )  # fmt: skip
    found.passages = {f"journey-{i}": Passage(1, NOW_S) for i in range(dice.randint(1, 4))}
    for i in range(dice.randint(1, 8)):
        found.contacts.append(
            Contact(derive_id(person, "message", i), f"template-{i}", "email", "tips", "marketing",
                    (), NOW_S - i * DAY_S, "accepted", 3)
        )  # fmt: skip
    found.applied = {person.bytes: [1, dice.randint(200, 5_000)]}
    return found


def test_active_customer_fits_the_bar() -> None:
    """Above 1.8 KB Postgres moves the row out of line and updates cost four times."""
    sizes = sorted(len(state.encode(active_customer(seed))) for seed in range(500))

    assert sizes[int(len(sizes) * 0.95)] <= STATE_BYTES_P95_MAX


def test_state_comes_back_equal() -> None:
    whole = active_customer(1)
    pending = Pending(b.PERSON, "j", 1, "s", b.PERSON, 1, 2, 3, {"a": [1, {"b": None}]}, "e")
    whole.pending = [pending]
    whole.contacts.append(
        Contact(b.PERSON, "t", "sms", "x", "service", ("a",), 5, "reserved", 0,
                Flight(pending, b"123456", "goal_reached"))
    )  # fmt: skip
    whole.merged = [UUID(int=7)]

    assert state.decode(state.encode(whole)) == whole


def test_state_written_before_a_field_was_added_is_read() -> None:
    """New fields go last and have a default: no version is needed for them."""
    full = msgspec.msgpack.decode(state.encode(active_customer(2))[1:])
    older = bytes((state.VERSION,)) + msgspec.msgpack.encode(
        full[: state.PersonState.__struct_fields__.index("timezone_source")]
    )

    found = state.decode(older)

    assert (found.merged, found.timezone_source) == ([], "")
    assert found.locale == "de-DE"


def test_older_version_is_upgraded_on_read(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = active_customer(3)
    fields = msgspec.msgpack.decode(state.encode(whole)[1:])
    monkeypatch.setitem(state.UPGRADES, 0, lambda old: [old[0], *old[2:]])
    version_0 = b"\x00" + msgspec.msgpack.encode([fields[0], "gone", *fields[1:]])

    assert state.decode(version_0) == whole


def test_newer_version_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="version 9; this release reads up to"):
        state.decode(b"\x09\x90")


def test_copy_shares_no_container() -> None:
    whole = active_customer(4)
    before = state.encode(whole)
    copied = state.copy(whole)
    assert copied == whole

    for name in state.PersonState.__struct_fields__:
        container = getattr(copied, name)
        if isinstance(container, dict | list):
            assert container is not getattr(whole, name), name
    next(iter(copied.applied.values())).append(1)
    copied.contacts.clear()

    assert state.encode(whole) == before
