"""Envelopes without a protobuf library: `message Envelope { repeated Fact facts = 1; }`.

The kit moves facts and never reads them, so it only needs the frame: tag 0x0A, length as a varint,
bytes. Frames may be concatenated: two envelopes in a row are one envelope with the facts of both.
See https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterable, Iterator

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
    return [value for tag, value in _fields(envelope) if tag == _FACTS_TAG]


def read_field(message: bytes, number: int, *, cut: bool = False) -> bytes:
    """The last length-delimited field of that number; empty if there is none or it is malformed.

    Of a message that was `cut`, fields that begin before its end are found.
    """
    try:
        values = [value for tag, value in _fields(message, cut=cut) if tag == number << 3 | _BYTES]
    except Malformed:
        return b""
    return values[-1] if values else b""


def first_field_above(head: bytes, number: int) -> int:
    """The number of the first field above that one; 0 if this beginning of a message has none."""
    try:
        return next((tag >> 3 for tag, _ in _fields(head, cut=True) if tag >> 3 > number), 0)
    except Malformed:
        return 0


def _fields(message: bytes, *, cut: bool = False) -> Iterator[tuple[int, bytes]]:
    """Tag and bytes of each length-delimited field; other fields come with empty bytes.

    The last field of a message that was `cut` comes with what is there of it.
    """
    at, end = 0, len(message)
    while at < end:
        tag, at = _read_varint(message, at)
        kind, value = tag & 0x7, b""
        if kind == _BYTES:
            length, start = _read_varint(message, at)
            at = start + length
            value = message[start:at]
        elif kind == _VARINT:
            _, at = _read_varint(message, at)
        elif kind in _FIXED_SIZE:
            at += _FIXED_SIZE[kind]
        else:
            raise Malformed(f"An envelope has no field of wire type {kind}")
        if (at > end and not cut) or tag >> 3 == 0:
            raise Malformed("The envelope is cut off or has a field 0")
        yield tag, value


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
