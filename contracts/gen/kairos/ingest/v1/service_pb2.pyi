from contracts.gen.kairos.events.v1 import event_pb2 as _event_pb2
from contracts.gen.kairos.profiles.v1 import profile_pb2 as _profile_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AcceptRequest(_message.Message):
    __slots__ = ("call", "body_json", "key_kind", "received_at_us", "client_ip", "user_agent", "verified_user", "traceparent", "dry_run")
    CALL_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    KEY_KIND_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IP_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_USER_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    call: str
    body_json: bytes
    key_kind: _event_pb2.KeyKind
    received_at_us: int
    client_ip: str
    user_agent: str
    verified_user: str
    traceparent: str
    dry_run: bool
    def __init__(self, call: _Optional[str] = ..., body_json: _Optional[bytes] = ..., key_kind: _Optional[_Union[_event_pb2.KeyKind, str]] = ..., received_at_us: _Optional[int] = ..., client_ip: _Optional[str] = ..., user_agent: _Optional[str] = ..., verified_user: _Optional[str] = ..., traceparent: _Optional[str] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class AcceptManyRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[AcceptRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[AcceptRequest, _Mapping]]] = ...) -> None: ...

class AcceptManyReply(_message.Message):
    __slots__ = ("outcomes",)
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[AcceptOutcome]
    def __init__(self, outcomes: _Optional[_Iterable[_Union[AcceptOutcome, _Mapping]]] = ...) -> None: ...

class AcceptOutcome(_message.Message):
    __slots__ = ("reply", "problem_json")
    REPLY_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_JSON_FIELD_NUMBER: _ClassVar[int]
    reply: AcceptReply
    problem_json: bytes
    def __init__(self, reply: _Optional[_Union[AcceptReply, _Mapping]] = ..., problem_json: _Optional[bytes] = ...) -> None: ...

class AcceptReply(_message.Message):
    __slots__ = ("accepted", "repeated_items", "refused", "quarantined")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REPEATED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    repeated_items: int
    refused: _containers.RepeatedCompositeFieldContainer[Refusal]
    quarantined: int
    def __init__(self, accepted: _Optional[int] = ..., repeated_items: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., quarantined: _Optional[int] = ...) -> None: ...

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

class ProfilesRequest(_message.Message):
    __slots__ = ("email", "phone", "before", "limit")
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    email: str
    phone: str
    before: bytes
    limit: int
    def __init__(self, email: _Optional[str] = ..., phone: _Optional[str] = ..., before: _Optional[bytes] = ..., limit: _Optional[int] = ...) -> None: ...

class ProfilesReply(_message.Message):
    __slots__ = ("profiles", "more")
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    profiles: _containers.RepeatedCompositeFieldContainer[_profile_pb2.Profile]
    more: bool
    def __init__(self, profiles: _Optional[_Iterable[_Union[_profile_pb2.Profile, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class QuarantineRequest(_message.Message):
    __slots__ = ("event", "after", "limit")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    event: str
    after: bytes
    limit: int
    def __init__(self, event: _Optional[str] = ..., after: _Optional[bytes] = ..., limit: _Optional[int] = ...) -> None: ...

class QuarantineReply(_message.Message):
    __slots__ = ("events", "more")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[QuarantinedEvent]
    more: bool
    def __init__(self, events: _Optional[_Iterable[_Union[QuarantinedEvent, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class QuarantinedEvent(_message.Message):
    __slots__ = ("id", "message_id", "kind", "name", "user_id", "anonymous_id", "occurred_at_us", "received_at_us", "properties_json", "pointer", "reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ANONYMOUS_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_US_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    POINTER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    message_id: str
    kind: _event_pb2.EventKind
    name: str
    user_id: str
    anonymous_id: str
    occurred_at_us: int
    received_at_us: int
    properties_json: bytes
    pointer: str
    reason: str
    def __init__(self, id: _Optional[bytes] = ..., message_id: _Optional[str] = ..., kind: _Optional[_Union[_event_pb2.EventKind, str]] = ..., name: _Optional[str] = ..., user_id: _Optional[str] = ..., anonymous_id: _Optional[str] = ..., occurred_at_us: _Optional[int] = ..., received_at_us: _Optional[int] = ..., properties_json: _Optional[bytes] = ..., pointer: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ReplayQuarantineRequest(_message.Message):
    __slots__ = ("event", "ids")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    event: str
    ids: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, event: _Optional[str] = ..., ids: _Optional[_Iterable[bytes]] = ...) -> None: ...

class ReplayQuarantineReply(_message.Message):
    __slots__ = ("replayed", "waiting")
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    replayed: int
    waiting: int
    def __init__(self, replayed: _Optional[int] = ..., waiting: _Optional[int] = ...) -> None: ...

class MergeRequest(_message.Message):
    __slots__ = ("ref", "other", "reason")
    REF_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ref: str
    other: str
    reason: str
    def __init__(self, ref: _Optional[str] = ..., other: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class MergeReply(_message.Message):
    __slots__ = ("profile", "changed")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    profile: _profile_pb2.Profile
    changed: bool
    def __init__(self, profile: _Optional[_Union[_profile_pb2.Profile, _Mapping]] = ..., changed: _Optional[bool] = ...) -> None: ...

class PastRequest(_message.Message):
    __slots__ = ("profiles", "events", "with_traits", "after_profile", "after_seq")
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    WITH_TRAITS_FIELD_NUMBER: _ClassVar[int]
    AFTER_PROFILE_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    profiles: _containers.RepeatedScalarFieldContainer[bytes]
    events: _containers.RepeatedScalarFieldContainer[str]
    with_traits: bool
    after_profile: bytes
    after_seq: int
    def __init__(self, profiles: _Optional[_Iterable[bytes]] = ..., events: _Optional[_Iterable[str]] = ..., with_traits: _Optional[bool] = ..., after_profile: _Optional[bytes] = ..., after_seq: _Optional[int] = ...) -> None: ...

class PastReply(_message.Message):
    __slots__ = ("profiles", "events", "more")
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    profiles: _containers.RepeatedCompositeFieldContainer[PastProfile]
    events: _containers.RepeatedCompositeFieldContainer[PastEvent]
    more: bool
    def __init__(self, profiles: _Optional[_Iterable[_Union[PastProfile, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[PastEvent, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class PastProfile(_message.Message):
    __slots__ = ("id", "last_seq", "traits_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    TRAITS_JSON_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    last_seq: int
    traits_json: bytes
    def __init__(self, id: _Optional[bytes] = ..., last_seq: _Optional[int] = ..., traits_json: _Optional[bytes] = ...) -> None: ...

class PastEvent(_message.Message):
    __slots__ = ("profile", "seq", "event", "occurred_at_us", "properties_json")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_US_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    profile: bytes
    seq: int
    event: str
    occurred_at_us: int
    properties_json: bytes
    def __init__(self, profile: _Optional[bytes] = ..., seq: _Optional[int] = ..., event: _Optional[str] = ..., occurred_at_us: _Optional[int] = ..., properties_json: _Optional[bytes] = ...) -> None: ...
