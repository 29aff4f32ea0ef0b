from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TimelineRequest(_message.Message):
    __slots__ = ("persons", "kinds", "channels", "since_us", "until_us", "journey", "cursor", "limit", "campaign")
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    persons: _containers.RepeatedScalarFieldContainer[bytes]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    since_us: int
    until_us: int
    journey: str
    cursor: str
    limit: int
    campaign: str
    def __init__(self, persons: _Optional[_Iterable[bytes]] = ..., kinds: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., since_us: _Optional[int] = ..., until_us: _Optional[int] = ..., journey: _Optional[str] = ..., cursor: _Optional[str] = ..., limit: _Optional[int] = ..., campaign: _Optional[str] = ...) -> None: ...

class TimelineReply(_message.Message):
    __slots__ = ("items", "next_cursor")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[TimelineItem]
    next_cursor: str
    def __init__(self, items: _Optional[_Iterable[_Union[TimelineItem, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class TimelineItem(_message.Message):
    __slots__ = ("id", "kind", "at_us", "recorded_at_us", "name", "summary", "reason", "channel", "refs", "data_json", "trace_id")
    class RefsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REFS_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    kind: str
    at_us: int
    recorded_at_us: int
    name: str
    summary: str
    reason: str
    channel: str
    refs: _containers.ScalarMap[str, str]
    data_json: bytes
    trace_id: str
    def __init__(self, id: _Optional[bytes] = ..., kind: _Optional[str] = ..., at_us: _Optional[int] = ..., recorded_at_us: _Optional[int] = ..., name: _Optional[str] = ..., summary: _Optional[str] = ..., reason: _Optional[str] = ..., channel: _Optional[str] = ..., refs: _Optional[_Mapping[str, str]] = ..., data_json: _Optional[bytes] = ..., trace_id: _Optional[str] = ...) -> None: ...

class OutcomesRequest(_message.Message):
    __slots__ = ("since_us",)
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    since_us: int
    def __init__(self, since_us: _Optional[int] = ...) -> None: ...

class OutcomesReply(_message.Message):
    __slots__ = ("counts",)
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    counts: _containers.RepeatedCompositeFieldContainer[OutcomeCount]
    def __init__(self, counts: _Optional[_Iterable[_Union[OutcomeCount, _Mapping]]] = ...) -> None: ...

class OutcomeCount(_message.Message):
    __slots__ = ("kind", "name", "channel", "reason", "count")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    name: str
    channel: str
    reason: str
    count: int
    def __init__(self, kind: _Optional[str] = ..., name: _Optional[str] = ..., channel: _Optional[str] = ..., reason: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class ReportRequest(_message.Message):
    __slots__ = ("report", "since_us", "until_us", "by", "options")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REPORT_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    report: str
    since_us: int
    until_us: int
    by: _containers.RepeatedScalarFieldContainer[str]
    options: _containers.ScalarMap[str, str]
    def __init__(self, report: _Optional[str] = ..., since_us: _Optional[int] = ..., until_us: _Optional[int] = ..., by: _Optional[_Iterable[str]] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ReportReply(_message.Message):
    __slots__ = ("columns", "rows_json", "notes_json")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_JSON_FIELD_NUMBER: _ClassVar[int]
    NOTES_JSON_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    rows_json: bytes
    notes_json: bytes
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., rows_json: _Optional[bytes] = ..., notes_json: _Optional[bytes] = ...) -> None: ...

class ExperimentRequest(_message.Message):
    __slots__ = ("experiment", "arms", "control", "goal", "measure", "shares", "alpha", "since_us", "until_us")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    ARMS_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    GOAL_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    experiment: str
    arms: _containers.RepeatedScalarFieldContainer[str]
    control: str
    goal: str
    measure: str
    shares: _containers.RepeatedScalarFieldContainer[float]
    alpha: float
    since_us: int
    until_us: int
    def __init__(self, experiment: _Optional[str] = ..., arms: _Optional[_Iterable[str]] = ..., control: _Optional[str] = ..., goal: _Optional[str] = ..., measure: _Optional[str] = ..., shares: _Optional[_Iterable[float]] = ..., alpha: _Optional[float] = ..., since_us: _Optional[int] = ..., until_us: _Optional[int] = ...) -> None: ...

class ExperimentReply(_message.Message):
    __slots__ = ("arms",)
    ARMS_FIELD_NUMBER: _ClassVar[int]
    arms: ReportReply
    def __init__(self, arms: _Optional[_Union[ReportReply, _Mapping]] = ...) -> None: ...
