"""Catalog documents from the body of a request, YAML or JSON."""

from typing import Any

import msgspec

from gateway.problems import UnsupportedMedia
from kit.documents import read_yaml
from kit.errors import Invalid, Malformed, TooLarge

DOCUMENTS_MAX = 1_000


def read(content_type: str, body: bytes) -> list[dict[str, Any]]:
    """The documents in a body: multi-document YAML, a JSON object, an array, or `documents`.

    Raises Malformed, Invalid, TooLarge or UnsupportedMedia.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        found = _from_json(body)
    elif kind.endswith("yaml") or kind in ("", "text/plain"):
        found = read_yaml(body)
    else:
        raise UnsupportedMedia("Send application/yaml or application/json")
    if len(found) > DOCUMENTS_MAX:
        raise TooLarge(f"At most {DOCUMENTS_MAX} documents at once")
    for number, document in enumerate(found):
        if not isinstance(document, dict):
            raise Invalid(
                "Each document is an object with kind and key",
                errors=[{"pointer": f"/{number}", "detail": "not an object"}],
            )
    return found


def _from_json(body: bytes) -> list[Any]:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body is not JSON") from None
    if isinstance(told, dict) and isinstance(told.get("documents"), list) and "kind" not in told:
        told = told["documents"]
    return told if isinstance(told, list) else [told]
