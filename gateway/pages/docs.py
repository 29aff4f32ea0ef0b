"""`/docs`: the OpenAPI document as one plain page."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from gateway.pages.page import HEADERS, html

__all__ = ["HEADERS", "page"]

_FOR_MACHINES = (
    '<p>For machines: <a href="/openapi.json">openapi.json</a> (HTTP),'
    ' <a href="/asyncapi.json">asyncapi.json</a> (NATS).</p>'
)


def page(document: dict[str, Any]) -> str:
    """Every route of the document, by tag."""
    info = document["info"]
    parts = [
        f"<p>{escape(info['description'])}</p>",
        _FOR_MACHINES,
        *_sections(document),
    ]
    return html("en", f"{info['title']} {info['version']}", body="\n".join(parts))


def _sections(document: dict[str, Any]) -> Iterator[str]:
    operations = [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    for tag in document["tags"]:
        yield f"<h2>{escape(tag['name'])}</h2>\n<p>{escape(tag['description'])}</p>"
        for method, path, operation in operations:
            if tag["name"] in operation["tags"]:
                yield _operation(method, path, operation, document["components"]["responses"])


def _operation(method: str, path: str, operation: dict[str, Any], problems: dict[str, Any]) -> str:
    name = f"<code>{method.upper()} {escape(path)}</code>"
    parts = [f"<details>\n<summary>{name} {escape(operation['summary'])}</summary>"]
    if "description" in operation:
        parts.append(f"<p>{escape(operation['description'])}</p>")
    if keys := [name for each in operation.get("security", []) for name in each]:
        parts.append(f"<p>Key: {escape(', '.join(keys))}</p>")
    if parameters := operation.get("parameters"):
        parts.append(_list(_parameter(each) for each in parameters))
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(_body(kind, content))
    answers = {
        status: problems[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for status, each in operation["responses"].items()
    }
    said = (f"{status}: {escape(each['description'])}" for status, each in answers.items())
    parts.append(_list(said))
    return "\n".join([*parts, "</details>"])


def _parameter(told: dict[str, Any]) -> str:
    need = "" if told.get("required") else " (optional)"
    about = f": {escape(told['description'])}" if "description" in told else ""
    return f"<code>{escape(told['name'])}</code>{need}{about}"


def _body(kind: str, content: dict[str, Any]) -> str:
    example = content.get("example")
    shown = example if isinstance(example, str) else json.dumps(example, indent=2)
    sample = f"<pre>{escape(shown)}</pre>" if example is not None else ""
    schema = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    name = f", {escape(schema)}" if schema else ""
    return f"<p>Body: <code>{escape(kind)}</code>{name}</p>{sample}"


def _list(items: Iterator[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"
