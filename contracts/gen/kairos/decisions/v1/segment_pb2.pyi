from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SegmentMoved(_message.Message):
    __slots__ = ("segment", "move", "at_us", "silent")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    MOVE_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    SILENT_FIELD_NUMBER: _ClassVar[int]
    segment: str
    move: str
    at_us: int
    silent: bool
    def __init__(self, segment: _Optional[str] = ..., move: _Optional[str] = ..., at_us: _Optional[int] = ..., silent: _Optional[bool] = ...) -> None: ...
