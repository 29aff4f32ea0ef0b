"""Envelopes without a protobuf library: `message Envelope { repeated Fact facts = 1; }`.

The kit moves facts and never reads them, so it only needs the frame: tag 0x0A, length as a varint,
bytes. Frames may be concatenated: two envelopes in a row are one envelope with the facts of both.
See https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterable

from kit.errors import Malformed

_FACTS_TAG = 0x0A
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZE = {_FIXED64: 8, _FIXED32: 4}
_VARINT_BYTES_MAX = 10


def frame(fact: bytes) -> bytes:
    """One fact as an envelope of its own."""
    return b"\x0a" + _varint(len(fact)) + fact


def join(facts: Iterable[bytes]) -> bytes:
    """All facts as one envelope, in order."""
    return b"".join([part for fact in facts for part in (b"\x0a", _varint(len(fact)), fact)])


def split(envelope: bytes) -> list[bytes]:
    """The facts of an envelope, in order; raises Malformed for anything that is not one.

    Fields added to Envelope later are passed over.
    """
    facts: list[bytes] = []
    at, end = 0, len(envelope)
    while at < end:
        tag, at = _read_varint(envelope, at)
        kind = tag & 0x7
        if kind == _BYTES:
            length, start = _read_varint(envelope, at)
            at = start + length
            if tag == _FACTS_TAG and at <= end:
                facts.append(envelope[start:at])
        elif kind == _VARINT:
            _, at = _read_varint(envelope, at)
        elif kind in _FIXED_SIZE:
            at += _FIXED_SIZE[kind]
        else:
            raise Malformed(f"An envelope has no field of wire type {kind}")
        if at > end or tag >> 3 == 0:
            raise Malformed("The envelope is cut off or has a field 0")
    return facts


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at` and the place after it."""
    number = shift = 0
    for place in range(at, min(at + _VARINT_BYTES_MAX, len(data))):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place + 1
        shift += 7
    raise Malformed("The envelope ends inside a number")
