"""Which account takes a message."""

from collections import Counter
from uuid import UUID, uuid4

from services.delivery.domain.accounts import AccountDocument, Standing, choose, read
from tests.unit.delivery.orders import MESSAGE


def account(key: str, **changed: object) -> AccountDocument:
    return AccountDocument(**{"key": key, "type": "smtp", **changed})  # type: ignore[arg-type]


def standing(*documents: AccountDocument, closed: dict[str, float] | None = None) -> list[Standing]:
    return [Standing(each, (closed or {}).get(each.key, 0.0)) for each in documents]


def keys(found: tuple[AccountDocument | None, float]) -> str:
    return found[0].key if found[0] else ""


def test_weights_are_shares() -> None:
    """Nine to one, over many messages."""
    open_ = standing(account("a", weight=90), account("b", weight=10))
    drawn = Counter(keys(choose(open_, UUID(int=n * 7919))) for n in range(4000))
    assert 0.87 < drawn["a"] / 4000 < 0.93


def test_message_goes_the_same_way_again() -> None:
    open_ = standing(account("a"), account("b"))
    assert len({keys(choose(open_, MESSAGE)) for _ in range(5)}) == 1


def test_lower_order_goes_first_and_the_next_takes_over() -> None:
    first, second = account("first"), account("second", order=1)
    assert keys(choose(standing(first, second), MESSAGE)) == "first"
    shut = standing(first, second, closed={"first": 12.0})
    assert keys(choose(shut, MESSAGE)) == "second"


def test_failure_prefers_another_account() -> None:
    both = standing(account("a"), account("b", order=1))
    assert keys(choose(both, MESSAGE, last="a")) == "b"
    assert keys(choose(standing(account("a")), MESSAGE, last="a")) == "a"


def test_all_shut_says_when_one_opens() -> None:
    shut = standing(account("a"), account("b"), closed={"a": 12.0, "b": 3.0})
    assert choose(shut, MESSAGE) == (None, 3.0)


def test_lost_answer_of_a_keyed_account_is_asked_there_only() -> None:
    """Elsewhere the key means nothing: it would be a second message."""
    both = standing(account("a"), account("b"))
    for message in (uuid4() for _ in range(20)):
        assert keys(choose(both, message, last="b", pinned=True)) == "b"
    shut = standing(account("a"), account("b"), closed={"b": 5.0})
    assert choose(shut, MESSAGE, last="b", pinned=True) == (None, 5.0)
    gone = choose(standing(account("a")), MESSAGE, last="b", pinned=True)
    assert gone[0] is None
    assert gone[1] > 0


def test_weight_of_nothing_takes_nothing() -> None:
    assert keys(choose(standing(account("a", weight=0), account("b")), MESSAGE)) == "b"


def test_document_is_read() -> None:
    found = read(b'{"kind": "provider", "key": "x", "type": "twilio", "per_second": 5}')
    assert (found.channel, found.per_second, found.at_once) == ("sms", 5.0, 32)
    assert read(b'{"key": "x", "type": "pigeon"}').channel == ""
