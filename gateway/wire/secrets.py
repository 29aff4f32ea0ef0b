"""Protobuf ⇄ provider accounts' secrets."""

from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery_service
from gateway.shapes.secrets import SecretRef
from kit.clock import from_us


def keep_secret_request(ref: str, value: str) -> bytes:
    return delivery_service.KeepSecretRequest(ref=ref, value=value).SerializeToString()


def drop_secret_request(ref: str) -> bytes:
    return delivery_service.DropSecretRequest(ref=ref).SerializeToString()


def secrets_request() -> bytes:
    return delivery_service.SecretsRequest().SerializeToString()


def secret_refs(reply: bytes) -> list[SecretRef]:
    told = delivery_service.SecretsReply.FromString(reply).secrets
    return [SecretRef(ref=each.ref, changed_at=from_us(each.changed_at_us)) for each in told]
