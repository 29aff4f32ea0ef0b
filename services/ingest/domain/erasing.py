"""What is left of somebody who was erased: keyed hashes of their ids, which nobody can turn back.

They keep a late event, a replay or another import from bringing the person back.
"""

from collections.abc import Sequence
from hashlib import blake2b

from services.ingest.domain.identity import Identity, named
from services.ingest.domain.items import Item, Refusal
from services.ingest.domain.traits import as_address

EMAIL = "email"
_SEPARATOR = "\x1f"  # ASCII unit separator: in no workspace or kind
_BYTES = 16

REASON = "This person was erased at their request"


def digest(identity: Identity, secret: bytes) -> bytes:
    """The keyed hash of an id (BLAKE2b, RFC 7693); the same id and secret give the same one."""
    text = _SEPARATOR.join(identity)
    return blake2b(text.encode(), key=secret[:64], digest_size=_BYTES).digest()


def suspects(items: Sequence[Item]) -> dict[int, list[Identity]]:
    """The ids by which somebody who was erased would be recognised, by the place of the item.

    The address counts too where it comes from an import: there a second copy of an old table brings
    it back.
    """
    found: dict[int, list[Identity]] = {}
    for place, item in enumerate(items):
        names = list(named(item))
        email = item.traits.get(EMAIL) if item.bulk and item.traits else None
        address = as_address(email) if isinstance(email, str) else None
        if address:
            names.append(Identity(item.workspace, EMAIL, address))
        if names:
            found[place] = names
    return found


def refusal(item: Item) -> Refusal:
    """Why an item about somebody who was erased is not stored."""
    return Refusal(index=item.index, reason=REASON)
