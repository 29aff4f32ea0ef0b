from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SendRequest(_message.Message):
    __slots__ = ("person", "template", "channel", "message_class", "data_json", "valid_for_s", "key")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    VALID_FOR_S_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    template: str
    channel: str
    message_class: str
    data_json: bytes
    valid_for_s: int
    key: str
    def __init__(self, person: _Optional[bytes] = ..., template: _Optional[str] = ..., channel: _Optional[str] = ..., message_class: _Optional[str] = ..., data_json: _Optional[bytes] = ..., valid_for_s: _Optional[int] = ..., key: _Optional[str] = ...) -> None: ...

class SendReply(_message.Message):
    __slots__ = ("message_id", "decision_id", "outcome", "reason", "sentence_en", "sentence_de")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_EN_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_DE_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    decision_id: bytes
    outcome: str
    reason: str
    sentence_en: str
    sentence_de: str
    def __init__(self, message_id: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., sentence_en: _Optional[str] = ..., sentence_de: _Optional[str] = ...) -> None: ...

class NextRequest(_message.Message):
    __slots__ = ("person", "channels", "placement")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    channels: _containers.RepeatedScalarFieldContainer[str]
    placement: str
    def __init__(self, person: _Optional[bytes] = ..., channels: _Optional[_Iterable[str]] = ..., placement: _Optional[str] = ...) -> None: ...

class NextReply(_message.Message):
    __slots__ = ("message_json", "decision_id", "reason", "sentence_en", "sentence_de")
    MESSAGE_JSON_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_EN_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_DE_FIELD_NUMBER: _ClassVar[int]
    message_json: bytes
    decision_id: bytes
    reason: str
    sentence_en: str
    sentence_de: str
    def __init__(self, message_json: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., reason: _Optional[str] = ..., sentence_en: _Optional[str] = ..., sentence_de: _Optional[str] = ...) -> None: ...
