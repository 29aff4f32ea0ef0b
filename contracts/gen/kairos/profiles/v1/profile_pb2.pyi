from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ProfileMerged(_message.Message):
    __slots__ = ("loser", "loser_last_seq", "merged_at_us")
    LOSER_FIELD_NUMBER: _ClassVar[int]
    LOSER_LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    MERGED_AT_US_FIELD_NUMBER: _ClassVar[int]
    loser: bytes
    loser_last_seq: int
    merged_at_us: int
    def __init__(self, loser: _Optional[bytes] = ..., loser_last_seq: _Optional[int] = ..., merged_at_us: _Optional[int] = ...) -> None: ...

class Profile(_message.Message):
    __slots__ = ("id", "user_ids", "anonymous_ids", "traits_json", "created_at_us", "last_seen_at_us", "merged", "last_seq")
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    ANONYMOUS_IDS_FIELD_NUMBER: _ClassVar[int]
    TRAITS_JSON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_US_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_US_FIELD_NUMBER: _ClassVar[int]
    MERGED_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    anonymous_ids: _containers.RepeatedScalarFieldContainer[str]
    traits_json: bytes
    created_at_us: int
    last_seen_at_us: int
    merged: _containers.RepeatedScalarFieldContainer[bytes]
    last_seq: int
    def __init__(self, id: _Optional[bytes] = ..., user_ids: _Optional[_Iterable[str]] = ..., anonymous_ids: _Optional[_Iterable[str]] = ..., traits_json: _Optional[bytes] = ..., created_at_us: _Optional[int] = ..., last_seen_at_us: _Optional[int] = ..., merged: _Optional[_Iterable[bytes]] = ..., last_seq: _Optional[int] = ...) -> None: ...
