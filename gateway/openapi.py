"""The OpenAPI document: `python -m gateway.openapi` writes it to gateway/openapi.json.

The file is committed, so that every change of the public API is seen in review; a test holds it
equal to the routes.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.problems import ERRORS, MEDIA_TYPE, response
from kit.errors import Invalid

FILE = Path(__file__).with_name("openapi.json")

DESCRIPTION = (
    "Report events, ask for timelines and decisions, write the catalog."
    " Errors are application/problem+json (RFC 9457); every answer carries X-Request-Id, the trace"
    " id under which traces, logs and the timeline know it. Writes with a secret key take an"
    " Idempotency-Key for 24 h (409 while the first is under way, 422 for another request)."
)
TAGS = [
    {"name": "tracking", "description": "What client apps report, as Segment specifies it."},
    {"name": "contacts", "description": "What other systems sent."},
    {"name": "erasures", "description": "All about a person, or nothing any more."},
    {"name": "imports", "description": "The past, without triggering anything."},
    {"name": "profiles", "description": "People, and everything that happened with them."},
    {"name": "quarantine", "description": "Events that break the tracking plan."},
    {"name": "dead letters", "description": "Facts that a service could not take."},
    {"name": "permission", "description": "What may be sent to a person, and their wishes."},
    {"name": "workspace", "description": "Switches for everybody at once."},
    {"name": "decisions", "description": "Why something was sent, or was not."},
    {"name": "messages", "description": "What became of a message."},
    {"name": "segments", "description": "Groups of people by rule, and who is in them."},
    {"name": "journeys", "description": "Journeys at work: versions in force, and who is where."},
    {"name": "campaigns", "description": "Campaigns: checked, launched, paused, followed."},
    {"name": "catalog", "description": "What marketing people write."},
    {"name": "providers", "description": "Secrets of the accounts that messages go through."},
    {"name": "reports", "description": "Numbers."},
    {"name": "inbox", "description": "Messages in your own apps, for one person."},
    {"name": "webhooks", "description": "What providers report back."},
    {"name": "pages", "description": "Pages for recipients."},
    {"name": "system", "description": "Health, metrics, descriptions."},
    {"name": "development", "description": "Only where the development clock is switched on."},
]
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Names the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do next."},
        "errors": {
            "type": "array",
            "description": "The places that are wrong.",
            "items": {"type": "object"},
        },
    },
}
_WRITE_KEY = {
    "type": "http",
    "scheme": "basic",
    "description": "The write key as user name, no password.",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request under the same key is done once; kept for 24 h.",
    "schema": {"type": "string", "maxLength": 255},
}
_WRITTEN_BY_POST = ("/v1/apply", "/v1/journeys", "/v1/campaigns")
"""Posts that take an idempotency key; the others are tracking calls and the like."""


def describe(app: FastAPI) -> dict[str, Any]:
    """The document of the application; made once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title="Kairos",
        version=version("kairos"),
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
    )
    components = document["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["securitySchemes"]["writeKey"] = _WRITE_KEY
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["responses"] = {error.__name__: response(error) for error in ERRORS}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _refer_to_problems(operation["responses"])
            if method in ("put", "delete") or (
                method == "post" and path.startswith(("/v1/apply", "/v1/journeys"))
            ):
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    app.openapi_schema = document
    return document


def _refer_to_problems(responses: dict[str, Any]) -> None:
    """Says each error once, in the components; FastAPI's own way to say 422 is ours too."""
    for error in ERRORS:
        content = responses.get(str(error.status), {}).get("content", {})
        if MEDIA_TYPE in content or (error is Invalid and content):
            responses[str(error.status)] = {"$ref": f"#/components/responses/{error.__name__}"}


def text(document: dict[str, Any]) -> str:
    """As it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the file."""
    from gateway.app import build

    FILE.write_text(text(describe(build())), encoding="utf-8")


if __name__ == "__main__":
    main()
