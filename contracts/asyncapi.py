"""The AsyncAPI 3 document: what travels on NATS. `python -m contracts.asyncapi` writes it.

Made from the map (`contracts/topology.py`) and the comments in proto/. The file is committed, so
that a change is seen in review and a process without proto/ can serve it; a test holds it equal.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contracts import topology
from kit.bus.spec import LANES, EndpointSpec, StreamSpec

FILE = Path(__file__).with_name("asyncapi.json")
PROTO = Path(__file__).resolve().parent.parent / "proto"

PROTOBUF = "application/vnd.google.protobuf;version=3"
_CLOUD_EVENTS = {
    "ce-id": "The fact's id, on the feed; the envelope's otherwise.",
    "ce-type": "Full name of the protobuf message.",
    "ce-source": "The service that committed it.",
    "ce-specversion": "1.0",
    "ce-time": "When it was committed, RFC 3339.",
    "traceparent": "W3C trace context of what caused it.",
}
_DESCRIPTION = (
    "Facts travel on JetStream streams as envelopes, one for what one commit produced per"
    " partition; receivers dedupe by the fact's id, as a fact may come again. Other services listen"
    " to the feed, one message per fact. Questions are asked by request and reply; errors come"
    " back as an RFC 9457 document with the header Nats-Service-Error-Code."
)
_MESSAGE = re.compile(r"((?:^//[^\n]*\n)*)^message (\w+) \{", re.MULTILINE)
_PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One file of proto/; `schema` is its key among the document's schemas."""

    package: str
    schema: str
    text: str
    messages: dict[str, str]
    """Name -> its comment."""


def sources() -> list[Source]:
    """Every file of proto/, by package."""
    found = []
    for path in sorted(PROTO.rglob("*.proto")):
        text = path.read_text(encoding="utf-8")
        package = _PACKAGE.search(text)
        if package is None:
            raise ValueError(f"{path.name} names no package")
        messages = {name: _comment(lines) for lines, name in _MESSAGE.findall(text)}
        found.append(Source(package[1], f"{package[1]}.{path.stem}", text, messages))
    return found


def document() -> dict[str, Any]:
    """The whole document."""
    found = sources()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kairos", "version": version("kairos"), "description": _DESCRIPTION},
        "defaultContentType": "application/x-protobuf",
        "channels": dict(_channels()),
        "operations": dict(_operations()),
        "components": {
            "schemas": {
                each.schema: {"schemaFormat": PROTOBUF, "schema": each.text} for each in found
            },
            "messages": {
                f"{source.package}.{name}": _message(source, name, comment)
                for source in found
                for name, comment in source.messages.items()
            },
        },
    }


def question(spec: EndpointSpec) -> tuple[str, str]:
    """Full names of an endpoint's request and reply: `take_receipts` -> `TakeReceiptsRequest`."""
    name = "".join(part.capitalize() for part in spec.method.split("_"))
    package = f"kairos.{spec.service}.v1"
    return f"{package}.{name}Request", f"{package}.{name}Reply"


def _channels() -> Iterator[tuple[str, dict[str, Any]]]:
    for stream in topology.STREAMS:
        yield stream.name, _stream(stream)
    for body in topology.FACTS:
        yield f"FEED.{body}", _feed(body)
    for spec in topology.ENDPOINTS:
        request, reply = question(spec)
        yield _key(spec), {"address": spec.subject, "messages": _refs(request)}
        yield f"{_key(spec)}.reply", {"address": None, "messages": _refs(reply)}


def _stream(spec: StreamSpec) -> dict[str, Any]:
    kept = f"{spec.max_age_s / topology.HOUR_S:g} h or {spec.max_bytes // topology.MIB} MiB"
    return {
        "address": spec.subject("{lane}", "{partition}"),
        "description": f"Published by {spec.owner}, consumed by {' and '.join(spec.consumers)};"
        f" kept for {kept}.",
        "parameters": {
            "lane": {"enum": list(LANES), "description": "`now` never waits for `bulk`."},
            "partition": {
                "description": f"crc32 of the person's id, modulo {spec.partitions}:"
                " all facts of a person come in order."
            },
        },
        "messages": _refs("kairos.bus.v1.Envelope"),
    }


def _feed(body: str) -> dict[str, Any]:
    _, domain, what = topology.FACTS[body]
    off = " Off unless a workspace asks for it." if body in topology.NOT_ON_THE_FEED else ""
    return {
        "address": f"{topology.FEED_SUBJECT}.{{workspace}}.{domain}.{{what}}",
        "description": f"One `{body}` per message.{off}",
        "parameters": {
            "workspace": {"description": "Slug of the workspace."},
            "what": {"default": what, "description": "A slug; more specific where that helps."},
        },
        "messages": _refs("kairos.bus.v1.Fact"),
    }


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for stream in topology.STREAMS:
        yield f"publish.{stream.name}", {"action": "send", "channel": _channel(stream.name)}
    for body in topology.FACTS:
        yield f"publish.FEED.{body}", {"action": "send", "channel": _channel(f"FEED.{body}")}
    for spec in topology.ENDPOINTS:
        key = _key(spec)
        yield (
            f"answer.{key}",
            {
                "action": "receive",
                "description": f"Answered by {spec.service} within {spec.timeout_s:g} s.",
                "channel": _channel(key),
                "reply": {
                    "address": {"location": "$message.header#/reply-to"},
                    "channel": _channel(f"{key}.reply"),
                },
            },
        )


def _message(source: Source, name: str, comment: str) -> dict[str, Any]:
    told: dict[str, Any] = {"name": f"{source.package}.{name}", "title": name}
    if comment:
        told["summary"] = comment
    if source.package == "kairos.bus.v1":
        properties = {
            header: {"type": "string", "description": text}
            for header, text in _CLOUD_EVENTS.items()
        }
        told["headers"] = {"type": "object", "properties": properties}
    told["payload"] = {"$ref": f"#/components/schemas/{source.schema}"}
    return told


def _key(spec: EndpointSpec) -> str:
    return f"{spec.service}.{spec.method}"


def _channel(key: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{key}"}


def _refs(*messages: str) -> dict[str, dict[str, str]]:
    return {name.rpartition(".")[2]: {"$ref": f"#/components/messages/{name}"} for name in messages}


def _comment(lines: str) -> str:
    return " ".join(line.removeprefix("//").strip() for line in lines.splitlines())


def text() -> str:
    """As it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
