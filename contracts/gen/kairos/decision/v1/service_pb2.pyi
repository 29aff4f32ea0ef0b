from contracts.gen.kairos.catalog.v1 import catalog_pb2 as _catalog_pb2
from contracts.gen.kairos.consents.v1 import consent_pb2 as _consent_pb2
from contracts.gen.kairos.decisions.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ApplyRequest(_message.Message):
    __slots__ = ("documents_json", "dry_run")
    DOCUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    documents_json: bytes
    dry_run: bool
    def __init__(self, documents_json: _Optional[bytes] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class ApplyReply(_message.Message):
    __slots__ = ("revision", "changes")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    revision: int
    changes: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Change]
    def __init__(self, revision: _Optional[int] = ..., changes: _Optional[_Iterable[_Union[_catalog_pb2.Change, _Mapping]]] = ...) -> None: ...

class CatalogRequest(_message.Message):
    __slots__ = ("kind", "key", "revision")
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    kind: str
    key: str
    revision: int
    def __init__(self, kind: _Optional[str] = ..., key: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class CatalogReply(_message.Message):
    __slots__ = ("revision", "documents")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    revision: int
    documents: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Document]
    def __init__(self, revision: _Optional[int] = ..., documents: _Optional[_Iterable[_Union[_catalog_pb2.Document, _Mapping]]] = ...) -> None: ...

class ChangePermissionRequest(_message.Message):
    __slots__ = ("person", "change")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    change: _consent_pb2.PermissionChanged
    def __init__(self, person: _Optional[bytes] = ..., change: _Optional[_Union[_consent_pb2.PermissionChanged, _Mapping]] = ...) -> None: ...

class ChangePermissionReply(_message.Message):
    __slots__ = ("changed",)
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    def __init__(self, changed: _Optional[bool] = ...) -> None: ...

class PermissionRequest(_message.Message):
    __slots__ = ("person", "at_us")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    at_us: int
    def __init__(self, person: _Optional[bytes] = ..., at_us: _Optional[int] = ...) -> None: ...

class PermissionReply(_message.Message):
    __slots__ = ("permission_json",)
    PERMISSION_JSON_FIELD_NUMBER: _ClassVar[int]
    permission_json: bytes
    def __init__(self, permission_json: _Optional[bytes] = ...) -> None: ...

class PermitRequest(_message.Message):
    __slots__ = ("questions",)
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    questions: _containers.RepeatedCompositeFieldContainer[PermitQuestion]
    def __init__(self, questions: _Optional[_Iterable[_Union[PermitQuestion, _Mapping]]] = ...) -> None: ...

class PermitQuestion(_message.Message):
    __slots__ = ("workspace", "person", "message_id", "keyed")
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    KEYED_FIELD_NUMBER: _ClassVar[int]
    workspace: str
    person: bytes
    message_id: bytes
    keyed: bool
    def __init__(self, workspace: _Optional[str] = ..., person: _Optional[bytes] = ..., message_id: _Optional[bytes] = ..., keyed: _Optional[bool] = ...) -> None: ...

class PermitReply(_message.Message):
    __slots__ = ("answers",)
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[PermitAnswer]
    def __init__(self, answers: _Optional[_Iterable[_Union[PermitAnswer, _Mapping]]] = ...) -> None: ...

class PermitAnswer(_message.Message):
    __slots__ = ("granted", "reason", "reason_en", "reason_de")
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REASON_EN_FIELD_NUMBER: _ClassVar[int]
    REASON_DE_FIELD_NUMBER: _ClassVar[int]
    granted: bool
    reason: str
    reason_en: str
    reason_de: str
    def __init__(self, granted: _Optional[bool] = ..., reason: _Optional[str] = ..., reason_en: _Optional[str] = ..., reason_de: _Optional[str] = ...) -> None: ...

class DecisionRequest(_message.Message):
    __slots__ = ("decision_id",)
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    decision_id: bytes
    def __init__(self, decision_id: _Optional[bytes] = ...) -> None: ...

class DecisionReply(_message.Message):
    __slots__ = ("person", "decision", "basis_json", "traceparent")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    BASIS_JSON_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    decision: _decision_pb2.DecisionMade
    basis_json: bytes
    traceparent: str
    def __init__(self, person: _Optional[bytes] = ..., decision: _Optional[_Union[_decision_pb2.DecisionMade, _Mapping]] = ..., basis_json: _Optional[bytes] = ..., traceparent: _Optional[str] = ...) -> None: ...

class JourneysRequest(_message.Message):
    __slots__ = ("person",)
    PERSON_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    def __init__(self, person: _Optional[bytes] = ...) -> None: ...

class JourneysReply(_message.Message):
    __slots__ = ("journeys_json",)
    JOURNEYS_JSON_FIELD_NUMBER: _ClassVar[int]
    journeys_json: bytes
    def __init__(self, journeys_json: _Optional[bytes] = ...) -> None: ...

class ControlsRequest(_message.Message):
    __slots__ = ("marketing_stopped", "pause_journeys", "resume_journeys")
    MARKETING_STOPPED_FIELD_NUMBER: _ClassVar[int]
    PAUSE_JOURNEYS_FIELD_NUMBER: _ClassVar[int]
    RESUME_JOURNEYS_FIELD_NUMBER: _ClassVar[int]
    marketing_stopped: bool
    pause_journeys: _containers.RepeatedScalarFieldContainer[str]
    resume_journeys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, marketing_stopped: _Optional[bool] = ..., pause_journeys: _Optional[_Iterable[str]] = ..., resume_journeys: _Optional[_Iterable[str]] = ...) -> None: ...

class ControlsReply(_message.Message):
    __slots__ = ("marketing_stopped", "paused_journeys", "changed")
    MARKETING_STOPPED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_JOURNEYS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    marketing_stopped: bool
    paused_journeys: _containers.RepeatedScalarFieldContainer[str]
    changed: bool
    def __init__(self, marketing_stopped: _Optional[bool] = ..., paused_journeys: _Optional[_Iterable[str]] = ..., changed: _Optional[bool] = ...) -> None: ...

class SegmentRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class SegmentReply(_message.Message):
    __slots__ = ("segment_json",)
    SEGMENT_JSON_FIELD_NUMBER: _ClassVar[int]
    segment_json: bytes
    def __init__(self, segment_json: _Optional[bytes] = ...) -> None: ...

class MembersRequest(_message.Message):
    __slots__ = ("key", "after", "limit")
    KEY_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    key: str
    after: bytes
    limit: int
    def __init__(self, key: _Optional[str] = ..., after: _Optional[bytes] = ..., limit: _Optional[int] = ...) -> None: ...

class MembersReply(_message.Message):
    __slots__ = ("members",)
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[Member]
    def __init__(self, members: _Optional[_Iterable[_Union[Member, _Mapping]]] = ...) -> None: ...

class Member(_message.Message):
    __slots__ = ("person", "entered_at_us")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    ENTERED_AT_US_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    entered_at_us: int
    def __init__(self, person: _Optional[bytes] = ..., entered_at_us: _Optional[int] = ...) -> None: ...

class SegmentsOfRequest(_message.Message):
    __slots__ = ("person",)
    PERSON_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    def __init__(self, person: _Optional[bytes] = ...) -> None: ...

class SegmentsOfReply(_message.Message):
    __slots__ = ("segments_json",)
    SEGMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    segments_json: bytes
    def __init__(self, segments_json: _Optional[bytes] = ...) -> None: ...

class EnterRequest(_message.Message):
    __slots__ = ("person", "journey", "properties_json")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    journey: str
    properties_json: bytes
    def __init__(self, person: _Optional[bytes] = ..., journey: _Optional[str] = ..., properties_json: _Optional[bytes] = ...) -> None: ...

class EnterReply(_message.Message):
    __slots__ = ("entered", "run")
    ENTERED_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    entered: bool
    run: bytes
    def __init__(self, entered: _Optional[bool] = ..., run: _Optional[bytes] = ...) -> None: ...

class JourneyRequest(_message.Message):
    __slots__ = ("journey", "action", "from_version", "to_version", "steps", "dry_run")
    class StepsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    journey: str
    action: str
    from_version: int
    to_version: int
    steps: _containers.ScalarMap[str, str]
    dry_run: bool
    def __init__(self, journey: _Optional[str] = ..., action: _Optional[str] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., steps: _Optional[_Mapping[str, str]] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class JourneyReply(_message.Message):
    __slots__ = ("journey_json",)
    JOURNEY_JSON_FIELD_NUMBER: _ClassVar[int]
    journey_json: bytes
    def __init__(self, journey_json: _Optional[bytes] = ...) -> None: ...

class RunsRequest(_message.Message):
    __slots__ = ("journey", "step", "after_person", "after_run", "limit")
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    AFTER_PERSON_FIELD_NUMBER: _ClassVar[int]
    AFTER_RUN_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    journey: str
    step: str
    after_person: bytes
    after_run: bytes
    limit: int
    def __init__(self, journey: _Optional[str] = ..., step: _Optional[str] = ..., after_person: _Optional[bytes] = ..., after_run: _Optional[bytes] = ..., limit: _Optional[int] = ...) -> None: ...

class RunsReply(_message.Message):
    __slots__ = ("runs_json", "last_person", "last_run")
    RUNS_JSON_FIELD_NUMBER: _ClassVar[int]
    LAST_PERSON_FIELD_NUMBER: _ClassVar[int]
    LAST_RUN_FIELD_NUMBER: _ClassVar[int]
    runs_json: bytes
    last_person: bytes
    last_run: bytes
    def __init__(self, runs_json: _Optional[bytes] = ..., last_person: _Optional[bytes] = ..., last_run: _Optional[bytes] = ...) -> None: ...

class SegmentPreviewRequest(_message.Message):
    __slots__ = ("rule_json", "exact", "sample")
    RULE_JSON_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    rule_json: bytes
    exact: bool
    sample: int
    def __init__(self, rule_json: _Optional[bytes] = ..., exact: _Optional[bool] = ..., sample: _Optional[int] = ...) -> None: ...

class SegmentPreviewReply(_message.Message):
    __slots__ = ("preview_json",)
    PREVIEW_JSON_FIELD_NUMBER: _ClassVar[int]
    preview_json: bytes
    def __init__(self, preview_json: _Optional[bytes] = ...) -> None: ...

class SchemaRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: str
    def __init__(self, kind: _Optional[str] = ...) -> None: ...

class SchemaReply(_message.Message):
    __slots__ = ("schema_json",)
    SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    schema_json: bytes
    def __init__(self, schema_json: _Optional[bytes] = ...) -> None: ...

class CampaignRequest(_message.Message):
    __slots__ = ("campaign", "action", "missed", "actor")
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    action: str
    missed: bool
    actor: str
    def __init__(self, campaign: _Optional[str] = ..., action: _Optional[str] = ..., missed: _Optional[bool] = ..., actor: _Optional[str] = ...) -> None: ...

class CampaignReply(_message.Message):
    __slots__ = ("campaign_json",)
    CAMPAIGN_JSON_FIELD_NUMBER: _ClassVar[int]
    campaign_json: bytes
    def __init__(self, campaign_json: _Optional[bytes] = ...) -> None: ...

class CheckCampaignRequest(_message.Message):
    __slots__ = ("campaign",)
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    def __init__(self, campaign: _Optional[str] = ...) -> None: ...

class CheckCampaignReply(_message.Message):
    __slots__ = ("check_json",)
    CHECK_JSON_FIELD_NUMBER: _ClassVar[int]
    check_json: bytes
    def __init__(self, check_json: _Optional[bytes] = ...) -> None: ...

class BeginOptInRequest(_message.Message):
    __slots__ = ("person", "channel", "topic", "purpose", "evidence_json")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_JSON_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    channel: str
    topic: str
    purpose: str
    evidence_json: bytes
    def __init__(self, person: _Optional[bytes] = ..., channel: _Optional[str] = ..., topic: _Optional[str] = ..., purpose: _Optional[str] = ..., evidence_json: _Optional[bytes] = ...) -> None: ...

class BeginOptInReply(_message.Message):
    __slots__ = ("state", "expires_at_us")
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_US_FIELD_NUMBER: _ClassVar[int]
    state: str
    expires_at_us: int
    def __init__(self, state: _Optional[str] = ..., expires_at_us: _Optional[int] = ...) -> None: ...

class OptInRequest(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class OptInReply(_message.Message):
    __slots__ = ("state", "channel", "topic")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    state: str
    channel: str
    topic: str
    def __init__(self, state: _Optional[str] = ..., channel: _Optional[str] = ..., topic: _Optional[str] = ...) -> None: ...

class ConfirmOptInRequest(_message.Message):
    __slots__ = ("token", "evidence_json")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_JSON_FIELD_NUMBER: _ClassVar[int]
    token: str
    evidence_json: bytes
    def __init__(self, token: _Optional[str] = ..., evidence_json: _Optional[bytes] = ...) -> None: ...

class ConfirmOptInReply(_message.Message):
    __slots__ = ("state", "channel", "topic")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    state: str
    channel: str
    topic: str
    def __init__(self, state: _Optional[str] = ..., channel: _Optional[str] = ..., topic: _Optional[str] = ...) -> None: ...

class SuppressionsRequest(_message.Message):
    __slots__ = ("channel", "cursor", "limit")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    channel: str
    cursor: str
    limit: int
    def __init__(self, channel: _Optional[str] = ..., cursor: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class SuppressionsReply(_message.Message):
    __slots__ = ("suppressions", "next_cursor")
    SUPPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    suppressions: _containers.RepeatedCompositeFieldContainer[Suppression]
    next_cursor: str
    def __init__(self, suppressions: _Optional[_Iterable[_Union[Suppression, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class Suppression(_message.Message):
    __slots__ = ("person", "channel", "reason", "at_us")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    person: bytes
    channel: str
    reason: str
    at_us: int
    def __init__(self, person: _Optional[bytes] = ..., channel: _Optional[str] = ..., reason: _Optional[str] = ..., at_us: _Optional[int] = ...) -> None: ...
