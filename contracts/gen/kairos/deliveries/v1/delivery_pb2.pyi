from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AttemptOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_OUTCOME_UNSPECIFIED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_ACCEPTED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_REJECTED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_UNKNOWN: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_EXPIRED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CANCELLED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_RETRYING: _ClassVar[AttemptOutcome]

class ReceiptKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECEIPT_KIND_UNSPECIFIED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_DELIVERED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_OPENED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_CLICKED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_REPLIED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_BOUNCED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_COMPLAINED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_UNSUBSCRIBED: _ClassVar[ReceiptKind]
    RECEIPT_KIND_NOT_RELEVANT: _ClassVar[ReceiptKind]
    RECEIPT_KIND_DISMISSED: _ClassVar[ReceiptKind]
ATTEMPT_OUTCOME_UNSPECIFIED: AttemptOutcome
ATTEMPT_OUTCOME_ACCEPTED: AttemptOutcome
ATTEMPT_OUTCOME_REJECTED: AttemptOutcome
ATTEMPT_OUTCOME_UNKNOWN: AttemptOutcome
ATTEMPT_OUTCOME_EXPIRED: AttemptOutcome
ATTEMPT_OUTCOME_CANCELLED: AttemptOutcome
ATTEMPT_OUTCOME_RETRYING: AttemptOutcome
RECEIPT_KIND_UNSPECIFIED: ReceiptKind
RECEIPT_KIND_DELIVERED: ReceiptKind
RECEIPT_KIND_OPENED: ReceiptKind
RECEIPT_KIND_CLICKED: ReceiptKind
RECEIPT_KIND_REPLIED: ReceiptKind
RECEIPT_KIND_BOUNCED: ReceiptKind
RECEIPT_KIND_COMPLAINED: ReceiptKind
RECEIPT_KIND_UNSUBSCRIBED: ReceiptKind
RECEIPT_KIND_NOT_RELEVANT: ReceiptKind
RECEIPT_KIND_DISMISSED: ReceiptKind

class AttemptFinished(_message.Message):
    __slots__ = ("message_id", "decision_id", "attempt", "outcome", "channel", "provider", "provider_message_id", "fault", "detail", "at_us", "called_at_us", "template", "catalog_revision", "subject", "variables_json", "content_sha256", "topic", "message_class", "journey", "step", "reason_en", "reason_de", "basis", "locale", "campaign", "variant", "cost_micros", "repeats")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    CALLED_AT_US_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    CONTENT_SHA256_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    JOURNEY_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_EN_FIELD_NUMBER: _ClassVar[int]
    REASON_DE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    COST_MICROS_FIELD_NUMBER: _ClassVar[int]
    REPEATS_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    decision_id: bytes
    attempt: int
    outcome: AttemptOutcome
    channel: str
    provider: str
    provider_message_id: str
    fault: str
    detail: str
    at_us: int
    called_at_us: int
    template: str
    catalog_revision: int
    subject: str
    variables_json: bytes
    content_sha256: bytes
    topic: str
    message_class: str
    journey: str
    step: str
    reason_en: str
    reason_de: str
    basis: str
    locale: str
    campaign: str
    variant: str
    cost_micros: int
    repeats: bool
    def __init__(self, message_id: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., attempt: _Optional[int] = ..., outcome: _Optional[_Union[AttemptOutcome, str]] = ..., channel: _Optional[str] = ..., provider: _Optional[str] = ..., provider_message_id: _Optional[str] = ..., fault: _Optional[str] = ..., detail: _Optional[str] = ..., at_us: _Optional[int] = ..., called_at_us: _Optional[int] = ..., template: _Optional[str] = ..., catalog_revision: _Optional[int] = ..., subject: _Optional[str] = ..., variables_json: _Optional[bytes] = ..., content_sha256: _Optional[bytes] = ..., topic: _Optional[str] = ..., message_class: _Optional[str] = ..., journey: _Optional[str] = ..., step: _Optional[str] = ..., reason_en: _Optional[str] = ..., reason_de: _Optional[str] = ..., basis: _Optional[str] = ..., locale: _Optional[str] = ..., campaign: _Optional[str] = ..., variant: _Optional[str] = ..., cost_micros: _Optional[int] = ..., repeats: _Optional[bool] = ...) -> None: ...

class ReceiptTaken(_message.Message):
    __slots__ = ("message_id", "decision_id", "kind", "channel", "provider", "at_us", "machine", "detail")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    decision_id: bytes
    kind: ReceiptKind
    channel: str
    provider: str
    at_us: int
    machine: bool
    detail: str
    def __init__(self, message_id: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., kind: _Optional[_Union[ReceiptKind, str]] = ..., channel: _Optional[str] = ..., provider: _Optional[str] = ..., at_us: _Optional[int] = ..., machine: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...
