from collections import Counter
from datetime import UTC, datetime

import pytest

from kit.clock import to_us
from sandbox.ledger import Row
from sandbox.receipts import Reactions, events_of, key_of, signed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(message_id: str | None = "<1@k>", *, channel: str = "email", accepted: bool = True) -> Row:
    """A ledger entry at noon."""
    return Row(0, 0, to_us(NOON), channel, "smtp", "a@b", message_id, accepted)  # type: ignore[arg-type]


def kinds(entry: Row, reactions: Reactions) -> list[str]:
    """The kinds of receipts in order."""
    return [event.type for event in events_of(entry, reactions)]


@pytest.mark.parametrize(
    ("entry", "reactions", "expected"),
    [
        (row(), Reactions(), ["delivered"]),
        (row(), Reactions(open_rate=1), ["delivered", "opened"]),
        (row(), Reactions(click_rate=1), ["delivered", "opened", "clicked"]),
        (row(), Reactions(complaint_rate=1), ["delivered", "complained"]),
        (row(), Reactions(bounce_rate=1, open_rate=1), ["bounced"]),
        (row(accepted=False), Reactions(), []),
        (row(channel="sms"), Reactions(), []),
        (row(None), Reactions(), []),
    ],
    ids=["plain", "opens", "clicks", "complains", "bounces", "refused", "SMS", "without an id"],
)
def test_entry_gives_receipts(entry: Row, reactions: Reactions, expected: list[str]) -> None:
    assert kinds(entry, reactions) == expected


def test_receipts_of_one_mail_are_ordered_in_time() -> None:
    events = events_of(row(), Reactions(click_rate=1))

    assert [event.at for event in events] == sorted({event.at for event in events})
    assert events[0].at > NOON


def test_same_mail_gives_the_same_event_ids() -> None:
    """Posted twice, taken once: the receiver dedupes by them."""
    first = events_of(row(), Reactions(click_rate=1))

    assert first == events_of(row(), Reactions(click_rate=1))
    assert len({event.event_id for event in first}) == 3
    assert first[0].event_id != events_of(row("<2@k>"), Reactions())[0].event_id


def test_rates_hold_over_many_mails_and_clickers_are_openers() -> None:
    reactions = Reactions(open_rate=0.4, click_rate=0.1, bounce_rate=0.05)
    counted = Counter(
        kind for number in range(4000) for kind in kinds(row(f"<{number}@k>"), reactions)
    )

    assert counted["bounced"] == pytest.approx(200, abs=50)
    assert counted["delivered"] == 4000 - counted["bounced"]
    assert counted["opened"] == pytest.approx(1520, abs=120)
    assert counted["clicked"] == pytest.approx(380, abs=70)


def test_signature_is_that_of_the_standard() -> None:
    """The example of the Standard Webhooks reference implementations."""
    headers = signed(
        key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_plain_text_is_a_key_too() -> None:
    assert key_of("secret") == b"secret"
