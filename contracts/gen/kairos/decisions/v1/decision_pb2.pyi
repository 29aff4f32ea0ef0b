from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_MESSAGE: _ClassVar[Outcome]
    OUTCOME_SILENCE: _ClassVar[Outcome]
    OUTCOME_HELD: _ClassVar[Outcome]
    OUTCOME_RELEASED: _ClassVar[Outcome]
    OUTCOME_GHOST: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_MESSAGE: Outcome
OUTCOME_SILENCE: Outcome
OUTCOME_HELD: Outcome
OUTCOME_RELEASED: Outcome
OUTCOME_GHOST: Outcome

class DecisionMade(_message.Message):
    __slots__ = ("outcome", "at_us", "trigger_kind", "trigger_id", "trigger_name", "candidates", "message_id", "reason_en", "reason_de", "reason", "catalog_revision", "action_probability", "model_revision", "bucket", "actions", "seed")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_KIND_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_NAME_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_EN_FIELD_NUMBER: _ClassVar[int]
    REASON_DE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    ACTION_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    MODEL_REVISION_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    outcome: Outcome
    at_us: int
    trigger_kind: str
    trigger_id: bytes
    trigger_name: str
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    message_id: bytes
    reason_en: str
    reason_de: str
    reason: str
    catalog_revision: int
    action_probability: float
    model_revision: int
    bucket: str
    actions: _containers.RepeatedCompositeFieldContainer[Action]
    seed: int
    def __init__(self, outcome: _Optional[_Union[Outcome, str]] = ..., at_us: _Optional[int] = ..., trigger_kind: _Optional[str] = ..., trigger_id: _Optional[bytes] = ..., trigger_name: _Optional[str] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., message_id: _Optional[bytes] = ..., reason_en: _Optional[str] = ..., reason_de: _Optional[str] = ..., reason: _Optional[str] = ..., catalog_revision: _Optional[int] = ..., action_probability: _Optional[float] = ..., model_revision: _Optional[int] = ..., bucket: _Optional[str] = ..., actions: _Optional[_Iterable[_Union[Action, _Mapping]]] = ..., seed: _Optional[int] = ...) -> None: ...

class Action(_message.Message):
    __slots__ = ("template", "variant", "channel", "share")
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    template: str
    variant: str
    channel: str
    share: int
    def __init__(self, template: _Optional[str] = ..., variant: _Optional[str] = ..., channel: _Optional[str] = ..., share: _Optional[int] = ...) -> None: ...

class Score(_message.Message):
    __slots__ = ("total", "response_rate", "context", "value", "urgency", "fatigue")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_RATE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    URGENCY_FIELD_NUMBER: _ClassVar[int]
    FATIGUE_FIELD_NUMBER: _ClassVar[int]
    total: float
    response_rate: float
    context: float
    value: float
    urgency: float
    fatigue: float
    def __init__(self, total: _Optional[float] = ..., response_rate: _Optional[float] = ..., context: _Optional[float] = ..., value: _Optional[float] = ..., urgency: _Optional[float] = ..., fatigue: _Optional[float] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("template", "channel", "topic", "message_class", "journey", "step", "priority", "verdicts", "score")
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    template: str
    channel: str
    topic: str
    message_class: str
    journey: str
    step: str
    priority: int
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    score: Score
    def __init__(self, template: _Optional[str] = ..., channel: _Optional[str] = ..., topic: _Optional[str] = ..., message_class: _Optional[str] = ..., journey: _Optional[str] = ..., step: _Optional[str] = ..., priority: _Optional[int] = ..., verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ..., score: _Optional[_Union[Score, _Mapping]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("rule", "outcome", "reason", "until_us", "sentence_en", "sentence_de")
    RULE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_EN_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_DE_FIELD_NUMBER: _ClassVar[int]
    rule: str
    outcome: str
    reason: str
    until_us: int
    sentence_en: str
    sentence_de: str
    def __init__(self, rule: _Optional[str] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., until_us: _Optional[int] = ..., sentence_en: _Optional[str] = ..., sentence_de: _Optional[str] = ...) -> None: ...

class MessageOrdered(_message.Message):
    __slots__ = ("message_id", "decision_id", "template", "catalog_revision", "channel", "endpoint", "topic", "message_class", "locale", "variables_json", "ordered_at_us", "valid_until_us", "journey", "step", "reason_en", "reason_de", "basis", "variant", "measure")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    ORDERED_AT_US_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_EN_FIELD_NUMBER: _ClassVar[int]
    REASON_DE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    decision_id: bytes
    template: str
    catalog_revision: int
    channel: str
    endpoint: str
    topic: str
    message_class: str
    locale: str
    variables_json: bytes
    ordered_at_us: int
    valid_until_us: int
    journey: str
    step: str
    reason_en: str
    reason_de: str
    basis: str
    variant: str
    measure: bool
    def __init__(self, message_id: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., template: _Optional[str] = ..., catalog_revision: _Optional[int] = ..., channel: _Optional[str] = ..., endpoint: _Optional[str] = ..., topic: _Optional[str] = ..., message_class: _Optional[str] = ..., locale: _Optional[str] = ..., variables_json: _Optional[bytes] = ..., ordered_at_us: _Optional[int] = ..., valid_until_us: _Optional[int] = ..., journey: _Optional[str] = ..., step: _Optional[str] = ..., reason_en: _Optional[str] = ..., reason_de: _Optional[str] = ..., basis: _Optional[str] = ..., variant: _Optional[str] = ..., measure: _Optional[bool] = ...) -> None: ...

class JourneyMoved(_message.Message):
    __slots__ = ("journey", "version", "move", "step", "reason", "at_us", "due_at_us", "note")
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MOVE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_US_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    journey: str
    version: int
    move: str
    step: str
    reason: str
    at_us: int
    due_at_us: int
    note: str
    def __init__(self, journey: _Optional[str] = ..., version: _Optional[int] = ..., move: _Optional[str] = ..., step: _Optional[str] = ..., reason: _Optional[str] = ..., at_us: _Optional[int] = ..., due_at_us: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...

class TraitSet(_message.Message):
    __slots__ = ("journey", "step", "trait", "value_json", "at_us")
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TRAIT_FIELD_NUMBER: _ClassVar[int]
    VALUE_JSON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    journey: str
    step: str
    trait: str
    value_json: bytes
    at_us: int
    def __init__(self, journey: _Optional[str] = ..., step: _Optional[str] = ..., trait: _Optional[str] = ..., value_json: _Optional[bytes] = ..., at_us: _Optional[int] = ...) -> None: ...

class EventEmitted(_message.Message):
    __slots__ = ("journey", "step", "name", "properties_json", "at_us")
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    journey: str
    step: str
    name: str
    properties_json: bytes
    at_us: int
    def __init__(self, journey: _Optional[str] = ..., step: _Optional[str] = ..., name: _Optional[str] = ..., properties_json: _Optional[bytes] = ..., at_us: _Optional[int] = ...) -> None: ...

class CallOrdered(_message.Message):
    __slots__ = ("journey", "step", "webhook", "kind", "at_us")
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    journey: str
    step: str
    webhook: str
    kind: str
    at_us: int
    def __init__(self, journey: _Optional[str] = ..., step: _Optional[str] = ..., webhook: _Optional[str] = ..., kind: _Optional[str] = ..., at_us: _Optional[int] = ...) -> None: ...
