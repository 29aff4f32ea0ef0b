from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProfileMerged(_message.Message):
    __slots__ = ("loser", "loser_last_seq", "merged_at_us", "reason")
    LOSER_FIELD_NUMBER: _ClassVar[int]
    LOSER_LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    MERGED_AT_US_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    loser: bytes
    loser_last_seq: int
    merged_at_us: int
    reason: str
    def __init__(self, loser: _Optional[bytes] = ..., loser_last_seq: _Optional[int] = ..., merged_at_us: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Profile(_message.Message):
    __slots__ = ("id", "user_ids", "anonymous_ids", "traits_json", "created_at_us", "last_seen_at_us", "merged", "last_seq", "external_ids")
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    ANONYMOUS_IDS_FIELD_NUMBER: _ClassVar[int]
    TRAITS_JSON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_US_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_US_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_IDS_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    anonymous_ids: _containers.RepeatedScalarFieldContainer[str]
    traits_json: bytes
    created_at_us: int
    last_seen_at_us: int
    merged: _containers.RepeatedScalarFieldContainer[bytes]
    last_seq: int
    external_ids: _containers.RepeatedCompositeFieldContainer[ExternalId]
    def __init__(self, id: _Optional[bytes] = ..., user_ids: _Optional[_Iterable[str]] = ..., anonymous_ids: _Optional[_Iterable[str]] = ..., traits_json: _Optional[bytes] = ..., created_at_us: _Optional[int] = ..., last_seen_at_us: _Optional[int] = ..., merged: _Optional[_Iterable[bytes]] = ..., last_seq: _Optional[int] = ..., external_ids: _Optional[_Iterable[_Union[ExternalId, _Mapping]]] = ...) -> None: ...

class ExternalId(_message.Message):
    __slots__ = ("kind", "value")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    value: str
    def __init__(self, kind: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
