from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as _delivery_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TakeReceiptsRequest(_message.Message):
    __slots__ = ("provider", "body", "headers")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    body: bytes
    headers: _containers.ScalarMap[str, str]
    def __init__(self, provider: _Optional[str] = ..., body: _Optional[bytes] = ..., headers: _Optional[_Mapping[str, str]] = ...) -> None: ...

class TakeReceiptsReply(_message.Message):
    __slots__ = ("taken", "repeated_items", "unknown_items")
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    REPEATED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_ITEMS_FIELD_NUMBER: _ClassVar[int]
    taken: int
    repeated_items: int
    unknown_items: int
    def __init__(self, taken: _Optional[int] = ..., repeated_items: _Optional[int] = ..., unknown_items: _Optional[int] = ...) -> None: ...

class MessageRequest(_message.Message):
    __slots__ = ("message_id",)
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    def __init__(self, message_id: _Optional[bytes] = ...) -> None: ...

class MessageReply(_message.Message):
    __slots__ = ("message_id", "decision_id", "person", "state", "channel", "template", "attempts", "receipts")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    decision_id: bytes
    person: bytes
    state: str
    channel: str
    template: str
    attempts: _containers.RepeatedCompositeFieldContainer[_delivery_pb2.AttemptFinished]
    receipts: _containers.RepeatedCompositeFieldContainer[_delivery_pb2.ReceiptTaken]
    def __init__(self, message_id: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., person: _Optional[bytes] = ..., state: _Optional[str] = ..., channel: _Optional[str] = ..., template: _Optional[str] = ..., attempts: _Optional[_Iterable[_Union[_delivery_pb2.AttemptFinished, _Mapping]]] = ..., receipts: _Optional[_Iterable[_Union[_delivery_pb2.ReceiptTaken, _Mapping]]] = ...) -> None: ...
