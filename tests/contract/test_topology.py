"""The map is closed: every fact travels somewhere, every stream and question has its people."""

import re

import pytest
from jsonschema import Draft202012Validator

from contracts import asyncapi, topology
from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from kit.bus.spec import LANES, EndpointSpec, FeedSpec, StreamSpec
from tests.contract.examples import messages

SERVICES = {"ingest", "decision", "delivery", "history"}
SLUG = re.compile(r"[a-z][a-z0-9_]*")


def test_every_body_of_a_fact_travels() -> None:
    bodies = {field.name for field in Fact.DESCRIPTOR.oneofs_by_name["body"].fields}

    assert set(topology.FACTS) == bodies
    assert bodies >= topology.NOT_ON_THE_FEED


def test_facts_travel_on_streams_we_make() -> None:
    for stream, domain, what in topology.FACTS.values():
        assert stream in topology.STREAMS
        assert SLUG.fullmatch(domain)
        assert SLUG.fullmatch(what)


@pytest.mark.parametrize("stream", topology.STREAMS, ids=lambda stream: stream.name)
def test_stream_has_an_owner_and_consumers(stream: StreamSpec) -> None:
    assert stream.owner in SERVICES
    assert set(stream.consumers) <= SERVICES - {stream.owner}
    assert stream.consumers
    assert stream.max_age_s == 6 * topology.HOUR_S


def test_subjects_of_streams_do_not_overlap() -> None:
    domains = [stream.domain for stream in topology.STREAMS]
    subjects = [stream.subject(lane, 0) for stream in topology.STREAMS for lane in LANES]

    assert len(set(domains)) == len(domains)
    assert len(set(subjects)) == len(subjects)
    assert FeedSpec().prefix == topology.FEED_SUBJECT


@pytest.mark.parametrize("spec", topology.ENDPOINTS, ids=lambda spec: spec.subject)
def test_question_has_a_service_messages_and_patience(spec: EndpointSpec) -> None:
    assert spec.service in {*SERVICES, "gateway"}
    assert set(asyncapi.question(spec)) <= set(messages())
    assert 0 < spec.timeout_s <= 10
    assert spec.mode in ("read", "write", "plain")


def test_every_question_is_on_the_map() -> None:
    """A constant that is not in ENDPOINTS would be missing from readiness and documents."""
    named = {each for each in vars(topology).values() if isinstance(each, EndpointSpec)}

    assert named == set(topology.ENDPOINTS)
    assert len({spec.subject for spec in topology.ENDPOINTS}) == len(topology.ENDPOINTS)


@pytest.mark.parametrize("body", topology.FACTS)
def test_feed_subject_carries_opaque_words_only(body: str) -> None:
    tail = topology.feed_subject("fitshop", body)

    assert (tail is None) == (body in topology.NOT_ON_THE_FEED)
    if tail is not None:
        assert re.fullmatch(r"fitshop\.[a-z_]+\.[a-z_]+", tail)


def test_committed_asyncapi_document_is_up_to_date() -> None:
    assert asyncapi.FILE.read_text(encoding="utf-8") == asyncapi.text(), (
        "run `python -m contracts.asyncapi`"
    )


def test_asyncapi_document_is_closed() -> None:
    document = asyncapi.document()

    for ref in _refs(document):
        place = document
        for part in ref.removeprefix("#/").split("/"):
            place = place[part]
    addresses = {each["address"] for each in document["channels"].values()}
    assert {spec.subject for spec in topology.ENDPOINTS} <= addresses
    assert {name.rpartition("/")[2] for name in document["components"]["messages"]} == set(
        messages()
    )


def test_asyncapi_document_has_the_shape_of_version_3() -> None:
    """The parts of the published schema that a generator trips over."""
    reference = {
        "type": "object",
        "required": ["$ref"],
        "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
        "additionalProperties": False,
    }
    name = {"pattern": r"^[A-Za-z0-9_.-]+$"}
    channel = {
        "type": "object",
        "required": ["address", "messages"],
        "properties": {
            "address": {"type": ["string", "null"]},
            "messages": {"additionalProperties": reference},
        },
    }
    operation = {
        "type": "object",
        "required": ["action", "channel"],
        "properties": {"action": {"enum": ["send", "receive"]}, "channel": reference},
    }
    schema = {
        "required": ["asyncapi", "info", "channels", "operations", "components"],
        "properties": {
            "asyncapi": {"const": "3.0.0"},
            "info": {"required": ["title", "version"]},
            "channels": {"propertyNames": name, "additionalProperties": channel},
            "operations": {"propertyNames": name, "additionalProperties": operation},
        },
    }

    assert list(Draft202012Validator(schema).iter_errors(asyncapi.document())) == []


def _refs(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for each in part.values() for ref in _refs(each)]
    return [ref for each in part for ref in _refs(each)] if isinstance(part, list) else []
