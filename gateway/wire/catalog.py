"""Protobuf ⇄ documents of the catalog."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from gateway.shapes.catalog import Applied, Change
from gateway.wire.common import json_of


def apply_request(documents: Sequence[Any], *, dry_run: bool) -> bytes:
    return decision_service.ApplyRequest(
        documents_json=msgspec.json.encode(documents), dry_run=dry_run
    ).SerializeToString()


def applied(reply: bytes, *, dry_run: bool) -> Applied:
    told = decision_service.ApplyReply.FromString(reply)
    changes = [
        Change(
            kind=each.kind, key=each.key, change=each.change, diff=json_of(each.diff_json) or None
        )
        for each in told.changes
    ]
    return Applied(revision=told.revision, dry_run=dry_run, changes=changes)


def catalog_request(kind: str, key: str, revision: int) -> bytes:
    return decision_service.CatalogRequest(
        kind=kind, key=key, revision=revision
    ).SerializeToString()


def documents(reply: bytes) -> list[dict[str, Any]]:
    """Each as applied, with the revision in which it appeared."""
    told = decision_service.CatalogReply.FromString(reply)
    return [
        {"kind": each.kind, "key": each.key, "revision": each.revision, **json_of(each.body_json)}
        for each in told.documents
    ]
