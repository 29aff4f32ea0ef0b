from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Document(_message.Message):
    __slots__ = ("kind", "key", "revision", "body_json")
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    kind: str
    key: str
    revision: int
    body_json: bytes
    def __init__(self, kind: _Optional[str] = ..., key: _Optional[str] = ..., revision: _Optional[int] = ..., body_json: _Optional[bytes] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("kind", "key", "change", "diff_json")
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    DIFF_JSON_FIELD_NUMBER: _ClassVar[int]
    kind: str
    key: str
    change: str
    diff_json: bytes
    def __init__(self, kind: _Optional[str] = ..., key: _Optional[str] = ..., change: _Optional[str] = ..., diff_json: _Optional[bytes] = ...) -> None: ...
