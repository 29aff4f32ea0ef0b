"""What went over the wire yesterday is read today, to the byte, and the other way round."""

import pytest
from google.protobuf import json_format
from google.protobuf.unknown_fields import UnknownFieldSet

from tests.contract.examples import GOLDEN, as_json, encode, examples, grown, messages, read

MESSAGES = messages()


@pytest.mark.parametrize("name", MESSAGES)
def test_message_has_golden_bytes(name: str) -> None:
    assert (GOLDEN / f"{name}.hex").exists(), "run `python -m tests.contract.examples`"


def test_golden_file_has_a_message() -> None:
    """A message that is gone would leave its senders unheard."""
    assert {path.stem for path in GOLDEN.iterdir()} <= set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_bytes_are_read_and_written_as_ever(name: str) -> None:
    for told, data in read(GOLDEN / f"{name}.hex"):
        message = MESSAGES[name].FromString(data)
        assert as_json(message) == told
        assert len(UnknownFieldSet(message)) == 0
        assert encode(message) == data
        assert encode(json_format.ParseDict(told, MESSAGES[name]())) == data


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_bytes_cover_every_field(name: str) -> None:
    """A field that was added belongs on record too."""
    golden = [told for told, _ in read(GOLDEN / f"{name}.hex")]
    today = [as_json(message) for message in examples(MESSAGES[name])]

    assert golden == today, "run `python -m tests.contract.examples`"


def test_growing_is_told_from_changing() -> None:
    assert grown([{"a": 1, "b": [{"c": 1}]}], [{"a": 1, "b": [{"c": 1, "d": 2}], "e": 3}, {}])
    assert not grown([{"a": 1}], [{"a": 2}])
    assert not grown([{"a": 1}], [{}])
    assert not grown([{"a": 1}], [])
