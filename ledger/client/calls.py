"""Calls of a ledger over HTTP, each repeated until it is answered or patience ends.

Rules: every call may be repeated, since a batch that is sent again is answered with its receipt; so
a lost connection, 429, 502, 503 and 504 are tried again with growing pauses, or after the server's
Retry-After, until the caller's patience ends; it is shorter for a ledger that has not answered yet,
whose address may be wrong. Who waits is told so after a moment. Redirections are not followed: a
token is for one server. Source: RFC 9110, section 10.2.3.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import httpx

from ledger.client.answer import Endless, Most, receive
from ledger.client.problem import error_of
from ledger.client.tokens import TokenMaker
from ledger.errors import BadValue, LedgerError, Unavailable

PATIENCE_S: Final = 30.0
"""How long a call is repeated while the ledger cannot be reached."""
FIRST_PATIENCE_S: Final = 10.0
"""The same, before it has answered for the first time."""
NOTICE_S: Final = 2.0
"""After so long a person is told what is waited for."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
_AGAIN: Final = frozenset({429, 502, 503, 504})


class Calls:
    """Calls of the ledger at a URL."""

    def __init__(
        self, url: str, patience_s: float, notice_s: float, told: Callable[[str], None]
    ) -> None:
        """`told` is given a sentence when a call waits longer than `notice_s`. Raises BadValue."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise BadValue(
                "not the URL of a ledger", expected="https://ledger.example", found=repr(url)
            )
        self.url: Final = url.rstrip("/")
        self._patience_s = patience_s
        self._notice_s = notice_s
        self._told = told
        self._has_answered = False
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, headers={"User-Agent": "carbon-ledger"}, follow_redirects=False
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def send(
        self,
        method: str,
        path: str,
        most: Most,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        tokens: TokenMaker | None = None,
    ) -> httpx.Response:
        """The answer, or the error that it stands for, after as many attempts as patience allows."""
        url = self.url + path
        waiting = _Waiting(self.url, self._notice_s, self._told, sending=content is not None)
        pause_s = FIRST_PAUSE_S
        try:
            while True:
                sent = {**(headers or {})}
                if tokens is not None:
                    sent["Authorization"] = f"Bearer {tokens.token()}"
                wanted_s = 0.0
                failed: LedgerError
                try:
                    answer = await receive(
                        self._client, method, url, most, content=content, headers=sent
                    )
                except httpx.InvalidURL as error:
                    raise BadValue("not a URL", found=repr(url)) from error
                except Endless as error:
                    raise not_a_ledger(url, str(error)) from error
                except httpx.RequestError as error:
                    failed = Unavailable(
                        f"the ledger at {self.url} cannot be reached",
                        found=str(error) or type(error).__name__,
                        advice="Check the address and the network. What is signed is kept and sent "
                        "with the next command",
                    )
                else:
                    self._has_answered = True
                    if answer.is_success:
                        return answer
                    media_type = answer.headers.get("content-type", "")
                    failed = error_of(answer.status_code, media_type, answer.content, url)
                    if answer.status_code not in _AGAIN:
                        raise failed
                    wanted_s = _retry_after_s(answer.headers.get("retry-after", ""))
                patience_s = self._patience_s
                if not self._has_answered:
                    patience_s = min(patience_s, FIRST_PATIENCE_S)
                # Between half and all of the pause, so that many clients do not come back at once.
                pause = max(wanted_s, pause_s * random.uniform(0.5, 1.0))  # noqa: S311
                if waiting.since_s + pause > patience_s:
                    raise failed
                waiting.goes_on(failed.found or failed.what)
                await asyncio.sleep(pause)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        finally:
            waiting.end()


def not_a_ledger(url: str, found: str) -> Unavailable:
    """What answers at a URL is something else."""
    return Unavailable(
        f"{url} does not answer as a ledger does",
        found=found,
        advice="Check the address, and whether a proxy answers in its place",
    )


class _Waiting:
    """Says once, after a moment, that a call waits; a body that is just being sent is no reason."""

    def __init__(
        self, url: str, notice_s: float, told: Callable[[str], None], *, sending: bool
    ) -> None:
        self._url = url
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._notice_s = notice_s
        self._timer = None if sending else self._loop.call_later(notice_s, self._tell)
        self._reason = "no answer yet"

    @property
    def since_s(self) -> float:
        """How long it has lasted."""
        return self._loop.time() - self._began_s

    def goes_on(self, reason: str) -> None:
        """An attempt has failed, and another one follows."""
        self._reason = reason
        if self._timer is None:
            self._timer = self._loop.call_later(self._notice_s, self._tell)

    def end(self) -> None:
        """There is an answer, or nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self) -> None:
        self._told(f"Waiting for {self._url} ({self._reason}); trying again for a while ...")


def _retry_after_s(text: str) -> float:
    """Seconds of a Retry-After; its form as a date is not used by this ledger."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0
