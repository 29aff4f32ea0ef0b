"""Every kind of document the catalog knows."""

from typing import Any

import msgspec

from services.decision.domain import documents
from services.decision.domain.campaigns.documents import Campaign
from services.decision.domain.journeys.documents import Journey, Webhook

KINDS: dict[str, type[documents.Document]] = {
    "workspace": documents.Workspace,
    "event": documents.Event,
    "topic": documents.Topic,
    "ask": documents.Ask,
    "segment": documents.Segment,
    "goal": documents.Goal,
    "template": documents.Template,
    "block": documents.Block,
    "policy": documents.Policy,
    "provider": documents.Provider,
    "webhook": Webhook,
    "journey": Journey,
    "campaign": Campaign,
}


def schema_for(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of document; KeyError for an unknown kind."""
    schema = msgspec.json.schema(KINDS[kind])
    definition = schema["$defs"][KINDS[kind].__name__]
    definition["properties"]["kind"] = {"const": kind}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        **schema,
    }
