from contracts.gen.kairos.events.v1 import event_pb2 as _event_pb2
from contracts.gen.kairos.profiles.v1 import profile_pb2 as _profile_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AcceptRequest(_message.Message):
    __slots__ = ("call", "body_json", "key_kind", "received_at_us", "client_ip", "user_agent")
    CALL_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    KEY_KIND_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IP_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    call: str
    body_json: bytes
    key_kind: _event_pb2.KeyKind
    received_at_us: int
    client_ip: str
    user_agent: str
    def __init__(self, call: _Optional[str] = ..., body_json: _Optional[bytes] = ..., key_kind: _Optional[_Union[_event_pb2.KeyKind, str]] = ..., received_at_us: _Optional[int] = ..., client_ip: _Optional[str] = ..., user_agent: _Optional[str] = ...) -> None: ...

class AcceptReply(_message.Message):
    __slots__ = ("accepted", "repeated_items", "refused")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REPEATED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    repeated_items: int
    refused: _containers.RepeatedCompositeFieldContainer[Refusal]
    def __init__(self, accepted: _Optional[int] = ..., repeated_items: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("index", "reason", "pointer", "status")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    POINTER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    index: int
    reason: str
    pointer: str
    status: int
    def __init__(self, index: _Optional[int] = ..., reason: _Optional[str] = ..., pointer: _Optional[str] = ..., status: _Optional[int] = ...) -> None: ...

class ProfileRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: str
    def __init__(self, ref: _Optional[str] = ...) -> None: ...

class ProfileReply(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _profile_pb2.Profile
    def __init__(self, profile: _Optional[_Union[_profile_pb2.Profile, _Mapping]] = ...) -> None: ...
