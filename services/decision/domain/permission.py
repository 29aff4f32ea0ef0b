"""Permission: five parts never mixed up, and what they say about one channel, topic and class.

1. consent: per purpose, channel and topic; a double opt-in is bound to the endpoint it proved;
2. objection (Art. 21 GDPR): ends all direct marketing on every channel, post included;
3. suppression: technical or protective, per channel;
4. pause and mute: until a date, or until a ticket is closed;
5. the existing-customer exception (§ 7(3) UWG): derived per message from a sale of similar goods
   and the notice given with it, never stored.

Fail closed: what is not known to be allowed is refused.
"""

from functools import lru_cache
from hashlib import blake2b

import msgspec

from services.decision.domain.civil import to_s, to_us
from services.decision.domain.inputs import PermissionInput, PermissionPart, PermissionStatus
from services.decision.domain.model import MARKETING, SERVICE, TRANSACTIONAL
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Block, Consent, Endpoint, Permission

ANY = "*"

#: Legal basis of marketing per channel; a channel not named needs opt-in.
OPT_IN = "opt_in"
DOUBLE_OPT_IN = "double_opt_in"
LEGITIMATE_INTEREST = "legitimate_interest"
EXISTING_CUSTOMER = "existing_customer"
LEGAL_BASIS = {"post": LEGITIMATE_INTEREST, "in_app": LEGITIMATE_INTEREST}

#: Suppressions that bind every class: the address does not work, or the carrier demands it.
TECHNICAL = frozenset({"hard_bounce", "invalid_address", "stop"})
#: Suppressions that leave service messages alone; all others bind marketing and service.
MARKETING_ONLY = frozenset({"sunset"})

_STRICTNESS = {"granted": 0, "pending": 1, "withdrawn": 2}
_CONSENT_REASONS = {
    "withdrawn": Reason.CONSENT_WITHDRAWN,
    "pending": Reason.CONSENT_PENDING,
}


class PermissionVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a person may be contacted, with the `basis`; else the `reason` and its `part`.

    `until_s` is the end of a pause, the only refusal that time alone lifts. `detail` is the
    reference of the evidence, or the reason of a suppression or mute.
    """

    allowed: bool
    basis: str = ""
    reason: Reason | None = None
    part: str = ""
    detail: str = ""
    until_s: int | None = None


def judge(
    permission: Permission,
    endpoints: dict[str, Endpoint],
    channel: str,
    topic: str,
    message_class: str,
    now_s: int,
    is_customer: bool = False,  # noqa: FBT001, FBT002 -- one of many facts, by position in a hot path
) -> PermissionVerdict:
    """Return the verdict for one channel, topic and class, with its basis or its reason.

    `is_customer` says that sale, similar goods and notice of the existing-customer exception are on
    record. It helps only who has said nothing: a word of theirs, yes or no, weighs more.
    """
    for scope in (channel, ANY):
        block = permission.suppressions.get(scope)
        if block is not None and block.on and _suppresses(block, message_class, endpoints, channel):
            return _refused(Reason.SUPPRESSED, "suppression", block.reason)
    if message_class == TRANSACTIONAL:
        return PermissionVerdict(True, "contract")
    consent = newest_consent(permission, "contact", channel, topic)
    if message_class == SERVICE:
        if consent is not None and consent.status == "withdrawn":
            return _refused(Reason.CONSENT_WITHDRAWN, "consent", consent.evidence)
        return PermissionVerdict(True, "requested")
    if permission.objection is not None and permission.objection.on:
        return _refused(Reason.OBJECTION, "objection")
    if permission.mute is not None and permission.mute.on:
        return _refused(Reason.MUTED, "mute", permission.mute.reason)
    pause = permission.pause
    if pause is not None and pause.on and pause.until_s > now_s:
        return PermissionVerdict(False, "", Reason.PAUSED_BY_PERSON, "pause", until_s=pause.until_s)
    legal_basis = EXISTING_CUSTOMER if is_customer else LEGAL_BASIS.get(channel, OPT_IN)
    return _by_consent(consent, endpoints.get(channel), legal_basis)


def _by_consent(
    consent: Consent | None, endpoint: Endpoint | None, legal_basis: str
) -> PermissionVerdict:
    if consent is None:
        if legal_basis != OPT_IN:
            return PermissionVerdict(True, legal_basis)
        return _refused(Reason.NO_CONSENT, "consent")
    if consent.status != "granted":
        reason = _CONSENT_REASONS.get(consent.status, Reason.NO_CONSENT)
        return _refused(reason, "consent", consent.evidence)
    if consent.address and (endpoint is None or fingerprint(endpoint.address) != consent.address):
        return _refused(Reason.CONSENT_FOR_OTHER_ADDRESS, "consent", consent.evidence)
    return PermissionVerdict(True, consent.basis or OPT_IN, detail=consent.evidence)


def _refused(reason: Reason, part: str, detail: str = "") -> PermissionVerdict:
    return PermissionVerdict(False, "", reason, part, detail)


def _suppresses(
    block: Block, message_class: str, endpoints: dict[str, Endpoint], channel: str
) -> bool:
    if block.address:
        endpoint = endpoints.get(channel)
        if endpoint is not None and fingerprint(endpoint.address) != block.address:
            return False
    if block.reason in TECHNICAL or message_class == MARKETING:
        return True
    return message_class == SERVICE and block.reason not in MARKETING_ONLY


def newest_consent(
    permission: Permission, purpose: str, channel: str, topic: str
) -> Consent | None:
    """Return the newest consent that covers channel and topic; of two equally new, the stricter."""
    consents = permission.consents
    newest: Consent | None = None
    for key in _covering_keys(purpose, channel, topic):
        consent = consents.get(key)
        if consent is not None and (newest is None or _overrides(consent, newest)):
            newest = consent
    return newest


def measurement_allowed(permission: Permission, channel: str, topic: str) -> bool:
    """Return whether opens may be tracked: only with consent for measurement, never by default."""
    consent = newest_consent(permission, "measurement", channel, topic)
    return consent is not None and consent.status == "granted"


def change(
    permission: Permission, what: PermissionInput, endpoints: dict[str, Endpoint]
) -> Permission:
    """Return the permission after a change; the very same object where nothing changes.

    A change older than what is known is history, not news; of two at the same instant the
    stricter one holds. Raises ValueError where part and status do not belong together.
    """
    is_consent = what.part is PermissionPart.CONSENT
    if is_consent != (what.status.value in _STRICTNESS):
        raise ValueError(f"a {what.part} cannot be {what.status}")
    if is_consent:
        return _change_consent(permission, what)
    block = Block(
        what.status is PermissionStatus.SET,
        to_us(what.at),
        what.reason,
        what.evidence,
        0 if what.until is None else to_s(what.until),
        fingerprint(what.address) if what.address else b"",
    )
    if what.part is PermissionPart.SUPPRESSION:
        channel = what.channel or ANY
        if not _is_news(permission.suppressions.get(channel), block):
            return permission
        suppressions = permission.suppressions | {channel: block}
        return msgspec.structs.replace(permission, suppressions=suppressions)
    name = what.part.value
    if not _is_news(getattr(permission, name), block):
        return permission
    return msgspec.structs.replace(permission, **{name: block})


def _change_consent(permission: Permission, what: PermissionInput) -> Permission:
    key = consent_key(what.purpose, what.channel or ANY, what.topic or ANY)
    consent = Consent(
        what.status.value,
        to_us(what.at),
        what.basis,
        what.evidence,
        fingerprint(what.address) if what.address else b"",
    )
    known = permission.consents.get(key)
    if known is not None and not _overrides(consent, known):
        return permission
    return msgspec.structs.replace(permission, consents=permission.consents | {key: consent})


def _overrides(consent: Consent, known: Consent) -> bool:
    if consent.at_us != known.at_us:
        return consent.at_us > known.at_us
    return _STRICTNESS[consent.status] > _STRICTNESS[known.status]


def _is_news(known: Block | None, block: Block) -> bool:
    if known is None:
        return block.on
    if block.at_us != known.at_us:
        return block.at_us > known.at_us
    return block.on and not known.on


def merge(one: Permission, other: Permission) -> Permission:
    """Return the stricter of both answers, part by part."""
    consents = dict(one.consents)
    for key, consent in other.consents.items():
        known = consents.get(key)
        if known is None or _STRICTNESS[consent.status] > _STRICTNESS[known.status]:
            consents[key] = consent
    suppressions = dict(one.suppressions)
    for channel, block in other.suppressions.items():
        suppressions[channel] = _stricter(suppressions.get(channel), block) or block
    return Permission(
        consents,
        _stricter(one.objection, other.objection),
        suppressions,
        _stricter(one.pause, other.pause),
        _stricter(one.mute, other.mute),
    )


def _stricter(one: Block | None, other: Block | None) -> Block | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda block: (block.on, block.until_s, block.at_us))


def consent_key(purpose: str, channel: str, topic: str) -> str:
    """Return the key under which a consent is kept."""
    return f"{purpose}/{channel}/{topic}"


@lru_cache(maxsize=4096)
def _covering_keys(purpose: str, channel: str, topic: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(consent_key(purpose, c, t) for c in (channel, ANY) for t in (topic, ANY))
    )


def fingerprint(address: str) -> bytes:
    """Return six bytes that tell addresses of one person apart without keeping them twice."""
    return blake2b(address.encode(), digest_size=6).digest()
