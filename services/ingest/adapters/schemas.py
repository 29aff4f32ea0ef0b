"""JSON Schema as a check of properties."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from services.ingest.domain.rules import Check, Violation

REASON_CHARACTERS_MAX = 300
_NOTHING_OUTSIDE: Registry[Any] = Registry()
"""A schema is never fetched from anywhere."""


def check_of(schema: Mapping[str, Any]) -> Check:
    """The check that a JSON Schema (2020-12) stands for.

    A schema that is none, or leads outside itself, is broken by every event: they wait in
    quarantine until it is mended.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        reason = f"The schema of the event is not valid: {error.message}"
        return lambda properties: Violation("", reason[:REASON_CHARACTERS_MAX])
    validator = Draft202012Validator(schema, registry=_NOTHING_OUTSIDE)

    def check(properties: Mapping[str, Any]) -> Violation | None:
        try:
            error = best_match(validator.iter_errors(properties))
        except Unresolvable as outside:
            return Violation("", f"The schema leads outside itself: {outside.ref}")
        if error is None:
            return None
        pointer = "".join(f"/{_token(part)}" for part in error.absolute_path)
        return Violation(pointer, _reason(error))

    return check


def _reason(error: Any) -> str:
    """What is expected; the value itself is not repeated, it may be personal."""
    expected = str(error.validator_value)
    return f"breaks {error.validator} of the schema: {expected}"[:REASON_CHARACTERS_MAX]


def _token(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
