"""The catalog and the switches of a workspace: questions and answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.gen.kairos.catalog.v1 import catalog_pb2
from contracts.gen.kairos.decision.v1 import service_pb2
from kit.errors import Invalid
from services.decision.domain.model import Controls
from services.decision.wire.convert import as_json


def apply_request(body: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The documents to apply, and whether it is a dry run."""
    request = service_pb2.ApplyRequest.FromString(body)
    documents = json.loads(request.documents_json)
    if not isinstance(documents, list) or not all(isinstance(d, dict) for d in documents):
        raise Invalid("An apply takes a list of documents, each an object with kind and key")
    return documents, request.dry_run


def apply_reply(revision: int, changes: Sequence[tuple[str, str, str, list[Any]]]) -> bytes:
    """`changes`: kind, key, created | updated | unchanged, differences."""
    return service_pb2.ApplyReply(
        revision=revision,
        changes=[
            catalog_pb2.Change(kind=kind, key=key, change=change, diff_json=as_json(diff))
            for kind, key, change, diff in changes
        ],
    ).SerializeToString()


def catalog_request(body: bytes) -> tuple[str, str, int]:
    """Kind, key (empty: all) and revision (0: the head)."""
    request = service_pb2.CatalogRequest.FromString(body)
    return request.kind, request.key, request.revision


def catalog_reply(revision: int, documents: Sequence[tuple[str, str, int, bytes]]) -> bytes:
    """`documents`: kind, key, revision, body as JSON."""
    return service_pb2.CatalogReply(
        revision=revision,
        documents=[
            catalog_pb2.Document(kind=kind, key=key, revision=at, body_json=body)
            for kind, key, at, body in documents
        ],
    ).SerializeToString()


@dataclass(frozen=True)
class ControlsAsked:
    """Which switches to turn; `stop` None leaves marketing as it is."""

    stop: bool | None
    pause: frozenset[str]
    resume: frozenset[str]

    @property
    def is_question(self) -> bool:
        """Nothing is to be turned."""
        return self.stop is None and not self.pause and not self.resume


def controls_request(body: bytes) -> ControlsAsked:
    """The switches to turn."""
    request = service_pb2.ControlsRequest.FromString(body)
    return ControlsAsked(
        request.marketing_stopped if request.HasField("marketing_stopped") else None,
        frozenset(request.pause_journeys),
        frozenset(request.resume_journeys),
    )


def controls_reply(controls: Controls, *, changed: bool) -> bytes:
    """How the switches stand."""
    return service_pb2.ControlsReply(
        marketing_stopped=controls.marketing_stopped,
        paused_journeys=controls.paused_journeys,
        changed=changed,
    ).SerializeToString()
