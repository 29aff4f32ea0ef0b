import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.errors import NotFound, Unavailable
from sandbox.ledger import Arrival, Entry, Ledger, Tally

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox" / "ledger.jsonl"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger(path)
    yield opened
    opened.close()


def posted(message: str, key: str | None = None) -> Arrival:
    """An e-mail over the HTTP stand-in."""
    return Arrival(
        channel="email",
        provider="http",
        recipient="ann@example.test",
        message_id=message,
        idempotency_key=key,
        text="Hällo\nworld",
    )


def record(
    ledger: Ledger, arrival: Arrival, *, accepted: bool = True, repeat_of: int | None = None
) -> Entry:
    """Appends the arrival as the next entry."""
    entry = Entry(
        seq=len(ledger) + 1,
        at=NOON,
        accepted=accepted,
        status=202 if accepted else 503,
        repeat_of=repeat_of,
        arrival=arrival,
    )
    ledger.append(entry)
    return entry


def test_entry_is_read_back_as_written(ledger: Ledger) -> None:
    record(ledger, posted("one"))
    second = record(ledger, posted("two", "k"))

    assert ledger.entry(2) == second
    assert [seq for seq, _ in ledger.upwards()] == [1, 2]
    assert [seq for seq, _ in ledger.upwards(after=1)] == [2]
    assert [seq for seq, _ in ledger.downwards()] == [2, 1]
    assert [seq for seq, _ in ledger.downwards(before=2)] == [1]


@pytest.mark.parametrize("seq", [0, -1, 2])
def test_unknown_number_is_not_found(ledger: Ledger, seq: int) -> None:
    record(ledger, posted("one"))

    with pytest.raises(NotFound):
        ledger.entry(seq)


def test_opened_again_it_knows_everything(ledger: Ledger, path: Path) -> None:
    """What was answered survives the process: contents, keys and counts."""
    first = record(ledger, posted("one", "k"))
    record(ledger, posted("one", "k"), accepted=False, repeat_of=1)
    record(ledger, posted("two"), accepted=False)
    counts, rows = ledger.counts, list(ledger.upwards())
    ledger.close()

    again = Ledger(path)

    assert again.entry(1) == first
    assert list(again.upwards()) == rows
    assert again.counts == counts
    assert counts.providers["http"] == Tally(received=3, accepted=1, repeated=1, refused=1)
    assert again.first(posted("other", "k")) == 1


def test_line_torn_by_a_kill_is_dropped(ledger: Ledger, path: Path) -> None:
    """It was never answered; the next entry must not be glued to it."""
    kept = record(ledger, posted("one"))
    ledger.close()
    with path.open("ab") as file:
        file.write(b'{"seq":2,"at":"2026-03-01T12:00')

    again = Ledger(path)
    second = record(again, posted("two"))
    again.close()
    third = Ledger(path)

    assert [third.entry(1), third.entry(2)] == [kept, second]


def test_second_sandbox_on_the_same_file_is_refused(ledger: Ledger, path: Path) -> None:
    with pytest.raises(Unavailable, match="KAIROS_DATA"):
        Ledger(path)


def test_full_disk_refuses_and_leaves_the_ledger_whole(ledger: Ledger, path: Path) -> None:
    kept = record(ledger, posted("one", "a"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:
        with pytest.raises(Unavailable):
            record(ledger, posted("two", "b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert ledger.first(posted("two", "b")) is None
    second = record(ledger, posted("three"))
    assert [ledger.entry(1), ledger.entry(2)] == [kept, second]


def test_reset_forgets_everything(ledger: Ledger, path: Path) -> None:
    record(ledger, posted("one", "k"))

    ledger.reset()

    assert (len(ledger), path.stat().st_size, ledger.counts.channels) == (0, 0, {})
    assert ledger.first(posted("one", "k")) is None
    assert record(ledger, posted("two")) == ledger.entry(1)


def test_refused_arrival_leaves_its_key_free(ledger: Ledger) -> None:
    record(ledger, posted("one", "k"), accepted=False)

    assert ledger.first(posted("one", "k")) is None


@pytest.mark.parametrize(
    ("earlier", "later", "first"),
    [
        (posted("one", "k"), posted("two", "k"), 1),
        (posted("one", "k"), posted("one", "l"), None),
        (posted("one"), posted("one"), None),
        (
            Arrival(channel="email", provider="smtp", recipient="a@b", message_id="<1@k>"),
            Arrival(channel="email", provider="smtp", recipient="a@b", message_id="<1@k>"),
            1,
        ),
        (
            Arrival(channel="email", provider="smtp", recipient="a@b", message_id="<1@k>"),
            Arrival(channel="email", provider="smtp", recipient="c@d", message_id="<1@k>"),
            None,
        ),
        (
            Arrival(channel="sms", provider="sms", recipient="1", idempotency_key="k"),
            Arrival(channel="push", provider="push", recipient="1", idempotency_key="k"),
            None,
        ),
    ],
    ids=[
        "same key",
        "other key",
        "no key",
        "same Message-ID",
        "same Message-ID for another",
        "same key elsewhere",
    ],
)
def test_repeat_is_what_the_provider_can_recognise(
    ledger: Ledger, earlier: Arrival, later: Arrival, first: int | None
) -> None:
    record(ledger, earlier)

    assert ledger.first(later) == first
