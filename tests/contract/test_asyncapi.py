"""The AsyncAPI document says of every message what it looks like."""

from contracts import asyncapi


def test_every_message_refers_to_the_schema_that_defines_it() -> None:
    """A package may have several files; each keeps its own text."""
    components = asyncapi.document()["components"]
    for name, message in components["messages"].items():
        schema = message["payload"]["$ref"].removeprefix("#/components/schemas/")
        assert f"message {name.rpartition('.')[2]} {{" in components["schemas"][schema]["schema"]


def test_every_reference_leads_somewhere() -> None:
    document = asyncapi.document()
    for reference in _references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for part in value.values() for each in _references(part)]
    if isinstance(value, list):
        return [each for part in value for each in _references(part)]
    return []
