"""Documents from YAML.

YAML 1.2's JSON schema, not YAML 1.1: `no` is a word and `22:00` a time of day, not false and 1320.
Nothing is constructed but objects, lists and scalars. Aliases are allowed as long as what they
expand to stays small (a "billion laughs" file is refused before it is expanded).
"""

import re
from typing import Any

import yaml

from kit.errors import Invalid, Malformed, TooLarge

NODES_MAX = 50_000
"""Scalars, lists and objects of one apply, aliases expanded."""
DEPTH_MAX = 40


def read_yaml(body: bytes) -> list[Any]:
    """The documents of a multi-document text; raises Malformed, Invalid or TooLarge."""
    try:
        _check_depth(body)
        loader = _Loader(body)
        try:
            return _documents(loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise Malformed(f"The YAML cannot be read{line}: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body is not YAML") from None


def _check_depth(body: bytes) -> None:
    """Refuses deep nesting before anything recurses: composing it would overflow libyaml's stack,
    and the process would be gone.
    """
    depth = 0
    for event in yaml.parse(body, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise Invalid(f"Nested deeper than {DEPTH_MAX} levels")


def _documents(loader: "_Loader") -> list[Any]:
    found = []
    left = NODES_MAX
    while loader.check_node() and (node := loader.get_node()) is not None:
        left -= _size(node, {}, 0)
        if left < 0:
            raise TooLarge(f"At most {NODES_MAX} values at once, aliases expanded")
        told = loader.construct_document(node)
        if told is not None:
            found.append(told)
    return found


def _size(node: yaml.Node, seen: dict[int, int], depth: int) -> int:
    """How many values a node stands for; each node is counted once, however often it is used."""
    if depth > DEPTH_MAX:
        raise Invalid(f"Nested deeper than {DEPTH_MAX} levels")
    if id(node) not in seen:
        seen[id(node)] = NODES_MAX + 1  # what contains itself is without end
        seen[id(node)] = 1 + sum(_size(part, seen, depth + 1) for part in _parts(node))
    return seen[id(node)]


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


class _Loader(yaml.CBaseLoader):
    """libyaml's parser with nothing in it but what is added below: scalars as in JSON, no tags."""


def _marked(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _object(loader: _Loader, node: yaml.Node) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise _marked("a key must be a word; put it in quotes", key_node)
        if key in told:
            raise _marked("this key stands here twice", key_node)
        told[key] = loader.construct_object(value_node, deep=True)
    return told


def _array(loader: _Loader, node: yaml.Node) -> list[Any]:
    return [loader.construct_object(each, deep=True) for each in node.value]


def _number(loader: _Loader, node: yaml.Node) -> int | float:
    return float(node.value) if set(node.value) & set(".eE") else int(node.value)


def _refused(loader: _Loader, node: yaml.Node) -> Any:
    raise _marked(f"the tag {node.tag} is not allowed", node)


_TAG = "tag:yaml.org,2002:"
_SCALARS: tuple[tuple[str, str, Any], ...] = (
    ("null", r"(null|~|)$", lambda loader, node: None),
    ("bool", r"(true|false)$", lambda loader, node: node.value == "true"),
    ("number", r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?$", _number),
)
for _name, _pattern, _construct in _SCALARS:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), None)
    _Loader.add_constructor(_TAG + _name, _construct)
_Loader.add_constructor(_TAG + "str", lambda loader, node: node.value)
_Loader.add_constructor(_TAG + "seq", _array)
_Loader.add_constructor(_TAG + "map", _object)
_Loader.add_constructor(None, _refused)
