from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ContactReported(_message.Message):
    __slots__ = ("message_id", "system", "channel", "topic", "message_class", "tags", "name", "at_us", "data_json")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    system: str
    channel: str
    topic: str
    message_class: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    name: str
    at_us: int
    data_json: bytes
    def __init__(self, message_id: _Optional[str] = ..., system: _Optional[str] = ..., channel: _Optional[str] = ..., topic: _Optional[str] = ..., message_class: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., name: _Optional[str] = ..., at_us: _Optional[int] = ..., data_json: _Optional[bytes] = ...) -> None: ...
