from contracts.gen.kairos.consents.v1 import consent_pb2 as _consent_pb2
from contracts.gen.kairos.contacts.v1 import contact_pb2 as _contact_pb2
from contracts.gen.kairos.decisions.v1 import decision_pb2 as _decision_pb2
from contracts.gen.kairos.decisions.v1 import segment_pb2 as _segment_pb2
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as _delivery_pb2
from contracts.gen.kairos.events.v1 import event_pb2 as _event_pb2
from contracts.gen.kairos.profiles.v1 import profile_pb2 as _profile_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Envelope(_message.Message):
    __slots__ = ("facts",)
    FACTS_FIELD_NUMBER: _ClassVar[int]
    facts: _containers.RepeatedCompositeFieldContainer[Fact]
    def __init__(self, facts: _Optional[_Iterable[_Union[Fact, _Mapping]]] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("id", "workspace", "person", "person_seq", "recorded_at_us", "traceparent", "event_accepted", "profile_merged", "decision_made", "message_ordered", "journey_moved", "permission_changed", "attempt_finished", "receipt_taken", "segment_moved", "trait_set", "event_emitted", "call_ordered", "permission_reported", "contact_reported")
    ID_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    PERSON_SEQ_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_US_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    PROFILE_MERGED_FIELD_NUMBER: _ClassVar[int]
    DECISION_MADE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ORDERED_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_MOVED_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FINISHED_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_TAKEN_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_MOVED_FIELD_NUMBER: _ClassVar[int]
    TRAIT_SET_FIELD_NUMBER: _ClassVar[int]
    EVENT_EMITTED_FIELD_NUMBER: _ClassVar[int]
    CALL_ORDERED_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_REPORTED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_REPORTED_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    workspace: str
    person: bytes
    person_seq: int
    recorded_at_us: int
    traceparent: str
    event_accepted: _event_pb2.EventAccepted
    profile_merged: _profile_pb2.ProfileMerged
    decision_made: _decision_pb2.DecisionMade
    message_ordered: _decision_pb2.MessageOrdered
    journey_moved: _decision_pb2.JourneyMoved
    permission_changed: _consent_pb2.PermissionChanged
    attempt_finished: _delivery_pb2.AttemptFinished
    receipt_taken: _delivery_pb2.ReceiptTaken
    segment_moved: _segment_pb2.SegmentMoved
    trait_set: _decision_pb2.TraitSet
    event_emitted: _decision_pb2.EventEmitted
    call_ordered: _decision_pb2.CallOrdered
    permission_reported: _consent_pb2.PermissionReported
    contact_reported: _contact_pb2.ContactReported
    def __init__(self, id: _Optional[bytes] = ..., workspace: _Optional[str] = ..., person: _Optional[bytes] = ..., person_seq: _Optional[int] = ..., recorded_at_us: _Optional[int] = ..., traceparent: _Optional[str] = ..., event_accepted: _Optional[_Union[_event_pb2.EventAccepted, _Mapping]] = ..., profile_merged: _Optional[_Union[_profile_pb2.ProfileMerged, _Mapping]] = ..., decision_made: _Optional[_Union[_decision_pb2.DecisionMade, _Mapping]] = ..., message_ordered: _Optional[_Union[_decision_pb2.MessageOrdered, _Mapping]] = ..., journey_moved: _Optional[_Union[_decision_pb2.JourneyMoved, _Mapping]] = ..., permission_changed: _Optional[_Union[_consent_pb2.PermissionChanged, _Mapping]] = ..., attempt_finished: _Optional[_Union[_delivery_pb2.AttemptFinished, _Mapping]] = ..., receipt_taken: _Optional[_Union[_delivery_pb2.ReceiptTaken, _Mapping]] = ..., segment_moved: _Optional[_Union[_segment_pb2.SegmentMoved, _Mapping]] = ..., trait_set: _Optional[_Union[_decision_pb2.TraitSet, _Mapping]] = ..., event_emitted: _Optional[_Union[_decision_pb2.EventEmitted, _Mapping]] = ..., call_ordered: _Optional[_Union[_decision_pb2.CallOrdered, _Mapping]] = ..., permission_reported: _Optional[_Union[_consent_pb2.PermissionReported, _Mapping]] = ..., contact_reported: _Optional[_Union[_contact_pb2.ContactReported, _Mapping]] = ...) -> None: ...
