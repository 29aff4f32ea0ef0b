from contracts.gen.kairos.decisions.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PreviewRequest(_message.Message):
    __slots__ = ("person", "at_us", "template", "journey")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    at_us: int
    template: str
    journey: str
    def __init__(self, person: _Optional[bytes] = ..., at_us: _Optional[int] = ..., template: _Optional[str] = ..., journey: _Optional[str] = ...) -> None: ...

class PreviewReply(_message.Message):
    __slots__ = ("at_us", "on_the_way", "final", "why_not")
    AT_US_FIELD_NUMBER: _ClassVar[int]
    ON_THE_WAY_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    WHY_NOT_FIELD_NUMBER: _ClassVar[int]
    at_us: int
    on_the_way: _containers.RepeatedCompositeFieldContainer[_decision_pb2.DecisionMade]
    final: _containers.RepeatedCompositeFieldContainer[_decision_pb2.DecisionMade]
    why_not: _containers.RepeatedCompositeFieldContainer[Standing]
    def __init__(self, at_us: _Optional[int] = ..., on_the_way: _Optional[_Iterable[_Union[_decision_pb2.DecisionMade, _Mapping]]] = ..., final: _Optional[_Iterable[_Union[_decision_pb2.DecisionMade, _Mapping]]] = ..., why_not: _Optional[_Iterable[_Union[Standing, _Mapping]]] = ...) -> None: ...

class Standing(_message.Message):
    __slots__ = ("journey", "step", "template", "standing", "sentence_en", "sentence_de", "candidate", "at_step", "until_us", "entered")
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_EN_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_DE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    AT_STEP_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    ENTERED_FIELD_NUMBER: _ClassVar[int]
    journey: str
    step: str
    template: str
    standing: str
    sentence_en: str
    sentence_de: str
    candidate: _decision_pb2.Candidate
    at_step: str
    until_us: int
    entered: int
    def __init__(self, journey: _Optional[str] = ..., step: _Optional[str] = ..., template: _Optional[str] = ..., standing: _Optional[str] = ..., sentence_en: _Optional[str] = ..., sentence_de: _Optional[str] = ..., candidate: _Optional[_Union[_decision_pb2.Candidate, _Mapping]] = ..., at_step: _Optional[str] = ..., until_us: _Optional[int] = ..., entered: _Optional[int] = ...) -> None: ...

class ReplayRequest(_message.Message):
    __slots__ = ("decision_ids", "since_us", "until_us", "after", "limit")
    DECISION_IDS_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    decision_ids: _containers.RepeatedScalarFieldContainer[bytes]
    since_us: int
    until_us: int
    after: bytes
    limit: int
    def __init__(self, decision_ids: _Optional[_Iterable[bytes]] = ..., since_us: _Optional[int] = ..., until_us: _Optional[int] = ..., after: _Optional[bytes] = ..., limit: _Optional[int] = ...) -> None: ...

class ReplayReply(_message.Message):
    __slots__ = ("checked", "differing", "next")
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    DIFFERING_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    checked: int
    differing: _containers.RepeatedScalarFieldContainer[bytes]
    next: bytes
    def __init__(self, checked: _Optional[int] = ..., differing: _Optional[_Iterable[bytes]] = ..., next: _Optional[bytes] = ...) -> None: ...

class EvaluateRequest(_message.Message):
    __slots__ = ("policy_json", "since_us", "until_us", "template")
    POLICY_JSON_FIELD_NUMBER: _ClassVar[int]
    SINCE_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    policy_json: bytes
    since_us: int
    until_us: int
    template: str
    def __init__(self, policy_json: _Optional[bytes] = ..., since_us: _Optional[int] = ..., until_us: _Optional[int] = ..., template: _Optional[str] = ...) -> None: ...

class EvaluateReply(_message.Message):
    __slots__ = ("evaluation_json",)
    EVALUATION_JSON_FIELD_NUMBER: _ClassVar[int]
    evaluation_json: bytes
    def __init__(self, evaluation_json: _Optional[bytes] = ...) -> None: ...
