from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PermissionPart(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMISSION_PART_UNSPECIFIED: _ClassVar[PermissionPart]
    PERMISSION_PART_CONSENT: _ClassVar[PermissionPart]
    PERMISSION_PART_OBJECTION: _ClassVar[PermissionPart]
    PERMISSION_PART_SUPPRESSION: _ClassVar[PermissionPart]
    PERMISSION_PART_PAUSE: _ClassVar[PermissionPart]
    PERMISSION_PART_MUTE: _ClassVar[PermissionPart]

class PermissionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMISSION_STATUS_UNSPECIFIED: _ClassVar[PermissionStatus]
    PERMISSION_STATUS_GRANTED: _ClassVar[PermissionStatus]
    PERMISSION_STATUS_WITHDRAWN: _ClassVar[PermissionStatus]
    PERMISSION_STATUS_PENDING: _ClassVar[PermissionStatus]
    PERMISSION_STATUS_SET: _ClassVar[PermissionStatus]
    PERMISSION_STATUS_LIFTED: _ClassVar[PermissionStatus]
PERMISSION_PART_UNSPECIFIED: PermissionPart
PERMISSION_PART_CONSENT: PermissionPart
PERMISSION_PART_OBJECTION: PermissionPart
PERMISSION_PART_SUPPRESSION: PermissionPart
PERMISSION_PART_PAUSE: PermissionPart
PERMISSION_PART_MUTE: PermissionPart
PERMISSION_STATUS_UNSPECIFIED: PermissionStatus
PERMISSION_STATUS_GRANTED: PermissionStatus
PERMISSION_STATUS_WITHDRAWN: PermissionStatus
PERMISSION_STATUS_PENDING: PermissionStatus
PERMISSION_STATUS_SET: PermissionStatus
PERMISSION_STATUS_LIFTED: PermissionStatus

class PermissionChanged(_message.Message):
    __slots__ = ("part", "status", "purpose", "channel", "topic", "basis", "evidence_json", "at_us", "until_us", "message_id")
    PART_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_JSON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    part: PermissionPart
    status: PermissionStatus
    purpose: str
    channel: str
    topic: str
    basis: str
    evidence_json: bytes
    at_us: int
    until_us: int
    message_id: bytes
    def __init__(self, part: _Optional[_Union[PermissionPart, str]] = ..., status: _Optional[_Union[PermissionStatus, str]] = ..., purpose: _Optional[str] = ..., channel: _Optional[str] = ..., topic: _Optional[str] = ..., basis: _Optional[str] = ..., evidence_json: _Optional[bytes] = ..., at_us: _Optional[int] = ..., until_us: _Optional[int] = ..., message_id: _Optional[bytes] = ...) -> None: ...

class PermissionReported(_message.Message):
    __slots__ = ("change", "message_id")
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    change: PermissionChanged
    message_id: str
    def __init__(self, change: _Optional[_Union[PermissionChanged, _Mapping]] = ..., message_id: _Optional[str] = ...) -> None: ...
