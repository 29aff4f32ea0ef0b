"""Secrets of provider accounts: taken in, listed by reference, never told."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Invalid, NotFound
from services.delivery import wire
from services.delivery.ports import Secrets

VALUE_CHARS_MAX = 16_000
"""A PEM key of 4096 bits has 3,300 characters."""
_REF = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Sealing(Protocol):
    """Encrypts and decrypts."""

    def seal(self, workspace: str, ref: str, value: str) -> tuple[str, bytes]:
        """Name of the key, and the encrypted secret."""
        ...

    def open(self, workspace: str, ref: str, key_id: str, sealed: bytes) -> str:
        """The secret; Broken where that fails."""
        ...


class SecretsDesk:
    """Answers `keep_secret`, `secrets` and `drop_secret`."""

    def __init__(self, secrets: Secrets, seals: Sealing, clock: Clock) -> None:
        self._secrets = secrets
        self._seals = seals
        self._clock = clock

    async def on_keep(self, tx: Tx, request: Request) -> bytes:
        """Keeps a secret, replacing the one before; accounts use it within seconds."""
        ref, value = wire.read_keep_secret(request.body)
        if not _REF.fullmatch(ref):
            raise Invalid("A reference is a lower-case key such as twilio-token")
        if not 1 <= len(value) <= VALUE_CHARS_MAX:
            raise Invalid(f"A secret has 1 to {VALUE_CHARS_MAX} characters")
        key_id, sealed = self._seals.seal(request.workspace, ref, value)
        now = self._clock.now()
        await self._secrets.keep_secret(tx, request.workspace, ref, key_id, sealed, now)
        return wire.keep_secret_reply()

    async def on_list(self, tx: Tx, request: Request) -> bytes:
        """References and when each was changed."""
        return wire.secrets_reply(await self._secrets.list_secrets(tx, request.workspace))

    async def on_drop(self, tx: Tx, request: Request) -> bytes:
        """Forgets a secret; raises NotFound. Accounts that name it cannot be used any more."""
        ref = wire.read_drop_secret(request.body)
        if not await self._secrets.drop_secret(tx, request.workspace, ref):
            raise NotFound("There is no such secret")
        return wire.drop_secret_reply()


class StoredVault:
    """Reveals secrets to the accounts of this process."""

    def __init__(self, db: Database, secrets: Secrets, seals: Sealing) -> None:
        self._db = db
        self._secrets = secrets
        self.seals = seals

    async def reveal(self, workspace: str, refs: Sequence[str]) -> Mapping[str, str]:
        """The secrets by reference; those that are not there are left out."""
        async with self._db.autocommit() as tx:
            rows = await self._secrets.sealed(tx, workspace, refs)
        return {ref: self.seals.open(workspace, ref, key, sealed) for ref, key, sealed in rows}
