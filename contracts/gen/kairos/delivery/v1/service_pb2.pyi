from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as _delivery_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TakeReceiptsRequest(_message.Message):
    __slots__ = ("provider", "body", "headers", "query")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    provider: str
    body: bytes
    headers: _containers.ScalarMap[str, str]
    query: str
    def __init__(self, provider: _Optional[str] = ..., body: _Optional[bytes] = ..., headers: _Optional[_Mapping[str, str]] = ..., query: _Optional[str] = ...) -> None: ...

class TakeReceiptsReply(_message.Message):
    __slots__ = ("taken", "repeated_items", "unknown_items")
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    REPEATED_ITEMS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_ITEMS_FIELD_NUMBER: _ClassVar[int]
    taken: int
    repeated_items: int
    unknown_items: int
    def __init__(self, taken: _Optional[int] = ..., repeated_items: _Optional[int] = ..., unknown_items: _Optional[int] = ...) -> None: ...

class KeepSecretRequest(_message.Message):
    __slots__ = ("ref", "value")
    REF_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ref: str
    value: str
    def __init__(self, ref: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class KeepSecretReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SecretsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SecretsReply(_message.Message):
    __slots__ = ("secrets",)
    SECRETS_FIELD_NUMBER: _ClassVar[int]
    secrets: _containers.RepeatedCompositeFieldContainer[Secret]
    def __init__(self, secrets: _Optional[_Iterable[_Union[Secret, _Mapping]]] = ...) -> None: ...

class Secret(_message.Message):
    __slots__ = ("ref", "changed_at_us")
    REF_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_US_FIELD_NUMBER: _ClassVar[int]
    ref: str
    changed_at_us: int
    def __init__(self, ref: _Optional[str] = ..., changed_at_us: _Optional[int] = ...) -> None: ...

class DropSecretRequest(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: str
    def __init__(self, ref: _Optional[str] = ...) -> None: ...

class DropSecretReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MessageRequest(_message.Message):
    __slots__ = ("message_id",)
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    def __init__(self, message_id: _Optional[bytes] = ...) -> None: ...

class MessageReply(_message.Message):
    __slots__ = ("message_id", "decision_id", "person", "state", "channel", "template", "attempts", "receipts")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    decision_id: bytes
    person: bytes
    state: str
    channel: str
    template: str
    attempts: _containers.RepeatedCompositeFieldContainer[_delivery_pb2.AttemptFinished]
    receipts: _containers.RepeatedCompositeFieldContainer[_delivery_pb2.ReceiptTaken]
    def __init__(self, message_id: _Optional[bytes] = ..., decision_id: _Optional[bytes] = ..., person: _Optional[bytes] = ..., state: _Optional[str] = ..., channel: _Optional[str] = ..., template: _Optional[str] = ..., attempts: _Optional[_Iterable[_Union[_delivery_pb2.AttemptFinished, _Mapping]]] = ..., receipts: _Optional[_Iterable[_Union[_delivery_pb2.ReceiptTaken, _Mapping]]] = ...) -> None: ...

class CheckTemplatesRequest(_message.Message):
    __slots__ = ("documents_json",)
    DOCUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    documents_json: bytes
    def __init__(self, documents_json: _Optional[bytes] = ...) -> None: ...

class CheckTemplatesReply(_message.Message):
    __slots__ = ("findings",)
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[TemplateFinding]
    def __init__(self, findings: _Optional[_Iterable[_Union[TemplateFinding, _Mapping]]] = ...) -> None: ...

class TemplateFinding(_message.Message):
    __slots__ = ("document", "path", "flaw", "expected", "got", "refuses")
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    FLAW_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    GOT_FIELD_NUMBER: _ClassVar[int]
    REFUSES_FIELD_NUMBER: _ClassVar[int]
    document: str
    path: str
    flaw: str
    expected: str
    got: str
    refuses: bool
    def __init__(self, document: _Optional[str] = ..., path: _Optional[str] = ..., flaw: _Optional[str] = ..., expected: _Optional[str] = ..., got: _Optional[str] = ..., refuses: _Optional[bool] = ...) -> None: ...

class RenderTemplateRequest(_message.Message):
    __slots__ = ("key", "revision", "locale", "variant", "variables_json")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    key: str
    revision: int
    locale: str
    variant: str
    variables_json: bytes
    def __init__(self, key: _Optional[str] = ..., revision: _Optional[int] = ..., locale: _Optional[str] = ..., variant: _Optional[str] = ..., variables_json: _Optional[bytes] = ...) -> None: ...

class RenderTemplateReply(_message.Message):
    __slots__ = ("channel", "subject", "html", "text", "sender", "reply_to", "url", "action", "image", "segments", "refused")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    HTML_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    channel: str
    subject: str
    html: str
    text: str
    sender: str
    reply_to: str
    url: str
    action: str
    image: str
    segments: int
    refused: str
    def __init__(self, channel: _Optional[str] = ..., subject: _Optional[str] = ..., html: _Optional[str] = ..., text: _Optional[str] = ..., sender: _Optional[str] = ..., reply_to: _Optional[str] = ..., url: _Optional[str] = ..., action: _Optional[str] = ..., image: _Optional[str] = ..., segments: _Optional[int] = ..., refused: _Optional[str] = ...) -> None: ...

class ReactRequest(_message.Message):
    __slots__ = ("message_id", "kind", "target", "code", "user_agent")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    kind: _delivery_pb2.ReceiptKind
    target: bytes
    code: str
    user_agent: str
    def __init__(self, message_id: _Optional[bytes] = ..., kind: _Optional[_Union[_delivery_pb2.ReceiptKind, str]] = ..., target: _Optional[bytes] = ..., code: _Optional[str] = ..., user_agent: _Optional[str] = ...) -> None: ...

class ReactReply(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class InboxRequest(_message.Message):
    __slots__ = ("persons", "placement", "before", "after", "limit")
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    persons: _containers.RepeatedScalarFieldContainer[bytes]
    placement: str
    before: int
    after: int
    limit: int
    def __init__(self, persons: _Optional[_Iterable[bytes]] = ..., placement: _Optional[str] = ..., before: _Optional[int] = ..., after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class InboxReply(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[InboxItem]
    def __init__(self, items: _Optional[_Iterable[_Union[InboxItem, _Mapping]]] = ...) -> None: ...

class InboxItem(_message.Message):
    __slots__ = ("id", "position", "placement", "title", "text", "url", "action", "image", "at_us", "expires_at_us", "seen_at_us", "clicked_at_us")
    ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    AT_US_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_US_FIELD_NUMBER: _ClassVar[int]
    SEEN_AT_US_FIELD_NUMBER: _ClassVar[int]
    CLICKED_AT_US_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    position: int
    placement: str
    title: str
    text: str
    url: str
    action: str
    image: str
    at_us: int
    expires_at_us: int
    seen_at_us: int
    clicked_at_us: int
    def __init__(self, id: _Optional[bytes] = ..., position: _Optional[int] = ..., placement: _Optional[str] = ..., title: _Optional[str] = ..., text: _Optional[str] = ..., url: _Optional[str] = ..., action: _Optional[str] = ..., image: _Optional[str] = ..., at_us: _Optional[int] = ..., expires_at_us: _Optional[int] = ..., seen_at_us: _Optional[int] = ..., clicked_at_us: _Optional[int] = ...) -> None: ...

class InboxActRequest(_message.Message):
    __slots__ = ("persons", "id", "act")
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    ACT_FIELD_NUMBER: _ClassVar[int]
    persons: _containers.RepeatedScalarFieldContainer[bytes]
    id: bytes
    act: str
    def __init__(self, persons: _Optional[_Iterable[bytes]] = ..., id: _Optional[bytes] = ..., act: _Optional[str] = ...) -> None: ...

class InboxActReply(_message.Message):
    __slots__ = ("changed",)
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    def __init__(self, changed: _Optional[bool] = ...) -> None: ...
