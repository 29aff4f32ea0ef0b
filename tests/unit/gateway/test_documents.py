"""Catalog documents: YAML as people write it, and nothing that can hurt."""

from typing import Any

import pytest

from gateway import documents
from gateway.problems import UnsupportedMedia
from kit.errors import Invalid, KairosError, Malformed, TooLarge

YAML, JSON = "application/yaml; charset=utf-8", "application/json"


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (YAML, "kind: topic\nkey: a\n---\nkind: topic\nkey: b\n---\n", ["a", "b"]),
        (YAML, "# only a comment\n", []),
        ("", "{kind: topic, key: a}", ["a"]),
        (JSON, '{"kind": "topic", "key": "a"}', ["a"]),
        (JSON, '[{"key": "a"}, {"key": "b"}]', ["a", "b"]),
        (JSON, '{"documents": [{"key": "a"}]}', ["a"]),
    ],
)
def test_documents_are_read(kind: str, body: str, found: list[str]) -> None:
    assert [each["key"] for each in documents.read(kind, body.encode())] == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("22:00", "22:00"),
        ("2026-05-01", "2026-05-01"),
        ("012", "012"),
        ("1_000", "1_000"),
        ("'7'", "7"),
        ("7", 7),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("", None),
        (".inf", ".inf"),
    ],
)
def test_scalar_means_what_json_would_mean(text: str, value: Any) -> None:
    """YAML 1.1 would read Norway as false and ten at night as 1320."""
    (document,) = documents.read(YAML, f"value: {text}".encode())

    assert document["value"] == value
    assert type(document["value"]) is type(value)


def test_aliases_are_expanded() -> None:
    (document,) = documents.read(YAML, b"a: &a {x: 1}\nb: *a\n")

    assert document["b"] == {"x": 1}


LAUGHS = b"a0: &a0 [x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        pytest.param(YAML, LAUGHS, TooLarge, id="a billion laughs"),
        pytest.param(YAML, b"a: &a [*a]", TooLarge, id="contains itself"),
        pytest.param(YAML, b"[" * 300_000, Invalid, id="would overflow libyaml's stack"),
        pytest.param(YAML, b"- " * 100_000, Invalid, id="nested lists"),
        pytest.param(YAML, b"? " * 100_000, Invalid, id="nested keys"),
        pytest.param(YAML, b"a: [" + b"x, " * 60_000 + b"]", TooLarge, id="too many values"),
        pytest.param(YAML, b"a: 1\n---\n" * 1001, TooLarge, id="too many documents"),
        pytest.param(YAML, b"a: !!python/object/apply:os.getcwd []", Malformed, id="a tag"),
        pytest.param(YAML, b"a: 1\na: 2", Malformed, id="a key twice"),
        pytest.param(YAML, b"1: a", Malformed, id="a number as a key"),
        pytest.param(YAML, b"a: [", Malformed, id="cut off"),
        pytest.param(YAML, b"\xff\xfe\x00", Malformed, id="not text"),
        pytest.param(YAML, b"- kind: topic", Invalid, id="a list in YAML"),
        pytest.param(JSON, b"[1]", Invalid, id="not an object"),
        pytest.param(JSON, b"[" * 100_000, Malformed, id="nested JSON"),
        pytest.param(JSON, b'{"a": 1} x', Malformed, id="more after JSON"),
        pytest.param("image/png", b"", UnsupportedMedia, id="not a catalog"),
    ],
)
def test_bad_documents_are_refused(kind: str, body: bytes, error: type[KairosError]) -> None:
    with pytest.raises(error):
        documents.read(kind, body)


def test_yaml_error_names_the_line() -> None:
    with pytest.raises(Malformed, match="in line 2: this key stands here twice"):
        documents.read(YAML, b"a: 1\na: 2")
