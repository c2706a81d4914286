"""Posts a park to a ledger: each batch signed with its party's own key, each receipt checked.

Registration comes first (factors, parties, sites and sources), then the year month by month, as it
would have been reported. All batches of a month wait together, so the ledger commits them in
groups. Whoever posts remembers the last checkpoint that a receipt showed, and every batch says so
in `seen`: history cannot be rewritten without breaking these signatures. Source: formats, section 4.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable, Sequence

import msgspec

from ledger.carbon.seal.info import SealInfo
from ledger.client.keyring import Keyring, utc_now, utc_text
from ledger.demo.park import Batch, Park, Party
from ledger.log import batch
from ledger.log.batch import Seen
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import ZEROS_HEX
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.parties.events import Jwk, PartyRegistered
from ledger.service.ledger import Ledger

Told = Callable[[str, int, int], None]
"""Is told what is going on, how many streams are done, and of how many."""


class Tally(msgspec.Struct):
    """What was posted."""

    batches: int = 0
    events: int = 0
    readings: int = 0


class Poster:
    """Signs and posts for all parties of a park."""

    def __init__(self, ledger: Ledger, keyring: Keyring, operator: str) -> None:
        self.tally = Tally()
        self._ledger = ledger
        self._keyring = keyring
        self._operator = operator
        self._keys: dict[str, PrivateKey] = {operator: keyring.key(operator)}
        self._heads: dict[str, tuple[int, str]] = {}
        self._seen: Checkpoint | None = None

    async def register(self, park: Park, told: Told) -> None:
        """Publish the factors, then register every party with a new key, its sites and sources."""
        await self._post(self._operator, f"{self._operator}/factors", park.factors(salt))
        parties = park.parties
        told("registering parties", 0, len(parties))
        await _together(
            self._post(self._operator, f"{one.party}/keys", [self._registration(one)])
            for one in parties
        )
        await _together(
            self._post(one.party, f"{one.party}/factors", park.own_factors(one, salt))
            for one in parties
            if one.kind.own_factors
        )
        await _together(
            self._post(one.party, one.register, park.sites(one, salt)) for one in parties
        )
        # How many people live in a place is said before anything is measured there.
        await self._post(self._operator, f"{self._operator}/register", park.facts(salt))
        await _together(
            self._post(one.party, one.register, park.sources(one, salt)) for one in parties
        )
        told("registering parties", len(parties), len(parties))

    async def report(self, park: Park, told: Told) -> None:
        """Post the park's year."""
        months = park.months()
        for done, month in enumerate(months):
            told(f"posting {month}", done, len(months))
            await _together(self._report(one) for one in park.month(month, salt))
        told("posted the year", len(months), len(months))

    async def seal(
        self, views: Sequence[str], period: tuple[str, str], size: int, gwp: str
    ) -> list[SealInfo]:
        """Seal [first month, month after the last) in these views, as known at a log size."""
        drafts = [await self._ledger.seal_draft(view, period, size, gwp) for view in views]
        stream = f"{self._operator}/seals"
        await self._post(self._operator, stream, [draft.event(salt()) for draft in drafts])
        return [seal for seal in await self._ledger.seals() if seal.size == size]

    async def _report(self, one: Batch) -> None:
        await self._post(one.party, one.stream, one.events)
        self.tally.readings += sum(len(getattr(event, "quantities", "1")) for event in one.events)

    def _registration(self, party: Party) -> PartyRegistered:
        key = self._keys[party.party] = self._keyring.make(party.party)
        return PartyRegistered(
            salt=salt(),
            name=party.name,
            roles=(party.role,),
            key=Jwk(**key.public.jwk),
            proof=possession_proof(key, self._ledger.log, party.party),
            region="CN-JS",
        )

    async def _post(self, party: str, stream: str, events: Sequence[msgspec.Struct]) -> None:
        version, leaf = self._heads.get(stream, (0, ZEROS_HEX))
        seen = self._seen
        body = batch.build(
            self._keys[party],
            self._ledger.log,
            stream,
            version + 1,
            leaf,
            [(type(event).__name__, encode_struct(event)) for event in events],
            None if seen is None else Seen(root=seen.root.hex(), size=seen.size),
            utc_text(utc_now()),
        )
        jws, _, _ = body.partition(b"\n")
        posted = await self._ledger.post(body)
        checkpoint = verify_receipt(parse_receipt(posted.receipt.encode()), jws, self._ledger.log)
        if self._seen is None or checkpoint.size > self._seen.size:
            self._seen = checkpoint
        statement = batch.parse_statement(jws).statement
        self._heads[stream] = (statement.last, statement.head)
        self.tally.batches += 1
        self.tally.events += len(events)


def salt() -> str:
    """A new random salt, so that nobody can guess a reading from its hash."""
    return secrets.token_hex(16)


async def _together(posts: Iterable[Coroutine[None, None, None]]) -> None:
    """All at once; if one is refused, the others are awaited first."""
    answers = await asyncio.gather(*posts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
