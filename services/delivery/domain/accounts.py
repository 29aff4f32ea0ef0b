"""Provider accounts as the catalog holds them, and which of them takes a message: pure.

kind: provider
key: main-sms
type: twilio
order: 0          # the accounts of the lowest order are used; the next ones when none of them can
weight: 100       # share of the messages among accounts of one order
per_second: 20
settings: {account_sid: AC123, sender: "+4930123456"}
secrets: {auth_token: twilio-token}      # references: PUT /v1/secrets/twilio-token
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from uuid import UUID

import msgspec

CHANNEL_OF = {"smtp": "email", "http": "email", "twilio": "sms", "webhook": "webhook"} | {
    "in_app": "in_app"
}
"""Type of account -> the channel it serves."""

GONE_S = 60.0
"""How long a message waits for an account that is not in the catalog any more."""


class AccountDocument(msgspec.Struct, frozen=True):
    """One account of a workspace.

    Args:
        paused: nothing goes through it until it is lifted; other accounts take over.
        per_second: calls a second over all processes; 0 for no limit.
        at_once: calls under way at a time, per process and lane.
        secrets: setting -> reference of a secret.
    """

    key: str
    type: str
    order: int = 0
    weight: int = 100
    paused: bool = False
    per_second: float = 0.0
    at_once: int = 32
    settings: dict[str, str] = {}
    secrets: dict[str, str] = {}

    @property
    def channel(self) -> str:
        """What it sends; empty for a type this release does not know."""
        return CHANNEL_OF.get(self.type, "")


_decoder = msgspec.json.Decoder(AccountDocument, strict=False)


def read(body_json: bytes) -> AccountDocument:
    """The document; ValueError where it is none."""
    return _decoder.decode(body_json)


class Standing(msgspec.Struct, frozen=True):
    """An account as it stands when a message looks for one.

    `closed_for_s` is how long it takes no call; 0 where it does.
    """

    document: AccountDocument
    closed_for_s: float


def choose(
    standings: Sequence[Standing], message_id: UUID, *, last: str = "", pinned: bool = False
) -> tuple[AccountDocument | None, float]:
    """The account for a message, or None and how long until one may take it.

    Among the open accounts of the lowest order the draw follows from the message's id, by weight:
    the same message goes the same way again, and changes only where that way is shut.

    Args:
        last: account of the attempt before; another one is preferred after a failure.
        pinned: an earlier call may have been accepted there, and only there a repeat is none.
    """
    if pinned:
        for each in standings:
            if each.document.key == last:
                return (None, each.closed_for_s) if each.closed_for_s else (each.document, 0.0)
        return None, GONE_S
    usable = [each for each in standings if not each.closed_for_s and each.document.weight > 0]
    if not usable:
        return None, min((each.closed_for_s for each in standings), default=0.0)
    fresh = [each for each in usable if each.document.key != last] or usable
    lowest = min(each.document.order for each in fresh)
    tier = sorted(
        (each.document for each in fresh if each.document.order == lowest), key=lambda d: d.key
    )
    return _drawn(tier, message_id), 0.0


def _drawn(tier: Sequence[AccountDocument], message_id: UUID) -> AccountDocument:
    digest = blake2b(message_id.bytes, digest_size=8, person=b"kairos-account").digest()
    at = int.from_bytes(digest) / 2**64 * sum(each.weight for each in tier)
    for each in tier:
        at -= each.weight
        if at < 0:
            return each
    return tier[-1]


def by_channel(documents: Sequence[AccountDocument]) -> Mapping[str, list[AccountDocument]]:
    """Accounts by what they send."""
    found: dict[str, list[AccountDocument]] = {}
    for each in documents:
        found.setdefault(each.channel, []).append(each)
    return found
