from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_KIND_UNSPECIFIED: _ClassVar[EventKind]
    EVENT_KIND_TRACK: _ClassVar[EventKind]
    EVENT_KIND_IDENTIFY: _ClassVar[EventKind]
    EVENT_KIND_PAGE: _ClassVar[EventKind]
    EVENT_KIND_SCREEN: _ClassVar[EventKind]
    EVENT_KIND_GROUP: _ClassVar[EventKind]
    EVENT_KIND_ALIAS: _ClassVar[EventKind]

class KeyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_KIND_UNSPECIFIED: _ClassVar[KeyKind]
    KEY_KIND_SERVER: _ClassVar[KeyKind]
    KEY_KIND_BROWSER: _ClassVar[KeyKind]
EVENT_KIND_UNSPECIFIED: EventKind
EVENT_KIND_TRACK: EventKind
EVENT_KIND_IDENTIFY: EventKind
EVENT_KIND_PAGE: EventKind
EVENT_KIND_SCREEN: EventKind
EVENT_KIND_GROUP: EventKind
EVENT_KIND_ALIAS: EventKind
KEY_KIND_UNSPECIFIED: KeyKind
KEY_KIND_SERVER: KeyKind
KEY_KIND_BROWSER: KeyKind

class Endpoint(_message.Message):
    __slots__ = ("channel", "address", "unreadable")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    channel: str
    address: str
    unreadable: bool
    def __init__(self, channel: _Optional[str] = ..., address: _Optional[str] = ..., unreadable: _Optional[bool] = ...) -> None: ...

class EventAccepted(_message.Message):
    __slots__ = ("kind", "message_id", "name", "occurred_at_us", "received_at_us", "user_id", "anonymous_id", "properties_json", "traits_json", "context_json", "key_kind", "history", "low_signal", "endpoints", "user_verified", "unplanned", "superseded")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_US_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_US_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ANONYMOUS_ID_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    TRAITS_JSON_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_JSON_FIELD_NUMBER: _ClassVar[int]
    KEY_KIND_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    LOW_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    USER_VERIFIED_FIELD_NUMBER: _ClassVar[int]
    UNPLANNED_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    kind: EventKind
    message_id: str
    name: str
    occurred_at_us: int
    received_at_us: int
    user_id: str
    anonymous_id: str
    properties_json: bytes
    traits_json: bytes
    context_json: bytes
    key_kind: KeyKind
    history: bool
    low_signal: bool
    endpoints: _containers.RepeatedCompositeFieldContainer[Endpoint]
    user_verified: bool
    unplanned: bool
    superseded: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[_Union[EventKind, str]] = ..., message_id: _Optional[str] = ..., name: _Optional[str] = ..., occurred_at_us: _Optional[int] = ..., received_at_us: _Optional[int] = ..., user_id: _Optional[str] = ..., anonymous_id: _Optional[str] = ..., properties_json: _Optional[bytes] = ..., traits_json: _Optional[bytes] = ..., context_json: _Optional[bytes] = ..., key_kind: _Optional[_Union[KeyKind, str]] = ..., history: _Optional[bool] = ..., low_signal: _Optional[bool] = ..., endpoints: _Optional[_Iterable[_Union[Endpoint, _Mapping]]] = ..., user_verified: _Optional[bool] = ..., unplanned: _Optional[bool] = ..., superseded: _Optional[_Iterable[str]] = ...) -> None: ...
