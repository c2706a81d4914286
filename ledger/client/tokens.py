"""A party's own read tokens: one for each request, made where the key is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ledger.client.keyring import utc_now
from ledger.log.keys import PrivateKey
from ledger.parties.token import make_token

JTI_BYTES: Final = 16


class TokenMaker:
    """Signs read tokens of one key for one ledger."""

    def __init__(
        self,
        key: PrivateKey,
        origin: str,
        now: Callable[[], datetime] = utc_now,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._key = key
        self._origin = origin
        self._now = now
        self._random = random

    def token(self, nonce: str | None = None) -> str:
        """A new token, good for five minutes; with the server's nonce where it gave one."""
        jti = self._random(JTI_BYTES).hex()
        return make_token(self._key, self._origin, self._now(), jti, nonce=nonce)
