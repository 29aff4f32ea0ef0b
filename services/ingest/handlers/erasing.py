"""People who were erased: their ids are remembered as keyed hashes, and refused from then on."""

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from services.ingest.domain.erasing import digest, suspects
from services.ingest.domain.items import Item
from services.ingest.ports import ErasedIds


class Erasures:
    """Remembers and recognises.

    Args:
        secret: keys the hashes; another one forgets everybody who was erased before.
    """

    def __init__(self, store: ErasedIds, secret: bytes) -> None:
        self._store = store
        self._secret = secret

    async def before_erase(self, tx: Tx, workspace: str, persons: Sequence[UUID]) -> None:
        """Locks these profiles and remembers every id and address that leads to them."""
        names = await self._store.names_of(tx, workspace, persons)
        digests = [digest(each, self._secret) for each in names]
        await self._store.remember_erased(tx, workspace, digests)

    async def among(self, tx: Tx, items: Sequence[Item]) -> set[int]:
        """The places of the items about people who were erased.

        One question for all ids of a commit; the table is small, as few ask to be erased.
        """
        asked = suspects(items)
        hashes = {
            name: (name.workspace, digest(name, self._secret))
            for names in asked.values()
            for name in names
        }
        erased = await self._store.erased_among(tx, set(hashes.values()))
        if not erased:
            return set()
        return {
            place for place, names in asked.items() if any(hashes[name] in erased for name in names)
        }
