"""Secrets at rest: AES-256-GCM, bound to workspace and reference, so that none can be moved."""

import os
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.errors import Broken, Conflict

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Seals:
    """Encrypts with the first key, decrypts with any: a change of keys needs no pause."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {sha256(key).hexdigest()[:16]: AESGCM(key) for key in keys}
        self._first = next(iter(self._keys), "")

    @classmethod
    def parse(cls, text: str) -> "Seals":
        """Keys in base64 with commas between; ValueError where one has not 32 bytes."""
        keys = [b64decode(each.strip(), validate=True) for each in text.split(",") if each.strip()]
        if any(len(key) != _KEY_BYTES for key in keys):
            raise ValueError("KAIROS_SECRETS_KEY must be 32 bytes in base64")
        return cls(keys)

    def seal(self, workspace: str, ref: str, value: str) -> tuple[str, bytes]:
        """Name of the key, and the encrypted secret; Conflict where no key is set."""
        if not self._first:
            raise Conflict("This system keeps no secrets: set KAIROS_SECRETS_KEY")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._first].encrypt(nonce, value.encode(), _bound(workspace, ref))
        return self._first, nonce + sealed

    def open(self, workspace: str, ref: str, key_id: str, sealed: bytes) -> str:
        """The secret; Broken where the key is gone or the row was changed."""
        key = self._keys.get(key_id)
        if key is None:
            raise Broken("A secret is encrypted with a key that KAIROS_SECRETS_KEY does not hold")
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return key.decrypt(nonce, rest, _bound(workspace, ref)).decode()
        except InvalidTag:
            raise Broken("A secret was changed or moved in the table") from None


def _bound(workspace: str, ref: str) -> bytes:
    return f"{workspace}\0{ref}".encode()
