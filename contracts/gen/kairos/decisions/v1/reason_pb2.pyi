from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_MARKETING_STOPPED: _ClassVar[Reason]
    REASON_JOURNEY_PAUSED: _ClassVar[Reason]
    REASON_JOURNEY_REMOVED: _ClassVar[Reason]
    REASON_TEMPLATE_REMOVED: _ClassVar[Reason]
    REASON_NOT_IN_AUDIENCE: _ClassVar[Reason]
    REASON_EXIT_RULE: _ClassVar[Reason]
    REASON_GOAL_REACHED: _ClassVar[Reason]
    REASON_EXPIRED: _ClassVar[Reason]
    REASON_MERGED: _ClassVar[Reason]
    REASON_NO_ADDRESS: _ClassVar[Reason]
    REASON_ADDRESS_CHANGED: _ClassVar[Reason]
    REASON_NO_CONSENT: _ClassVar[Reason]
    REASON_CONSENT_PENDING: _ClassVar[Reason]
    REASON_CONSENT_WITHDRAWN: _ClassVar[Reason]
    REASON_CONSENT_FOR_OTHER_ADDRESS: _ClassVar[Reason]
    REASON_ADDRESS_UNPROVEN: _ClassVar[Reason]
    REASON_OBJECTION: _ClassVar[Reason]
    REASON_SUPPRESSED: _ClassVar[Reason]
    REASON_PAUSED_BY_PERSON: _ClassVar[Reason]
    REASON_MUTED: _ClassVar[Reason]
    REASON_ASK_DONE: _ClassVar[Reason]
    REASON_ASKED_ELSEWHERE: _ClassVar[Reason]
    REASON_COOL_DOWN: _ClassVar[Reason]
    REASON_CAP_REACHED: _ClassVar[Reason]
    REASON_MINIMUM_GAP: _ClassVar[Reason]
    REASON_QUIET_HOURS: _ClassVar[Reason]
    REASON_LOST: _ClassVar[Reason]
    REASON_ALREADY_SENT: _ClassVar[Reason]
    REASON_UNKNOWN_MESSAGE: _ClassVar[Reason]
    REASON_NOT_ACCEPTED: _ClassVar[Reason]
    REASON_PERMIT_REFUSED: _ClassVar[Reason]
REASON_UNSPECIFIED: Reason
REASON_MARKETING_STOPPED: Reason
REASON_JOURNEY_PAUSED: Reason
REASON_JOURNEY_REMOVED: Reason
REASON_TEMPLATE_REMOVED: Reason
REASON_NOT_IN_AUDIENCE: Reason
REASON_EXIT_RULE: Reason
REASON_GOAL_REACHED: Reason
REASON_EXPIRED: Reason
REASON_MERGED: Reason
REASON_NO_ADDRESS: Reason
REASON_ADDRESS_CHANGED: Reason
REASON_NO_CONSENT: Reason
REASON_CONSENT_PENDING: Reason
REASON_CONSENT_WITHDRAWN: Reason
REASON_CONSENT_FOR_OTHER_ADDRESS: Reason
REASON_ADDRESS_UNPROVEN: Reason
REASON_OBJECTION: Reason
REASON_SUPPRESSED: Reason
REASON_PAUSED_BY_PERSON: Reason
REASON_MUTED: Reason
REASON_ASK_DONE: Reason
REASON_ASKED_ELSEWHERE: Reason
REASON_COOL_DOWN: Reason
REASON_CAP_REACHED: Reason
REASON_MINIMUM_GAP: Reason
REASON_QUIET_HOURS: Reason
REASON_LOST: Reason
REASON_ALREADY_SENT: Reason
REASON_UNKNOWN_MESSAGE: Reason
REASON_NOT_ACCEPTED: Reason
REASON_PERMIT_REFUSED: Reason
