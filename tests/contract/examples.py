"""One example of each message, every field set, made from its descriptor.

Values follow from the field's name and number, so a field that is added changes no other, and two
fields never look alike. `python -m tests.contract.examples` writes the golden files that are
missing and those of messages that have grown; it refuses to change what is on record.
"""

import json
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

GOLDEN = Path(__file__).parent / "golden"
DEPTH_MAX = 4
_HEX_COLUMNS = 96


def messages() -> dict[str, type[Message]]:
    """Full name → class of every message in contracts/gen, without generated map entries."""
    found = {}
    for module in _modules():
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            found[descriptor.full_name] = GetMessageClass(descriptor)
    return dict(sorted(found.items()))


def _modules() -> Iterator[Any]:
    import contracts.gen.kairos as root

    for each in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        if each.name.endswith("_pb2"):
            yield import_module(each.name)


def examples(kind: type[Message]) -> list[Message]:
    """One example; one for each branch where the message has a oneof."""
    descriptor: Any = kind.DESCRIPTOR
    branches = [field for oneof in descriptor.oneofs for field in oneof.fields]
    if not branches:
        return [_filled(descriptor, 0, ())]
    return [
        _filled(descriptor, 0, tuple(other for other in branches if other is not branch))
        for branch in branches
    ]


def _filled(
    descriptor: Descriptor, depth: int, without: tuple[FieldDescriptor, ...] = ()
) -> Message:
    message = GetMessageClass(descriptor)()
    left_out = {field.name for field in without}
    for field in descriptor.fields:
        if field.name in left_out or (field.containing_oneof and not without and depth):
            continue
        _fill(message, field, depth)
    return message


def _fill(message: Message, field: FieldDescriptor, depth: int) -> None:
    target = getattr(message, field.name)
    if field.message_type and field.message_type.GetOptions().map_entry:
        target[f"{field.name}-key"] = f"{field.name}-value"
    elif field.message_type:
        part = target.add() if field.is_repeated else target
        if depth < DEPTH_MAX:
            part.CopyFrom(_filled(field.message_type, depth + 1))
    elif field.is_repeated:
        target.extend([_value(field, 0), _value(field, 1)])
    else:
        setattr(message, field.name, _value(field, 0))


def _value(field: FieldDescriptor, ordinal: int) -> Any:
    if field.enum_type:
        values = field.enum_type.values
        return values[min(1 + ordinal, len(values) - 1)].number
    if field.type == FieldDescriptor.TYPE_STRING:
        return f"{field.name}-{ordinal}"
    if field.type == FieldDescriptor.TYPE_BYTES:
        if field.name.endswith("_json"):
            return f'{{"{field.name}":{ordinal}}}'.encode()
        return bytes([field.number, ordinal] * 8)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return field.number + 0.5
    return field.number * 1000 + ordinal


def encode(message: Message) -> bytes:
    """What goes over the wire, in one order."""
    return message.SerializeToString(deterministic=True)


def as_json(message: Message) -> dict[str, Any]:
    """The message as people read it."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def write(path: Path, found: list[Message]) -> None:
    """A golden file: for each example a line of JSON and its bytes in hex."""
    lines = []
    for message in found:
        lines.append(f"# {json.dumps(as_json(message), sort_keys=True, ensure_ascii=False)}")
        text = encode(message).hex()
        lines += [text[at : at + _HEX_COLUMNS] for at in range(0, len(text), _HEX_COLUMNS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: Path) -> list[tuple[dict[str, Any], bytes]]:
    """The examples of a golden file: JSON and bytes."""
    found: list[tuple[dict[str, Any], str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            found.append((json.loads(line[2:]), ""))
        else:
            told, text = found[-1]
            found[-1] = (told, text + line)
    return [(told, bytes.fromhex(text)) for told, text in found]


def grown(old: Any, new: Any) -> bool:
    """Whether `new` says all that `old` says, and perhaps more."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            key in new and grown(old[key], new[key]) for key in old
        )
    if isinstance(old, list):
        return isinstance(new, list) and all(map(grown, old, new)) and len(old) <= len(new)
    return bool(old == new)


def main() -> str | None:
    """Writes new golden files; returns what is wrong where a message says no longer what it did."""
    broken = []
    for name, kind in messages().items():
        path = GOLDEN / f"{name}.hex"
        found = examples(kind)
        old = [told for told, _ in read(path)] if path.exists() else []
        if not grown(old, [as_json(message) for message in found]):
            broken.append(name)
            continue
        write(path, found)
    if not broken:
        return None
    names = ", ".join(broken)
    return f"{names}: within v1 messages only grow; a breaking change is a v2 beside it"


if __name__ == "__main__":
    sys.exit(main())
